"""docs/notebook.ipynb: its cells run as they stand, and give what is shown below them."""

import importlib.util
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_the_notebooks_cells_give_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("MLAPI_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    spec = importlib.util.spec_from_file_location("notebook", ROOT / "scripts" / "notebook.py")
    assert spec is not None
    assert spec.loader is not None
    notebook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebook)
    shown = notebook.read()
    assert notebook.with_outputs(shown) == shown, "run scripts/notebook.py and look at what has changed"
