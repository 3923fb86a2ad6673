"""Reading Python's account of imports."""

from benchmarks.imports import packages, parse, profile

ACCOUNT = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   numpy.core
import time:      2000 |       2100 | numpy
import time:        30 |         30 |     json
import time:        50 |         80 |   mlapi.ops.logs
import time:       500 |        500 |       pydantic.main
import time:      1000 |       1500 |     pydantic
import time:        20 |       1520 |   mlapi.ops.settings
import time:         5 |       1605 | mlapi.app
something else
"""


def test_adds_up_by_package_and_counts_nothing_twice() -> None:
    found = {package.name: package[1:] for package in packages(parse(ACCOUNT))}
    assert found == {
        "numpy": (2, 2.1, 2.1),
        "standard library": (1, 0.03, 0.03),
        "mlapi.ops": (2, 0.07, 1.6),
        "pydantic": (2, 1.5, 1.5),
        "mlapi.app": (1, 0.005, 1.605),
    }


def test_profiles_a_fresh_process() -> None:
    assert "json.decoder" in {one.name for one in profile("import json", runs=1)}
