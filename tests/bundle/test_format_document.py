"""`docs/bundle-format.md` names every file, field and kind that the code knows."""

import re
from pathlib import Path

import msgspec
import pytest

from mlapi.bundle import contents, decision, golden, manifest, reference, signing, steps, verify
from mlapi.bundle.schema import Feature, FeatureSchema
from mlapi.bundle.tables import Tables

TEXT = (Path(__file__).parents[2] / "docs" / "bundle-format.md").read_text("utf-8")
STRUCTS: dict[str, list[type[msgspec.Struct]]] = {
    "manifest.json": [manifest.Manifest, manifest.FileEntry, manifest.Dataset],
    "schema.json": [FeatureSchema, Feature],
    "encoder.json": [steps.NumberStep, steps.BooleanStep, steps.CodesStep, steps.ScaleStep],
    "decision.json": [decision.Decision, decision.NoCalibration, decision.Platt, decision.Isotonic],
    "golden.json": [golden.Golden],
    "reference.json": [
        reference.Reference,
        reference.NumberReference,
        reference.CategoryReference,
        reference.PredictionReference,
    ],
}


@pytest.mark.parametrize("table", Tables._fields)
def test_every_table_of_the_engine_is_described(table: str) -> None:
    assert re.search(rf"^\| `{table}` \| ", section("engine/*.npy"), re.MULTILINE)


def section(title: str) -> str:
    found = re.search(rf"^## `{re.escape(title)}`\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section on {title}"
    return found[1]


@pytest.mark.parametrize("file", [*contents.REQUIRED_FILES, manifest.MANIFEST_FILE, signing.SIGNATURE_FILE])
def test_every_file_has_a_section(file: str) -> None:
    assert section(file)


@pytest.mark.parametrize(
    ("file", "name"),
    [(file, name) for file, structs in STRUCTS.items() for struct in structs for name in struct.__struct_fields__],
)
def test_every_field_is_described(file: str, name: str) -> None:
    assert re.search(rf"[`\"]{name}[`\"]", section(file)), f"{file} does not describe {name}"


@pytest.mark.parametrize(
    ("file", "tag"),
    [(file, struct.__struct_config__.tag) for file, structs in STRUCTS.items() for struct in structs],
)
def test_every_kind_is_described(file: str, tag: str | None) -> None:
    assert tag is None or f"`{tag}`" in section(file)


def test_the_checks_are_listed_in_their_order() -> None:
    table = TEXT.partition("## Verification")[2]
    assert re.findall(r"^\| `(\w+)` \| `", table, re.MULTILINE) == [check.name for check in verify.CHECKS]
