"""A gate that cannot fail proves nothing: each must let a clean copy pass and refuse one planted violation."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
CLEAN = '''"""A module."""


def double(number: int) -> int:
    """Give twice a number."""
    return 2 * number
'''


def run(tool: str, *words: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment, without the measuring of this test run."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    command = [str(BIN / tool), *words]
    return subprocess.run(
        command, cwd=cwd, env=inherited | environ, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one module under the gates of this one."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    write(tmp_path, CLEAN)
    return tmp_path


def write(project: Path, text: str) -> None:
    package = project / "src" / "mlapi"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "planted.py").write_text(text)


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("F401", '"""A module."""\n\nimport os\n'),
        ("I001", '"""A module."""\n\nimport sys\nimport os\n\nprint(os, sys)\n'),
        ("D103", '"""A module."""\n\n\ndef f() -> None:\n    pass\n'),
        ("B006", '"""A module."""\n\n\ndef f(x: list[int] = []) -> None:\n    """Do."""\n'),
        ("UP006", '"""A module."""\n\nfrom typing import List\n\nx: List[int] = []\n'),
        ("S301", '"""A module."""\n\nimport pickle\n\npickle.loads(b"")\n'),
        ("S602", '"""A module."""\n\nimport subprocess\n\nsubprocess.run("true", shell=True)\n'),
        ("BLE001", '"""A module."""\n\ntry:\n    x = 1\nexcept Exception:\n    x = 2\n'),
        ("E501", f'"""{"A module " * 14}."""\n'),
        ("RUF100", CLEAN.replace("2 * number", "2 * number  # noqa: S301 # not needed")),
    ],
)
def test_lint_refuses(project: Path, rule: str, text: str) -> None:
    assert run("ruff", "check", "--no-cache", "src", cwd=project).returncode == 0
    write(project, text)
    done = run("ruff", "check", "--no-cache", "--output-format=concise", "src", cwd=project)
    assert done.returncode == 1
    assert f" {rule} " in done.stdout


def test_lint_refuses_a_shell_script_with_an_unquoted_variable(tmp_path: Path) -> None:
    script = tmp_path / "planted"
    script.write_text('#!/bin/sh\nrm -r "$1"\n')
    assert run("shellcheck", str(script), cwd=tmp_path).returncode == 0
    script.write_text("#!/bin/sh\nrm -r $1\n")
    assert "SC2086" in run("shellcheck", str(script), cwd=tmp_path).stdout


def test_format_refuses_single_quotes(project: Path) -> None:
    assert run("ruff", "format", "--no-cache", "--check", "src", cwd=project).returncode == 0
    write(project, CLEAN + "\n\nname = 'single'\n")
    assert run("ruff", "format", "--no-cache", "--check", "src", cwd=project).returncode == 1


def test_types_refuse_what_strict_refuses(project: Path) -> None:
    words = ("--cache-dir", str(project / "cache"), "--config-file", "pyproject.toml", "src/mlapi/planted.py")
    assert run("mypy", *words, cwd=project).returncode == 0
    write(
        project,
        CLEAN + "\n\ndef untyped(number):\n    return number\n\n\n"
        'text: int = "1"\nbare: dict = {}\nagain: int = "2"  # type: ignore\nuntyped(1)\n',
    )
    done = run("mypy", *words, cwd=project)
    assert done.returncode == 1
    for code in ("no-untyped-def", "assignment", "type-arg", "ignore-without-code", "no-untyped-call"):
        assert f"[{code}]" in done.stdout, code


class Planted(NamedTuple):
    """An import that breaks a contract."""

    contract: str
    module: str
    line: str


PLANTED = [
    Planted("rooms", "app/main.py", "import mlapi.training.config"),
    Planted("rooms", "training/pipeline.py", "import mlapi.app.main"),
    Planted("rooms", "bundle/types.py", "import mlapi.ops.logs"),
    Planted("rooms", "ops/logs.py", "import mlapi.bundle.types"),
    Planted("rooms", "bundle/trees.py", "import mlapi.app.main"),
    Planted("rooms", "app/server.py", "import mlapi.cli.main"),
    Planted("rooms", "stranger/__init__.py", '"""A room that nobody drew."""'),
    Planted("inside-app", "app/services/snapshot.py", "import mlapi.app.schemas.envelope"),
    Planted("inside-app", "app/core/errors.py", "import mlapi.app.api.errors"),
    Planted("inside-app", "app/utils/logging.py", "import mlapi.app.core.errors"),
    Planted("routes", "app/api/routes/health.py", "import mlapi.app.api.routes.models"),
    Planted("framework", "app/services/auth_service.py", "import fastapi"),
    Planted("framework", "app/core/clock.py", "from starlette.requests import Request"),
    Planted("lean", "app/api/body.py", "import pandas"),
    Planted("lean", "bundle/trees.py", "def load() -> None:\n    import xgboost"),
    Planted("lean", "bundle/store/directory.py", "import mlflow"),
    Planted("bundle-is-plain", "bundle/schema.py", "import pydantic"),
    Planted("training-serves-nothing", "training/config.py", "import fastapi"),
    Planted("no-pickle", "training/export.py", "import pickle"),
    Planted("no-pickle", "cli/keys.py", "def load() -> None:\n    import joblib"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole source, with import-linter's cache beside it, so that only a planted file is read anew."""
    place = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", place)
    shutil.copytree(ROOT / "src" / "mlapi", place / "src" / "mlapi", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def lint_imports(copy: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run("lint-imports", "--cache-dir", str(copy / "cache"), *words, cwd=copy, PYTHONPATH=str(copy / "src"))


def test_layers_keep_every_contract_without_a_violation(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: f"{planted.contract}-{planted.module}")
def test_layers_refuse(copy: Path, planted: Planted) -> None:
    path = copy / "src" / "mlapi" / planted.module
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{planted.line}\n", encoding="utf-8")
    try:
        done = lint_imports(copy, "--contract", planted.contract)
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before, encoding="utf-8")
    assert done.returncode == 1, done.stdout
    assert "Contracts: 0 kept, 1 broken." in done.stdout


def test_every_contract_has_a_planted_violation() -> None:
    assert {planted.contract for planted in PLANTED} == set(CONTRACTS)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("DeprecationWarning", "import warnings\n\n\ndef test_it():\n    warnings.warn('old', DeprecationWarning)\n"),
        ("not found in `markers`", "import pytest\n\n\n@pytest.mark.misspelt\ndef test_it():\n    pass\n"),
        ("XPASS(strict)", "import pytest\n\n\n@pytest.mark.xfail(reason='is mended')\ndef test_it():\n    pass\n"),
    ],
)
def test_tests_refuse(project: Path, fault: str, text: str) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "test_planted.py").write_text(text)
    done = run("pytest", "-p", "no:cacheprovider", cwd=project)
    assert done.returncode != 0
    assert fault in done.stdout + done.stderr


def test_coverage_refuses_a_line_that_nothing_runs(project: Path) -> None:
    (project / "build").mkdir()
    for line, status in (("double(1)", 0), ("double", 2)):
        (project / "use.py").write_text(f"from mlapi.planted import double\n\n{line}\n")
        assert run("coverage", "run", "use.py", cwd=project, PYTHONPATH=str(project / "src")).returncode == 0
        assert run("coverage", "combine", cwd=project).returncode == 0
        done = run("coverage", "report", "--include=src/mlapi/*", "--fail-under=100", cwd=project)
        assert done.returncode == status, done.stdout + done.stderr
