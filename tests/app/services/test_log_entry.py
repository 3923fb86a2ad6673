"""What the prediction log keeps of a request."""

import json
import re
import time
import uuid
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlapi.app.core.uuid7 import row_of, uuid7s
from mlapi.app.services.log_entry import COLUMNS, REDACTED, LogEntry, rows_of
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from tests.app.bundles import ROW
from tests.app.services.logged import AT, entry, snapshot
from tests.fixtures.extension import needs_extension

WORDS = (
    b'[{"plan":"plus","age":4e1,"income": null,"member":true,"town":"Oslo"},'
    b'{"age":1,"income":2.50,"member":false,"town":null,"plan":"basic"} ,'
    b'{"age":1.0,"income":2,"member":false,"town":"Bern","plan":"basic"}]'
)
SPARSE = {"age": 7, "member": False, "plan": "plus"}


def test_ids_are_uuids_of_version_7_and_sorted_by_time() -> None:
    before = int(time.time() * 1000)
    made = [uuid.UUID(text) for text in uuid7s(1000)]
    after = int(time.time() * 1000)
    assert len(set(made)) == 1000
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert all(before <= one.int >> 80 <= after for one in made)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(one)) for one in made)
    assert uuid7s(0) == []


def recorded(one: LogEntry, *redacted: str) -> dict[str, Any]:
    """Its record by column, lists of rows decoded."""
    values = one.record(environment="production", redacted=redacted)
    record: dict[str, Any] = dict(zip(COLUMNS, values, strict=True))
    return record | {name: json.loads(record[name]) for name in ("cells", "predictions", "probabilities")}


def test_rows_of_a_request_are_found_by_any_of_their_ids() -> None:
    made = uuid7s(1002)
    assert [row_of(id_) for id_ in made] == [(made[0], number) for number in range(1002)]


@pytest.mark.parametrize("rows", [[ROW, SPARSE], [ROW | {"town": "Atlantis"}, SPARSE]], ids=["native", "by table"])
def test_cells_are_kept_as_they_were_sent(rows: list[dict[str, object]]) -> None:
    kept = recorded(entry(rows))["cells"]
    assert kept == [rows[0], {**SPARSE, "income": None, "town": None}]
    assert [type(kept[0][name]) for name in ("age", "income", "member")] == [int, float, bool]


@needs_extension
def test_rows_that_say_everything_are_kept_in_the_clients_own_words() -> None:
    one = entry([ROW] * 3)._replace(body=b'{"options": {"probabilities": true} , "data" :' + WORDS + b"}")
    assert one.record(environment="production", redacted=())[COLUMNS.index("cells")] == WORDS.decode()


@needs_extension
@pytest.mark.parametrize("name", ["ratio:b", "town"])
def test_a_colon_in_a_name_or_a_category_hides_no_absent_cell(name: str) -> None:
    features = (
        Feature(name=name, kind=FeatureKind.CATEGORICAL, categories=("x", ":x", "a: b"), nullable=True),
        Feature(name="age", kind=FeatureKind.NUMERIC, nullable=True),
    )
    changed = replace(snapshot().bundle, schema=FeatureSchema(features=features))
    one = entry([ROW])._replace(snapshot=replace(snapshot(), bundle=changed), n_rows=2)
    cases: list[list[dict[str, Any]]] = [
        [{name: ":x"}, {"age": 1.5}],
        [{name: "a: b", "age": 1.5}, {name: "a: b", "age": None}],
    ]
    for given in cases:
        body = json.dumps({"data": given}).encode()
        assert recorded(one._replace(body=body))["cells"] == [{name: None, "age": None} | row for row in given]


def test_a_record_says_who_asked_and_what_was_answered() -> None:
    one = entry([ROW, SPARSE], at=AT)
    record = recorded(one, "income", "town", "unknown")
    assert record["cells"] == [
        {**ROW, "income": REDACTED, "town": REDACTED},
        {**SPARSE, "income": REDACTED, "town": REDACTED},
    ]
    assert (record["n_rows"], record["id"]) == (2, one.id.replace("-", ""))
    for label, probabilities in zip(record["predictions"], record["probabilities"], strict=True):
        assert label in probabilities
        assert sum(probabilities.values()) == pytest.approx(1)
    assert (record["model_name"], record["model_version"]) == ("churn", snapshot().version)
    assert record["created_at"] == "2026-01-31 09:30:00.000000"


def test_the_estimate_of_memory_grows_with_what_is_held() -> None:
    assert entry([ROW] * 1000).size_bytes > 20 * entry().size_bytes
    odd = ROW | {"town": "Atlantis"}
    assert entry([odd] * 100).size_bytes > 20 * entry([odd]).size_bytes


def test_moments_are_kept_as_texts_in_utc() -> None:
    schema = FeatureSchema(features=(Feature(name="placed", kind=FeatureKind.DATETIME, nullable=True),))
    assert rows_of(schema, {"placed": np.array([0.0, np.nan])}) == [
        {"placed": "1970-01-01T00:00:00Z"},
        {"placed": None},
    ]
