"""Raw bodies with the answer that each must get (`bodies.jsonl`, one a line).

A body is `text` (UTF-8), `hex`, `repeat` (before, piece, separator, times, after) or `base` padded with blanks to `pad`
bytes. `status` and `code` are what RFC 8259, the envelope and the feature schema of `tests/app/bundles.py` ask for;
`cells` are all bad cells of one row as (feature, code), `warnings` how many cells are noted.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.service import Service

BODIES: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("bodies.jsonl").read_text(encoding="utf-8").splitlines()
]
INTERNAL = ("Traceback", 'File "/', "site-packages", "xgboost", "/tmp")


def raw(entry: dict[str, Any]) -> bytes:
    if "hex" in entry:
        return bytes.fromhex(entry["hex"])
    if "repeat" in entry:
        before, piece, separator, times, after = entry["repeat"]
        return str(before + separator.join([piece] * times) + after).encode()
    if "pad" in entry:
        return str(entry["base"]).encode().ljust(entry["pad"])
    return str(entry["text"]).encode()


def test_there_are_as_many_as_promised() -> None:
    assert len(BODIES) >= 200
    assert len({entry["name"] for entry in BODIES}) == len(BODIES)


@pytest.mark.parametrize("entry", BODIES, ids=lambda entry: entry["name"])
def test_each_body_gets_the_answer_that_it_must_get(service: Service, entry: dict[str, Any]) -> None:
    response = service.post(raw(entry))
    answer = response.json()
    assert (response.status_code, answer.get("error")) == (entry["status"], entry.get("code"))
    if response.status_code != 200:
        assert len(response.content) <= 8 * 1024
        assert not any(word in response.text for word in INTERNAL)
    if "cells" in entry:
        assert [[one["feature"], one["code"]] for one in answer["details"]["errors"]] == entry["cells"]
    assert len(answer.get("warnings", ())) == entry.get("warnings", 0)
