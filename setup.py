"""The extensions in C; all else stands in pyproject.toml.

Each is optional: where no compiler or no header of Python is, it is left out and Python code does its work.
"""

from setuptools import Extension, setup

# Neither -march nor -ffast-math: the same bits everywhere. A fused multiply-add would round once where two are meant.
ARGUMENTS = ["-O3", "-ffp-contract=off", "-fvisibility=hidden"]

ROWS = Extension(
    "mlapi.app.schemas._rows",
    ["src/mlapi/app/schemas/_rows.c"],
    extra_compile_args=ARGUMENTS,
    py_limited_api=True,
    optional=True,
)
TREES = Extension(
    "mlapi.bundle._trees",
    [
        f"src/mlapi/bundle/native/{name}.c"
        for name in (
            *("module", "arguments", "padded_type", "plain_type", "answers", "json"),
            *("padded", "padded_cells", "padded_walk", "numbering", "sliced"),
            *("plain", "plain_walk", "contributions", "link", "decimals"),
        )
    ],
    depends=["src/mlapi/bundle/native/trees.h", "src/mlapi/bundle/native/python.h"],
    extra_compile_args=ARGUMENTS,
    py_limited_api=True,
    optional=True,
)

setup(ext_modules=[ROWS, TREES], options={"bdist_wheel": {"py_limited_api": "cp311"}})
