"""Examples and code samples of the OpenAPI document: curl, Python's standard library, JavaScript's fetch.

ReDoc shows `x-codeSamples` beside each operation; the page of Swagger UI makes its own from what was filled in.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pprint import pformat
from typing import Any, Final

KEY: Final = "API_KEY"  # the variable that the samples take the key from
JSON: Final = "application/json"


def show_samples(document: dict[str, Any], address: str) -> None:
    """Put code samples at every operation, for the first example of its body.

    Args:
        document: whole, with its examples; changed in place.
        address: scheme and host that clients use.
    """
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            url = f"{address}{_filled(path, operation)}"
            body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("example")
            operation["x-codeSamples"] = [
                {
                    "lang": lang,
                    "label": label,
                    "source": write(method.upper(), url, body, operation.get("security") != []),
                }
                for lang, label, write in (
                    ("Shell", "curl", _curl),
                    ("Python", "Python", _python),
                    ("JavaScript", "JavaScript", _javascript),
                )
            ]


def show_rows(document: dict[str, Any], paths: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Show the example rows as CSV and newline-delimited JSON at some operations."""
    for path in paths:
        content = document["paths"][path]["post"]["requestBody"]["content"]
        for media_type, text in (("text/csv", _csv(rows)), ("application/x-ndjson", _lines(rows))):
            if media_type in content:
                content[media_type]["example"] = text


def _filled(path: str, operation: Mapping[str, Any]) -> str:
    for parameter in operation.get("parameters", ()):
        path = path.replace(f"{{{parameter['name']}}}", str(parameter.get("example", "")))
    return path


def _curl(method: str, url: str, body: object, keyed: bool) -> str:
    parts = ["curl -s" if method == "GET" else f"curl -s -X {method}", f"'{url}'"]
    parts += [f'-H "Authorization: Bearer ${KEY}"'] if keyed else []
    if body is not None:
        text = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
        parts += ["-H 'Content-Type: application/json'", f"-d '{text}'"]
    return " \\\n  ".join(parts)


def _python(method: str, url: str, body: object, keyed: bool) -> str:
    headers = [f'"Authorization": f"Bearer {{os.environ[\'{KEY}\']}}"'] if keyed else []
    given = []
    if body is not None:
        given = [f"    data=json.dumps({_indented(pformat(body, sort_dicts=False, width=96))}).encode(),"]
        headers.append('"Content-Type": "application/json"')
    return "\n".join(
        [
            "import json",
            *(["import os"] if keyed else []),
            "import urllib.request",
            "",
            "request = urllib.request.Request(",
            f'    "{url}",',
            *given,
            f"    headers={{{', '.join(headers)}}},",
            f'    method="{method}",',
            ")",
            "with urllib.request.urlopen(request) as response:",
            "    print(json.load(response))",
        ]
    )


def _javascript(method: str, url: str, body: object, keyed: bool) -> str:
    headers = ["Authorization: `Bearer ${process.env." + KEY + "}`"] if keyed else []
    given = []
    if body is not None:
        headers.append('"Content-Type": "application/json"')
        given = [f"  body: JSON.stringify({_indented(json.dumps(body, indent=2, ensure_ascii=False), 2)}),"]
    return "\n".join(
        [
            f'const response = await fetch("{url}", {{',
            f'  method: "{method}",',
            f"  headers: {{{', '.join(headers)}}},",
            *given,
            "});",
            "console.log(await response.json());",
        ]
    )


def _indented(text: str, by: int = 4) -> str:
    return text.replace("\n", "\n" + " " * by)


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows(map(_cells, rows))
    return text.getvalue()


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    for cell in row.values():
        yield "" if cell is None else cell if isinstance(cell, str) else json.dumps(cell)


def _lines(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
