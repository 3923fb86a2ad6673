"""What the prediction log keeps of a request."""

import re
import time
import uuid

import numpy as np
import pytest

from mlapi.app.core.uuid7 import uuid7s
from mlapi.app.services.log_entry import REDACTED, rows_of
from mlapi.bundle.schema import Feature, FeatureKind, FeatureSchema
from tests.app.bundles import ROW
from tests.app.services.logged import AT, entry, snapshot

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


@pytest.mark.parametrize("rows", [[ROW, SPARSE], [ROW | {"town": "Atlantis"}, SPARSE]], ids=["native", "by table"])
def test_cells_are_kept_as_they_were_sent(rows: list[dict[str, object]]) -> None:
    kept = [record["cells"] for record in entry(rows).records(environment="production", redacted=())]
    assert kept == [rows[0], {**SPARSE, "income": None, "town": None}]
    assert [type(kept[0][name]) for name in ("age", "income", "member")] == [int, float, bool]


def test_a_record_says_who_asked_and_what_was_answered() -> None:
    one = entry([ROW, SPARSE], at=AT)
    first, second = one.records(environment="production", redacted={"income", "town"})
    assert first["cells"] == {**ROW, "income": REDACTED, "town": REDACTED}
    assert [record["row_number"] for record in (first, second)] == [0, 1]
    assert [record["id"] for record in (first, second)] == list(one.ids)
    assert first["prediction"] in first["probabilities"]
    assert sum(first["probabilities"].values()) == pytest.approx(1)
    assert (first["model_name"], first["model_version"], first["created_at"]) == ("churn", snapshot().version, AT)


def test_the_estimate_of_memory_grows_with_what_is_held() -> None:
    assert entry([ROW] * 100).size_bytes > 20 * entry().size_bytes
    odd = ROW | {"town": "Atlantis"}
    assert entry([odd] * 100).size_bytes > 20 * entry([odd]).size_bytes


def test_moments_are_kept_as_texts_in_utc() -> None:
    schema = FeatureSchema(features=(Feature(name="placed", kind=FeatureKind.DATETIME, nullable=True),))
    assert rows_of(schema, {"placed": np.array([0.0, np.nan])}) == [
        {"placed": "1970-01-01T00:00:00Z"},
        {"placed": None},
    ]
