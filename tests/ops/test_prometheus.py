"""Samples in Prometheus' text format, read back by the rules of its documentation."""

import re
import shutil
import subprocess

import pytest

from mlapi.ops import process_figures
from mlapi.ops.metrics import Definition, Kind, Registry
from mlapi.ops.prometheus import exposition

TABLE = (
    Definition("hits_total", Kind.COUNTER, "hits", ("route", "by"), "Hits."),
    Definition("level", Kind.GAUGE, "", (), "Level."),
    Definition("wait_seconds", Kind.HISTOGRAM, "seconds", ("route",), "Wait.", (0.5, 2.0)),
)
LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')


def parse(text: str) -> dict[str, float]:
    """Every sample by name and labels as written; refuses what the format does not allow."""
    found: dict[str, float] = {}
    kinds: dict[str, str] = {}
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("#"):
            _, word, name, rest = line.split(" ", 3)
            assert word in ("HELP", "TYPE")
            if word == "TYPE":
                assert name not in kinds, "the lines of a metric stand together"
                kinds[name] = rest
            continue
        match = LINE.fullmatch(line)
        assert match, line
        base = re.sub(r"_(bucket|sum|count)$", "", match[1])
        assert match[1] in kinds or kinds.get(base) == "histogram", line
        key = line.rpartition(" ")[0]
        assert key not in found, line
        found[key] = float(match[3])
    return found


def made() -> Registry:
    registry = Registry(TABLE)
    registry.add("hits_total", '/a"b\\c\nd', "é", by=3)
    registry.put("level", 0.25)
    for value in (0.1, 0.5, 1.0, 99.0):
        registry.observe("wait_seconds", value, "/a")
    return registry


def test_every_kind_is_written_as_the_format_asks() -> None:
    text = exposition(made().samples()).decode()
    assert text.splitlines()[:2] == ["# HELP hits_total Hits.", "# TYPE hits_total counter"]
    assert parse(text) == {
        r'hits_total{route="/a\"b\\c\nd",by="é"}': 3.0,
        "level": 0.25,
        'wait_seconds_bucket{route="/a",le="0.5"}': 2.0,
        'wait_seconds_bucket{route="/a",le="2"}': 3.0,
        'wait_seconds_bucket{route="/a",le="+Inf"}': 4.0,
        'wait_seconds_sum{route="/a"}': 100.6,
        'wait_seconds_count{route="/a"}': 4.0,
    }


def test_prometheus_own_tool_accepts_it() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian's package prometheus)")
    subprocess.run([promtool, "check", "metrics"], input=exposition(made().samples()), check=True)


def test_figures_of_a_process_that_has_ended_are_left_out() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert list(process_figures.samples({"0": ended.pid})) == []
