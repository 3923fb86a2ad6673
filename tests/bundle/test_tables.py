"""Tables as the files of a bundle."""

import pytest

from mlapi.bundle.errors import FormatError
from mlapi.bundle.tables import Tables
from tests.fixtures.bundles import binary, make
from tests.fixtures.tables import mixed


def test_tables_go_through_their_files() -> None:
    files = {name: data for name, data in binary().files.items() if name.startswith("engine/")}
    tables = Tables.from_files(binary().files)
    assert tables is not None
    assert tables.to_files() == files
    assert len(files) == len(Tables._fields)
    for array in tables:
        assert array.readonly  # they are the file, which may be mapped


def test_a_bundle_without_tables_has_none() -> None:
    assert Tables.from_files(make(mixed(), engine_files=False).files) is None


@pytest.mark.parametrize("name", sorted(set(Tables._fields) - {"nodes"}))
def test_some_tables_without_the_rest_are_refused(name: str) -> None:
    files = {path: data for path, data in binary().files.items() if path != f"engine/{name}.npy"}
    with pytest.raises(FormatError, match=rf"engine/{name}\.npy: is missing"):
        Tables.from_files(files)
