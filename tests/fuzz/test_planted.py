"""The fuzzer finds what it is there for: each fault planted in the C code, and in a decoder of Python."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mlapi.app.core.request import Decoded
from mlapi.app.schemas import native
from tests.fuzz import corpus
from tests.fuzz.build import ROOT, ROWS, Counters, NoCompiler, preload
from tests.fuzz.corpus import Entry
from tests.fuzz.exchanges import Pair, ask_for
from tests.fuzz.fuzzer import BodyFuzzer
from tests.fuzz.planted import FAULTS, OVERRUN, Fault, build_with
from tests.fuzz.schemas import SCHEMAS
from tests.fuzz.shrink import shrink
from tests.fuzz.ways import Difference, Ways

pytest.importorskip("mlapi.app.schemas._rows", reason="the native request decoder is not built")
needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


def has_sanitizers() -> bool:
    try:
        return bool(preload())
    except NoCompiler:
        return False


STEPS = 20_000
RUN = """
import pathlib, sys, tests.fuzz.__main__ as fuzz
folder = pathlib.Path(sys.argv[1])
sys.exit(fuzz.fuzz(60, 1, "bodies", folder, folder / "found"))
"""
NAMES = ("numbers", "ranges", "categories", "long", "churn")


def first_difference(
    ways: dict[str, Ways], counters: Counters | None = None, entries: list[Entry] | None = None
) -> Difference:
    fuzzer = None
    try:
        fuzzer = BodyFuzzer(ways, Random(1), entries or [], counters=counters)
        for _ in range(STEPS):
            fuzzer.step()
    except Difference as difference:
        return difference
    pytest.fail(f"{fuzzer.executions} bodies, and nothing was found")


@needs_compiler
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_in_the_c_code_is_found(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = build_with(fault, "plain", tmp_path)
    spec = importlib.util.spec_from_file_location(ROWS.module, library)
    assert spec is not None
    assert spec.loader is not None
    extension = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(extension)
    monkeypatch.setattr(native, "_extension", lambda: extension)
    ways = {name: Ways(SCHEMAS[name]) for name in NAMES}
    assert first_difference(ways, Counters(library), corpus.read()).entry is not None


class LeadingZero:
    """A decoder that takes 01 for 1."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def decode(self, body: bytes) -> Decoded | None:
        decoded: Decoded | None = self._real.decode(re.sub(rb"(?<=[:\s-])0+(?=\d)", b"", body))
        return decoded


def test_a_decoder_that_takes_a_leading_zero_is_found_and_its_body_made_short(tmp_path: Path) -> None:
    ways = Ways(SCHEMAS["numbers"])
    ways.native = LeadingZero(ways.native)
    found = first_difference({"numbers": ways}).entry
    assert found is not None
    least = shrink(found.body, _fails(ways))
    assert re.fullmatch(rb'\{"data":\[\{("[xyz]":0*[0-9],?){2}\}\]\}', least), least
    assert corpus.read(corpus.keep_found(Entry("numbers", least), tmp_path).parent) == [Entry("numbers", least)]


def test_a_decoder_that_takes_a_leading_zero_is_found_in_whole_requests(tmp_path: Path) -> None:
    body = b'{"data":[{"age":04,"member":true,"plan":"basic"}]}'
    with Pair("churn", tmp_path) as pair:
        assert pair.compare(Entry("churn", body), ask_for(Random(0), body)) == "400"
        assert pair.native.models is not None
        decoder: Any = pair.native.models.loaded.decoder  # type: ignore[union-attr]  # it is loaded
        decoder._native = LeadingZero(decoder._native)
        with pytest.raises(Difference, match="the native way gives"):
            pair.compare(Entry("churn", body), ask_for(Random(0), body))


def test_a_service_without_the_native_way_has_none(tmp_path: Path) -> None:
    with Pair("churn", tmp_path) as pair:
        ways = [service.models.loaded.decoder._native for service in (pair.native, pair.general)]  # type: ignore[union-attr]  # likewise
        assert [way is None for way in ways] == [False, True]


def _fails(ways: Ways) -> Callable[[bytes], bool]:
    def fails(body: bytes) -> bool:
        try:
            ways.look(body)
        except Difference:
            return True
        return False

    return fails


@pytest.mark.skipif(not has_sanitizers(), reason="there is no gcc with AddressSanitizer")
@pytest.mark.parametrize(
    ("fault", "told", "body"),
    [
        (OVERRUN, "runtime error: index 23 out of bounds", rb".*[.e].*"),
        (FAULTS[0], "the native way says", rb'\{"data":\[\{[^{}]*\b0\d[^{}]*\}\]\}'),
    ],
    ids=["a read beyond an array", "a difference"],
)
def test_a_fault_ends_a_whole_run_and_its_body_is_kept(fault: Fault, told: str, body: bytes, tmp_path: Path) -> None:
    build_with(fault, "sanitized", tmp_path)
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], check=False, capture_output=True, text=True, cwd=ROOT, timeout=300
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert told in ran.stdout + ran.stderr
    ((name, kept),) = corpus.read(tmp_path / "found")
    assert name in SCHEMAS
    assert re.fullmatch(body, kept, re.DOTALL), kept
