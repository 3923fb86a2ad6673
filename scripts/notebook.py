"""Run docs/notebook.ipynb and keep what its cells give: `python scripts/notebook.py` (after a change of either)."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


def read() -> dict[str, Any]:
    """Read the notebook (nbformat 4)."""
    notebook: dict[str, Any] = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return notebook


def outputs(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Run the code cells in one namespace; give what each prints and its last value, as nbformat has them."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [_run("".join(cell["source"]), namespace, number) for number, cell in enumerate(cells, 1)]


def with_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """Give the notebook with its cells' outputs."""
    found = iter(enumerate(outputs(notebook), 1))
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            number, given = next(found)
            cells.append(cell | {"execution_count": number, "outputs": given})
        else:
            cells.append(cell)
    return notebook | {"cells": cells}


def _run(source: str, namespace: dict[str, Any], number: int) -> list[dict[str, Any]]:
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, f"cell {number}", "exec"), namespace)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), namespace)
    stream = {"name": "stdout", "output_type": "stream", "text": _lines(printed.getvalue())}
    result = {
        "data": {"text/plain": _lines(repr(value))},
        "execution_count": number,
        "metadata": {},
        "output_type": "execute_result",
    }
    return ([stream] if printed.getvalue() else []) + ([result] if value is not None else [])


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


if __name__ == "__main__":
    NOTEBOOK.write_text(json.dumps(with_outputs(read()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
