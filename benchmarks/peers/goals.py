"""The goals for speed as code: what was asked, what was measured, and whether it was met."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CEILINGS, OURS = ("constant", "constant-logged", "route"), ("mlapi", "mlapi-log")
ROW = "1 row, c 32"
FASTAPI_RATIOS = {"1 row, c 1": 25, "1 row, c 32": 60, "100 rows, c 4": 30, "1000 rows, c 4": 12}


@dataclass(frozen=True)
class Goal:
    """One line: a ratio that should be at least so much.

    Attributes:
        measured: None where a server of it is missing.
        by_cpu: the same ratio of CPU time a request, which neighbours on the machine move less.
    """

    text: str
    target: float
    measured: float | None
    by_cpu: float | None = None

    @property
    def met(self) -> str:
        if self.measured is None:
            return "not measured"
        return "yes" if self.measured >= self.target else "no"


def goals(servers: Mapping[str, Any]) -> list[Goal]:
    """Give every goal that a comparison of servers can show.

    Args:
        servers: summaries by name, as measuring.Seen makes them.
    """
    return [
        *(best_peer(servers, shape) for shape in FASTAPI_RATIOS),
        *(
            rate_goal(servers, f"requests/s against FastAPI + pandas, {shape}", target, "fastapi", shape)
            for shape, target in FASTAPI_RATIOS.items()
        ),
        *(
            rate_goal(servers, f"share of a constant raw-ASGI uvicorn's requests/s, {how}, {ROW}", 0.65, other, ROW)
            for other, how in (("constant-logged", "its access log on"), ("constant", "no log"))
        ),
        Goal("start to first 200, faster than FastAPI + pandas", 4, under(servers, "fastapi", "start_s")),
        Goal("start to first 200, faster than MLflow", 20, under(servers, "mlflow", "start_s")),
        *(
            Goal(f"resident memory {of}, less than FastAPI + pandas", 4, under(servers, "fastapi", figure))
            for of, figure in (("of the process that serves", "largest_mib"), ("with the follower", "resident_mib"))
        ),
    ]


def best_peer(servers: Mapping[str, Any], shape: str) -> Goal:
    """Compare with whoever is fastest in one column."""
    rates = {
        name: server["load"][shape]["requests_per_s"]
        for name, server in servers.items()
        if name not in (*CEILINGS, *OURS)
    }
    best = max(rates, key=rates.__getitem__, default=None)
    text = f"requests/s against the best peer, {shape}" + (f" ({best})" if best else "")
    return rate_goal(servers, text, 10, best or "", shape)


def rate_goal(servers: Mapping[str, Any], text: str, target: float, other: str, shape: str) -> Goal:
    cpu = over(servers, other, ("load", shape, "cpu_us"))
    by_cpu = 1 / cpu if cpu else None
    return Goal(text, target, over(servers, other, ("load", shape, "requests_per_s")), by_cpu)


def over(servers: Mapping[str, Any], other: str, path: tuple[str, ...]) -> float | None:
    """How many times another server's figure ours is."""
    if "mlapi" not in servers or other not in servers:
        return None
    return _figure(servers["mlapi"], path) / _figure(servers[other], path)


def under(servers: Mapping[str, Any], other: str, name: str) -> float | None:
    """How many times less than another server's figure ours is."""
    ratio = over(servers, other, (name,))
    return None if ratio is None else 1 / ratio


def _figure(server: Any, path: tuple[str, ...]) -> float:
    for name in path:
        server = server[name]
    return float(server)
