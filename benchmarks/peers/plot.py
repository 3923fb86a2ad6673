"""The picture of benchmarks/peers: requests/s of every server in every shape."""

from pathlib import Path
from typing import Any

COLOURS = ("#9ecae1", "#6baed6", "#3182bd", "#08519c")
BOLD = "**"


def draw(results: dict[str, Any], path: Path) -> None:
    """Write an SVG with a group of bars a server, on a logarithmic scale, the same bytes for the same results."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    servers = results["servers"]
    shapes = list(next(iter(servers.values()))["load"])
    height = 0.8 / len(shapes)
    with mpl.rc_context({"svg.hashsalt": "peers", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(8, 0.6 * len(servers) + 1), layout="constrained")
        axes = figure.subplots()
        for number, (shape, colour) in enumerate(zip(shapes, COLOURS, strict=True)):
            places = [place + number * height for place in range(len(servers))]
            rates = [server["load"][shape]["requests_per_s"] for server in servers.values()]
            bars = axes.barh(places, rates, height, label=shape, color=colour)
            axes.bar_label(bars, fmt="{:,.0f}", padding=2, fontsize=6)
        axes.set_yticks([place + 0.4 - height / 2 for place in range(len(servers))])
        axes.set_yticklabels([results["labels"][name].replace(BOLD, "") for name in servers])
        axes.invert_yaxis()
        axes.set_xscale("log")
        axes.set_xlim(
            1, 3 * max(load["requests_per_s"] for server in servers.values() for load in server["load"].values())
        )
        axes.margins(y=0.01)
        axes.set_xlabel("requests/s")
        figure.legend(loc="outside upper center", ncols=len(shapes), fontsize=7)
        figure.savefig(path, format="svg", metadata={"Date": None})
