"""What may not stand in the repository, and what must."""

import ast
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
REQUIREMENT = re.compile(
    r"^([a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,-]+\])?)==(\S+)((?: ; [^\\]+)?)((?: --hash=sha256:[0-9a-f]{64})+)$"
)


@cache
def tracked() -> tuple[Path, ...]:
    """Files that git knows and that are there."""
    try:
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return tuple(ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a bundle's binary files


def lines_with(pattern: str, *, but: str = "(?!)") -> list[str]:
    """Places of the repository where a pattern stands, less those where the second one does."""
    searched, excused = re.compile(pattern), re.compile(but)
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if searched.search(excused.sub("", line))
    ]


def test_no_package_registry_is_named() -> None:
    assert lines_with(r"(?i)(pypi|pythonhosted|npmjs|debian)[.](org|com)") == []


def test_no_path_of_one_machine_is_named() -> None:
    assert lines_with(r"(?<![\w.{}*])/(?:work|farm|home/\w+|Users/\w+)/\w") == []
    # A container's own paths are not of one machine.
    assert lines_with(r"(?<![\w.{}*])/(?:root|opt)/[a-z]", but=r"/opt/(venv|app|mlapi)|/root/\.cache") == []


def test_no_secret_is_named() -> None:
    assert lines_with(r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}") == []
    assert lines_with(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[\n\\A-Za-z0-9+/=]{20}") == []


def modules(tree: ast.AST) -> Iterator[str]:
    """Every module that a file imports, anywhere in it, by statement or by name."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module
            case ast.Call(func=ast.Name(id="__import__" | "import_module"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(name)), *_]):
                yield name
            case _:
                continue


def test_no_product_code_imports_a_pickle() -> None:
    refused = {"pickle", "_pickle", "pickletools", "joblib", "cloudpickle", "dill", "marshal", "shelve", "skops"}
    for path in (ROOT / "src").rglob("*.py"):
        names = set(modules(ast.parse(path.read_text(encoding="utf-8"))))
        assert not {name.partition(".")[0] for name in names} & refused, path


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment of a Python file."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def test_every_exception_from_a_gate_names_its_rule_and_gives_a_reason() -> None:
    complete = re.compile(r"#\s*(type: ignore\[[a-z-]+(, ?[a-z-]+)*\]|noqa: ?[A-Z0-9, ]*[0-9])\s+#\s*\S")
    bare = [
        f"{name}:{number}: {comment}"
        for name, text in texts()
        if name.endswith(".py")
        for number, comment in comments(text)
        if re.match(r"#\s*(type: ignore|noqa)", comment) and not complete.match(comment)
    ]
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
class TestLock:
    """A lock file, and all that it may hold."""

    def test_it_holds_pinned_versions_with_hashes_and_nothing_else(self, lock: Path) -> None:
        requirements(lock)

    def test_it_names_no_place(self, lock: Path) -> None:
        assert not re.search(r"://|file:|--(extra-)?index|--find-links|-i |@ ", lock.read_text(encoding="utf-8"))

    def test_it_has_the_cpu_build_of_xgboost_only(self, lock: Path) -> None:
        names = {name for name, _, _ in requirements(lock)}
        assert "xgboost" not in names
        assert not {name for name in names if name.startswith("nvidia")}


def requirements(lock: Path) -> list[tuple[str, str, str]]:
    """Name, version and marker of each line; fails on any other line."""
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r" *\\\n\s+", " ", text).strip().splitlines()
    found = []
    for line in lines:
        match = REQUIREMENT.match(line)
        assert match, line
        found.append((match[1].partition("[")[0], match[2], match[3]))
    assert found
    return found


def test_there_is_a_lock_for_each_extra_that_is_installed_by_lock() -> None:
    images = {"api", "tracking", "debug"}  # what an image holds
    assert {lock.stem for lock in LOCKS} - images == {"bootstrap", "serve", "follow", "train", "lambda", "dev"}
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    assert extras == {
        "serve",
        "follow",
        "train",
        "lambda",
        "dev",
        "dask",
        "debug",
        "otel",
        "postgres",
        "redis",
        "s3",
        "tracking",
    }


def test_all_locks_agree_so_that_any_can_be_installed_beside_any_other() -> None:
    every = set(requirements(ROOT / "requirements" / "dev.txt"))
    versions = {(name, version) for name, version, _ in every}
    for lock in LOCKS:
        if lock.stem != "bootstrap":
            assert {(name, version) for name, version, _ in requirements(lock)} <= versions, lock.name


@pytest.mark.parametrize("lock", ["serve", "lambda"])
def test_what_serves_installs_no_library_of_training(lock: str) -> None:
    names = {name for name, _, _ in requirements(ROOT / "requirements" / f"{lock}.txt")}
    assert not names & {"matplotlib", "mlflow", "mlflow-skinny", "optuna", "pandas", "pyarrow", "scikit-learn"}


def targets() -> set[str]:
    """Targets that the Makefile declares phony, less the ones behind others."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(" ".join(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)).split()) - {"setup-run", "setup-dev"}


def test_make_help_shows_every_target_with_what_it_does() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True)
    shown = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", done.stdout, re.MULTILINE))
    assert set(shown) == targets()
    assert {
        "run",
        "test",
        "check",
        "format",
        "lint",
        "types",
        "layers",
        "coverage",
        "prove",
        "bench",
        "lock",
        "clean",
    } <= set(shown)


def test_make_alone_is_make_help() -> None:
    alone, named = (
        subprocess.run(["make", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout
        for words in ([], ["help"])
    )
    assert alone == named


def test_every_documented_make_target_exists() -> None:
    named = {word for _, text in texts() for word in re.findall(r"(?:`|\$ )make ([a-z]+)", text)}
    assert named <= targets()


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_example_settings_are_settings_and_their_shown_defaults_are_right() -> None:
    from mlapi.ops.settings import catalog

    known = {entry.env: entry.default for entry in catalog()}
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if found := re.match(r"#?([A-Z_]+)=(\S*)$", line):
            assert found[1] in known, line
    for name in (
        "MLAPI_HOST",
        "MLAPI_PORT",
        "MLAPI_STORE",
        "MLAPI_ENVIRONMENT",
        "MLAPI_LOG_LEVEL",
        "MLAPI_MODEL_STAGE",
    ):
        assert re.search(rf"^#?{name}={known[name]}$", (ROOT / ".env.example").read_text(), re.MULTILINE), name
