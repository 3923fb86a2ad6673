"""What compilers say of the code in C."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from tests.fuzz.build import ROWS, TREES

SOURCES = [*ROWS.sources, *TREES.sources]
# Pedantic is what no extension can be: CPython's tables hold functions as void pointers.
FLAGS = "-std=c11 -O2 -Wall -Wextra -Wconversion -Wshadow -Wno-unused-parameter -Wno-missing-field-initializers -Werror"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_no_compiler_has_a_warning(compiler: str, source: Path, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    headers = ["-isystem", sysconfig.get_path("include")]
    command = [compiler, *FLAGS.split(), *headers, "-c", str(source), "-o", str(tmp_path / "out.o")]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
