"""The extensions in C; all else stands in pyproject.toml.

Each is optional: where no compiler or no header of Python is, it is left out and Python code does its work.
"""

from setuptools import Extension, setup

ROWS = Extension(
    "mlapi.app.schemas._rows",
    ["src/mlapi/app/schemas/_rows.c"],
    extra_compile_args=["-O3", "-ffp-contract=off"],  # a fused multiply-add would round once where two are meant
    py_limited_api=True,
    optional=True,
)

setup(ext_modules=[ROWS], options={"bdist_wheel": {"py_limited_api": "cp311"}})
