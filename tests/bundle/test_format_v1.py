"""The golden bundle of format version 1, committed when the format was fixed, is read and scored as on that day."""

from pathlib import Path

import numpy as np
import pytest

from mlapi.bundle import load
from mlapi.bundle.archive import pack, read_directory
from mlapi.bundle.decision import shortest
from mlapi.bundle.encoded import UnknownCell
from mlapi.bundle.manifest import FORMAT_VERSION, sha256
from mlapi.bundle.types import Row
from mlapi.bundle.verify import main

DATA = Path(__file__).parents[1] / "data"
PATH = DATA / "bundle-v1"
MANIFEST_SHA256 = "11d6fe66f32603b5fad77f02378a21a7c76cda0e32556a536d6a930fb0366753"
CONTENT_DIGEST = "68584d2859e81fe33ff37e9c479aeea2c5bf5296de92f8924d748c3a241180d8"

ROWS: list[Row] = [
    {"age": 18, "income": 1000.5, "city": "town 00", "plan": "free", "member": True},
    {"age": 90, "income": None, "city": None, "plan": "team", "member": False},
    {"age": 54, "income": 30000, "city": "elsewhere", "plan": "none", "member": False},
]


def test_it_is_of_format_version_1_which_is_the_one_written_now() -> None:
    assert load(PATH).manifest.format_version == FORMAT_VERSION == 1


def test_it_passes_every_check_its_signature_included() -> None:
    key = (DATA / "bundle-v1.pem").read_bytes()
    bundle = load(PATH, expected_manifest=MANIFEST_SHA256, public_key=key, require_signature=True)
    assert bundle.manifest.content_digest == CONTENT_DIGEST


def test_it_predicts_what_it_predicted() -> None:
    prediction = load(PATH).predict(ROWS)
    assert prediction.labels == ["no", "yes", "yes"]
    assert prediction.margin[:, 0].tolist() == [-1.5650506019592285, 2.9294040203094482, 1.74747896194458]
    np.testing.assert_allclose(prediction.probabilities[:, 1], [0.14534898, 0.95978016, 0.8667157], rtol=0, atol=1e-6)
    assert prediction.unknown == (UnknownCell(2, "city"),)
    assert shortest(prediction.probabilities[:0]) == []


def test_its_parts_are_written_today_as_they_were_then() -> None:
    """Even a field with a default would be a new format version: readers of version 1 refuse what they do not know."""
    bundle, files = load(PATH), read_directory(PATH)
    assert bundle.manifest.to_json() == files["manifest.json"]
    assert bundle.schema.to_json() == files["schema.json"]
    assert bundle.encoder.to_json() == files["encoder.json"]
    assert bundle.decision.to_json() == files["decision.json"]
    assert bundle.golden.to_json() == files["golden.json"]
    assert bundle.reference.to_json() == files["reference.json"]


def test_its_tar_has_the_same_bytes_on_every_machine() -> None:
    assert sha256(pack(read_directory(PATH))) == "9ae80a75eb8ddf4700c3e8b8d21789ec9a0bdda245457d08515f27093d108a42"


def test_the_command_accepts_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PATH), "--manifest", MANIFEST_SHA256, "--public-key", str(DATA / "bundle-v1.pem")]) == 0
    assert capsys.readouterr().out.startswith("verified ")
