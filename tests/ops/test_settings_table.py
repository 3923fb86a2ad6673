import subprocess
import sys
from pathlib import Path

import pytest

from mlapi.ops.settings import catalog, settings_table
from mlapi.ops.settings_table import BEGIN, END, main, replace_table

README = Path(__file__).parents[2] / "README.md"


def test_the_table_has_a_line_for_every_setting() -> None:
    lines = settings_table().splitlines()
    assert len(lines) == 2 + len(catalog())
    port = "| `api.port` | `MLAPI_PORT` | `8000` | TCP port to listen on; 0 takes a free one |"
    assert port in lines
    assert all(line.count("|") == 5 for line in lines)


def test_readme_shows_the_present_table() -> None:
    text = README.read_text(encoding="utf-8")
    assert replace_table(text) == text, "run: python -m mlapi.ops.settings_table README.md"


def test_the_table_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    main([str(file)])
    assert file.read_text() == f"before\n{BEGIN}\n{settings_table()}{END}\nafter\n"


@pytest.mark.parametrize("text", ["", BEGIN, END])
def test_a_document_without_both_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no <!-- settings -->"):
        replace_table(text)


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"{BEGIN}{END}")
    subprocess.run([sys.executable, "-m", "mlapi.ops.settings_table", str(file)], check=True)
    assert settings_table() in file.read_text()
