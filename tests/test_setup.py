"""The scripts that find a Python and make the environment, with stand-ins on the path for what a machine may have."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# As much of an interpreter as find-python asks for: what it is, and whether it can make environments.
PYTHON = """#!/bin/sh
case "$2" in
*ensurepip*) exit {no_venv} ;;
*'sys.exit'*) exit {too_old} ;;
*print*) echo 3.11 ;;
*) echo 'Python 3.11.2' ;;
esac
"""


class Machine:
    """A path with a shell's own tools and the interpreters that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for tool in ("sh", "cat", "git", "grep", "mkdir", "dirname", "rm", "touch", "chmod", "find"):
            (folder / tool).symlink_to(str(shutil.which(tool)))
        self.add("id", "#!/bin/sh\necho 1000\n")

    def add(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(self, name: str, *, too_old: bool = False, no_venv: bool = False) -> Path:
        return self.add(name, PYTHON.format(too_old=int(too_old), no_venv=int(no_venv)))

    def run(
        self, script: Path, *words: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        variables = {"PATH": str(self.folder), **(environ or {})}
        return subprocess.run(
            [str(self.folder / "sh"), str(script), *words], env=variables, capture_output=True, text=True, check=False
        )

    def find(self, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.run(ROOT / "scripts" / "find-python", environ=environ)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Machine(folder)


def test_the_newest_python_that_is_tested_is_taken(machine: Machine) -> None:
    machine.python("python3")
    assert machine.find().stdout.strip() == str(machine.folder / "python3")
    machine.python("python3.13")
    assert machine.find().stdout.strip() == str(machine.folder / "python3.13")


def test_a_python_that_is_too_old_or_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.add("python3.13", "#!/bin/sh\nexit 127\n")  # a shim without the version behind it
    machine.python("python3.12", too_old=True)
    machine.python("python3")
    assert machine.find().stdout.strip() == str(machine.folder / "python3")


def test_a_python_that_makes_environments_is_preferred_to_a_newer_one_that_cannot(machine: Machine) -> None:
    machine.python("python3.13", no_venv=True)
    machine.python("python3.11")
    assert machine.find().stdout.strip() == str(machine.folder / "python3.11")


def test_a_named_python_is_taken(machine: Machine) -> None:
    machine.python("python3")
    mine = machine.python("mine")
    assert machine.find(PYTHON=str(mine)).stdout.strip() == str(mine)


@pytest.mark.parametrize("name", [None, "python3"])
def test_without_a_fit_python_it_says_what_is_needed(machine: Machine, name: str | None) -> None:
    if name:
        machine.python(name, too_old=True)
    done = machine.find()
    assert done.returncode == 1
    assert done.stdout == ""
    assert "needs Python 3.11 or newer" in done.stderr
    assert "make run PYTHON=" in done.stderr


def test_without_venv_it_names_the_package_to_install(machine: Machine) -> None:
    machine.python("python3", no_venv=True)
    machine.add("apt-get", "#!/bin/sh\necho 'apt-get was asked' >&2\n")
    done = machine.find()
    assert done.returncode == 1
    assert "sudo apt-get install python3.11-venv" in done.stderr
    assert "apt-get was asked" not in done.stderr


def test_root_gets_the_package_of_venv_after_the_lists_of_packages(machine: Machine) -> None:
    python = machine.python("python3", no_venv=True)
    whole = PYTHON.format(too_old=0, no_venv=0)
    machine.add("id", "#!/bin/sh\necho 0\n")
    machine.add(  # like apt-get in a fresh container: it finds a package only after `apt-get update`
        "apt-get",
        f"""#!/bin/sh
if [ "$1" = update ]; then touch {machine.folder}/lists; exit 0; fi
[ -e {machine.folder}/lists ] || exit 100
cat >{python} <<'END'
{whole}END
""",
    )
    done = machine.find()
    assert (done.returncode, done.stdout.strip()) == (0, str(python)), done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What setup reads, with an environment that stands as if it had been made."""
    place = tmp_path / "checkout"
    (place / "requirements").mkdir(parents=True)
    shutil.copytree(ROOT / "scripts", place / "scripts")
    for name in ("pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, place)
    (place / "src").mkdir()
    (place / "requirements" / "serve.txt").write_text("a==1\n")
    (place / ".venv" / "bin").mkdir(parents=True)
    (place / ".venv" / "root").write_text(f"{place.resolve()}\n")
    for name in ("python", "uv"):
        put_tool(place, name, "#!/bin/sh\nexit 0\n")
    return place


def put_tool(checkout: Path, name: str, text: str) -> None:
    tool = checkout / ".venv" / "bin" / name
    tool.write_text(text)
    tool.chmod(0o755)


def stamp(checkout: Path, mode: str) -> None:
    """Leave what setup leaves when it is done."""
    script = (
        f"cd {checkout} && {{ pwd -P && cat pyproject.toml setup.py requirements/*.txt; }} | git hash-object --stdin"
    )
    state = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout.strip()
    (checkout / ".venv" / "setup-stamp").write_text(f"{mode} {state}\n")


@pytest.mark.parametrize(
    ("has", "wanted", "is_done"), [("dev", "dev", 1), ("dev", "run", 1), ("run", "run", 1), ("run", "dev", 0)]
)
def test_setup_does_nothing_where_there_is_nothing_to_do(
    machine: Machine, checkout: Path, has: str, wanted: str, is_done: int
) -> None:
    stamp(checkout, has)
    done = machine.run(checkout / "scripts" / "setup", wanted)
    assert (done.returncode == 0 and not done.stdout) == bool(is_done), done.stderr


def test_setup_installs_again_after_a_lock_has_changed(machine: Machine, checkout: Path) -> None:
    stamp(checkout, "dev")
    (checkout / "requirements" / "serve.txt").write_text("a==2\n")
    assert "installing" in machine.run(checkout / "scripts" / "setup", "dev").stdout
    assert machine.run(checkout / "scripts" / "setup", "dev").stdout == ""


def test_setup_builds_again_after_the_c_sources_have_changed(machine: Machine, checkout: Path) -> None:
    stamp(checkout, "dev")
    (checkout / "src" / "trees.h").write_text("int depth;\n")
    assert "installing" in machine.run(checkout / "scripts" / "setup", "dev").stdout
    assert machine.run(checkout / "scripts" / "setup", "dev").stdout == ""


def test_setup_says_where_the_c_extension_could_not_be_built(machine: Machine, checkout: Path) -> None:
    put_tool(checkout, "python", "#!/bin/sh\ncase $2 in *_trees*) exit 1 ;; esac\n")
    done = machine.run(checkout / "scripts" / "setup", "dev")
    assert done.returncode == 0, done.stderr
    assert "setup: the C extension was not built" in done.stdout


def test_setup_makes_the_environment_anew_where_the_checkout_has_moved(machine: Machine, checkout: Path) -> None:
    stamp(checkout, "dev")
    moved = checkout.rename(checkout.with_name("moved"))
    machine.python("python3", no_venv=True)  # so that it goes no further than looking for one
    assert "cannot make environments" in machine.run(moved / "scripts" / "setup", "dev").stderr


def test_setup_that_failed_is_not_taken_for_done(machine: Machine, checkout: Path) -> None:
    stamp(checkout, "run")
    for name in ("python", "uv"):
        put_tool(checkout, name, "#!/bin/sh\nexit 1\n")
    machine.python("python3", no_venv=True)
    for _ in range(2):
        assert machine.run(checkout / "scripts" / "setup", "dev").returncode != 0


def test_setup_refuses_an_unknown_mode(machine: Machine, checkout: Path) -> None:
    done = machine.run(checkout / "scripts" / "setup", "everything")
    assert done.returncode == 2
    assert "run or dev" in done.stderr
