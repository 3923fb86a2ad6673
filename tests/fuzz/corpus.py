"""Bodies worth keeping, one a line of JSON: the schema, and the body as text or in hexadecimal."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

FOLDER: Final = Path(__file__).with_name("corpus")
KEPT: Final = FOLDER / "bodies.jsonl"
MOST_BYTES: Final = 280_000  # of the file


class Entry(NamedTuple):
    """A body for a schema of `schemas.SCHEMAS`."""

    schema: str
    body: bytes


def read(folder: Path = FOLDER) -> list[Entry]:
    """Read every file of the corpus."""
    return [_parse(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]


def write(entries: Iterable[Entry], path: Path = KEPT, *, most_bytes: int = MOST_BYTES) -> None:
    """Replace one file; the shortest entries stand in it, as many as it may hold."""
    shortest_first = sorted(set(entries), key=lambda entry: (len(entry.body), entry))
    lines = [f"{_spell(entry)}\n" for entry in shortest_first]
    ends = accumulate(map(len, lines))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(sorted(line for line, end in zip(lines, ends, strict=True) if end <= most_bytes)), "utf-8")


def keep_found(entry: Entry, folder: Path = FOLDER) -> Path:
    """Write what was found into a file of its own."""
    path = folder / f"found-{sha256(_spell(entry).encode()).hexdigest()[:12]}.jsonl"
    write([entry], path)
    return path


def _spell(entry: Entry) -> str:
    try:
        body = {"text": entry.body.decode("utf-8")}
    except UnicodeDecodeError:
        body = {"hex": entry.body.hex()}
    return json.dumps({"schema": entry.schema, **body})


def _parse(line: str) -> Entry:
    read = json.loads(line)
    return Entry(read["schema"], bytes.fromhex(read["hex"]) if "hex" in read else read["text"].encode("utf-8"))
