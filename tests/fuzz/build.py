"""The extensions built for fuzzing, under build/fuzz, and loaded in place of the installed ones."""

from __future__ import annotations

import ctypes
import importlib.util
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "build" / "fuzz"
SANITIZERS: Final = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
COUNTED: Final = tuple(f"-D{name}=fuzz_{name}" for name in ("malloc", "calloc", "realloc", "free"))
BUILDS: Final = {
    "sanitized": ("-O0", "-g", *SANITIZERS, "-fsanitize-coverage=trace-pc", *COUNTED),
    "branches": ("-O0", "-g", "--coverage", *COUNTED),
    "plain": ("-O1", *COUNTED),
    "portable": ("-O1", "-DMLAPI_PORTABLE", *COUNTED),  # as by a compiler that is neither gcc nor clang
}


class Unit(NamedTuple):
    """An extension: its module and its sources."""

    module: str
    sources: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.module.rpartition(".")[2]


_NATIVE: Final = ROOT / "src/mlapi/bundle/native"
ROWS: Final = Unit("mlapi.app.schemas._rows", (ROOT / "src/mlapi/app/schemas/_rows.c",))
TREES: Final = Unit("mlapi.bundle._trees", tuple(sorted(_NATIVE.glob("*.c"))))


class NoCompiler(Exception):
    """There is no compiler, or it knows no sanitizers."""


def library_of(unit: Unit, kind: str, folder: Path) -> Path:
    """Where a build of an extension is."""
    return folder / kind / f"{unit.name}.so"


def build(unit: Unit, kind: str, folder: Path = FOLDER) -> Path:
    """Compile an extension with `BUILDS[kind]`; gives the library.

    Raises:
        NoCompiler: the compiler's words.
    """
    library = library_of(unit, kind, folder)
    folder = library.parent
    folder.mkdir(parents=True, exist_ok=True)
    includes = [f"-I{sysconfig.get_path('include')}", f"-I{unit.sources[0].parent}"]
    objects = []
    for source in (*unit.sources, Path(__file__).with_name("edges.c")):
        own = BUILDS[kind] if source.suffix == ".c" and source.name != "edges.c" else ("-O2", "-g")
        objects.append(folder / f"{unit.name}-{source.stem}.o")
        objects[-1].with_suffix(".gcda").unlink(missing_ok=True)
        _run([*_compiler(), "-fPIC", "-ffp-contract=off", *own, *includes, "-c", str(source), "-o", str(objects[-1])])
    link = [flag for flag in BUILDS[kind] if flag.startswith(("-fsanitize=", "--coverage"))]
    _run([*_compiler(), "-shared", *link, *map(str, objects), "-o", str(library)])
    return library


def load(unit: Unit, library: Path) -> ModuleType:
    """Import an extension from a library, as the module that the product imports."""
    spec = importlib.util.spec_from_file_location(unit.module, library)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[unit.module] = module
    parent, _, name = unit.module.rpartition(".")
    setattr(importlib.import_module(parent), name, module)
    return module


class Counters:
    """What `edges.c` counts in a loaded library."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))
        self._edges = (ctypes.c_ubyte * 32768).in_dll(self._library, "fuzz_edges")
        self.live = ctypes.c_long.in_dll(self._library, "fuzz_live")
        self.shortage = ctypes.c_long.in_dll(self._library, "fuzz_shortage")

    def edges(self) -> int:
        """Give the edges that ran since the last call, a bit each for once, twice, up to eight times, and more."""
        found = bytes(self._edges).translate(_BUCKETS)
        ctypes.memset(self._edges, 0, len(found))
        return int.from_bytes(found, "little")


_BUCKETS: Final = bytes((0, 1, 2, *[4] * 6, *[8] * 247))


def preload() -> str:
    """Give the library that must be there before all others: AddressSanitizer's.

    Raises:
        NoCompiler: there is none.
    """
    found = _run([*_compiler(), "-print-file-name=libasan.so"]).strip()
    if not Path(found).is_absolute():
        raise NoCompiler("the compiler has no libasan.so")
    return str(Path(found).resolve())


def _compiler() -> list[str]:
    return shlex.split(sysconfig.get_config_var("CC") or "cc")[:1]


def _run(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    except FileNotFoundError as error:
        raise NoCompiler(f"{command[0]} is not there") from error
    except subprocess.CalledProcessError as error:
        raise NoCompiler(error.stderr) from error
