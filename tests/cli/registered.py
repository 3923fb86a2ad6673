"""A directory store with two versions of one model, and rows for it."""

from pathlib import Path

from mlapi.bundle.store.directory import DirectoryStore
from tests.fixtures import bundles, tables

NAME = "sample"
YES = {"age": 85, "income": 20000.0, "plan": "none", "member": False}
NO = {"age": 19, "income": 20000.0, "plan": "free", "member": True}
UNSEEN = YES | {"plan": "gold"}


def fill(root: Path) -> None:
    """Add both versions; `staging` points at the second, as after two trainings."""
    store = DirectoryStore(root / "models")
    for number, made in enumerate((bundles.binary(), bundles.make(tables.mixed(), rounds=4))):
        store.add(NAME, made.write(root / f"made-{number}"), tags={"mlapi.dataset": "synthetic"})
    store.promote(NAME, "staging", "2", by="trainer", reason="trained")


def environment(state: Path) -> dict[str, str]:
    """The variables under which commands work on the store of a state directory."""
    return {"MLAPI_STATE_DIR": str(state), "MLAPI_STORE": "file:models"}
