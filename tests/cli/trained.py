"""A small table with a number, a category, missing cells and a column that is no feature; and commands run on it."""

import random
from collections.abc import Mapping
from pathlib import Path

ROW = {"size": 2.5, "colour": "red"}
UNSEEN = {"size": 2.5, "colour": "violet"}


def write_table(path: Path, *, n_rows: int = 240) -> Path:
    """Write a CSV file; the label mostly follows the size, and the colour a little."""
    chance = random.Random(7)
    lines = ["size,colour,same,label"]
    for _ in range(n_rows):
        size, colour = round(chance.gauss(0, 2), 2), chance.choice(["red", "green", "blue", ""])
        label = "big" if size + (colour == "red") + chance.gauss(0, 0.5) > 0 else "small"
        lines.append(f"{size if chance.random() > 0.05 else 'NA'},{colour},1,{label}")
    path.write_text("\n".join(lines) + "\n")
    return path


def environment(state: Path) -> Mapping[str, str]:
    """The variables under which the commands work on a directory store inside a state directory."""
    return {"MLAPI_STATE_DIR": str(state), "MLAPI_STORE": f"file:{state}/models", "MLAPI_TRAINING_BOOTSTRAP": "20"}
