"""A search that is killed anywhere and taken up: nothing that had ended is lost, nothing half-made is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

POINTS = 10 if os.environ.get("MLAPI_PROVE") else 2
ROOT = Path(__file__).parents[2]
ENDED = ("COMPLETE", "PRUNED")


def ended(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in trials if one["state"] in ENDED]


def tried(trials: list[dict[str, Any]]) -> list[tuple[dict[str, Any], float | None]]:
    return [(one["params"], one["value"]) for one in ended(trials)]


def test_a_search_killed_anywhere_and_resumed_ends_as_one_that_was_not(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fixtures.killed_search", str(tmp_path), str(POINTS), "11"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    whole = found["whole"]
    assert len(ended(whole["trials"])) == 5
    assert whole["digests"] == [whole["digest"]]
    assert sum(case["killed"] for case in found["cases"]) >= POINTS / 2
    for case in found["cases"]:
        assert [one for one in case["trials"] if one in ended(case["before"])] == ended(case["before"]), case["kill_at"]
        assert tried(case["trials"]) == tried(whole["trials"]), case["kill_at"]
        assert {one["state"] for one in case["trials"]} <= {*ENDED, "FAIL"}
        assert case["digest"] == whole["digest"]
        assert case["digests"], "no version was registered"
        assert set(case["digests"]) == {whole["digest"]}, "a version is another one"
        states = {status for status, _ in case["runs"]}
        assert states <= {"FINISHED", "FAILED"}, case["kill_at"]
        assert all(reason.startswith("killed: ") for status, reason in case["runs"] if status == "FAILED")
        print(f"killed before call {case['kill_at']}: {len(ended(case['before']))} trials had ended, {case['runs']}")
