"""The package's own names, looked up when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mlapi.bundle
from mlapi.bundle import model


def test_bundle_and_load_are_those_of_the_model_module() -> None:
    assert mlapi.bundle.Bundle is model.Bundle
    assert mlapi.bundle.load is model.load
    assert mlapi.bundle.__all__ == ["Bundle", "load"]


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        mlapi.bundle.lod  # noqa: B018  # the point of the test


def test_importing_the_package_and_its_errors_loads_no_numpy() -> None:
    program = "import sys, mlapi.bundle, mlapi.bundle.errors; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
