"""The picture of benchmarks/growth: a panel for each thing that is varied, on logarithmic scales."""

from pathlib import Path
from typing import Any

from benchmarks.growth.table import curves

# What a panel shows: the curves of one thing that is varied whose names begin so, and the words at its side.
LOOK = {
    "engine": ("#08519c", "trees alone"),
    "predict": ("#d94801", "body to answer"),
    "requests_per_s": ("#08519c", "requests/s"),
    "p50_ms": ("#6baed6", "p50, ms"),
    "p99_ms": ("#d94801", "p99, ms"),
    "bundle_mib": ("#6baed6", "bundle, MiB"),
    "added_mib": ("#08519c", "memory that it adds, MiB"),
    "load_s": ("#d94801", "seconds to load"),
}
TIMES = ("engine", "predict")
SHORT = ("depth", "classes")  # what spans so little that powers of ten say nothing
SIZES = ("bundle_mib", "added_mib", "load_s")
PANELS = (
    ("rows", "rows of a call", TIMES, "CPU µs a call"),
    ("features", "features", TIMES, "CPU µs a call"),
    ("trees", "trees", TIMES, "CPU µs a call"),
    ("depth", "depth", TIMES, "CPU µs a call"),
    ("classes", "classes", TIMES, "CPU µs a call"),
    ("categories", "categories of a feature", TIMES, "CPU µs a call"),
    ("connections", "connections", ("requests_per_s", "p50_ms", "p99_ms"), ""),
    ("trees", "trees", SIZES, ""),
    ("features", "features", SIZES, ""),
)


def draw(results: dict[str, Any], path: Path) -> None:
    """Write an SVG, the same bytes for the same results; dashed lines are of 100 rows."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(10, 9), layout="constrained")
        for axes, (name, label, begins, unit) in zip(figure.subplots(3, 3).flat, PANELS, strict=True):
            for what, points in curves(name, results["axes"][name]).items():
                begin = what.partition(",")[0]
                if begin in begins:
                    colour, words = LOOK[begin]
                    many = what.endswith(" 100 rows")
                    size = ", 100 rows" if many else ", 1 row" if what.endswith(" 1 row") else ""
                    axes.plot(*zip(*points, strict=True), marker=".", color=colour, linestyle="--" if many else "-",
                              label=words + size)  # fmt: skip
            axes.set(xscale="log", yscale="log", xlabel=label, ylabel=unit)
            axes.minorticks_off()
            if name in SHORT:
                values = list(results["axes"][name])
                axes.set_xticks([float(value) for value in values], values)
            axes.grid(alpha=0.3)
            axes.legend(fontsize=6)
        figure.savefig(path, format="svg", metadata={"Date": None})
