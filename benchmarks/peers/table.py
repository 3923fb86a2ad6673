"""The tables of benchmarks/peers, from what it measured."""

from typing import Any

from benchmarks.peers.goals import goals

HEADS = ("requests/s", "p50/p99 ms", "CPU µs a request", "rows/s")


def peers_table(results: dict[str, Any]) -> str:
    """Markdown: the servers, who was left out and why, the goals, and where the figures come from."""
    parts = [servers_table(results), *refusals(results), goals_table(results), origin(results)]
    return "\n".join(f"{part}\n" for part in parts)


def servers_table(results: dict[str, Any]) -> str:
    """One line a server; a cell holds requests/s, p50/p99 ms, CPU µs a request and rows/s."""
    servers = results["servers"]
    shapes = list(next(iter(servers.values()))["load"]) if servers else []
    openly = any("open_loop" in server for server in servers.values())
    heads = [*shapes, "open loop at 70 %: requests/s · p50/p99 ms"] if openly else shapes
    lines = [
        f"A cell holds {' · '.join(HEADS)}.\n",
        f"| server | first 200, s | resident, MiB (largest process, of how many) | {' | '.join(heads)} |",
        "|---|---:|---:|" + "---|" * len(heads),
    ]
    for name, server in servers.items():
        cells = " | ".join([*(_cell(server["load"][shape]) for shape in shapes), *_open_cell(server, openly)])
        memory = f"{server['resident_mib']:.0f} ({_parts(server)})"
        lines.append(f"| {results['labels'][name]} | {server['start_s']:.2f} | {memory} | {cells} |")
    return "\n".join(lines)


def refusals(results: dict[str, Any]) -> list[str]:
    """Who is not in the table, and why."""
    return [
        f"Left out: {results['labels'][name]}: {' '.join(reason.split())}"
        for name, reason in results["refused"].items()
    ]


def goals_table(results: dict[str, Any]) -> str:
    lines = ["| goal (mlapi, prediction log off) | target | measured | met |", "|---|---:|---:|---|"]
    for goal in goals(results["servers"]):
        measured = "" if goal.measured is None else f"{goal.measured:.2f} times"
        lines.append(f"| {goal.text} | ≥ {goal.target:g} times | {measured} | {goal.met} |")
    return "\n".join(lines)


def origin(results: dict[str, Any]) -> str:
    """How it was measured, on what, with which versions."""
    host = results["host"]
    loads = [load for server in results["servers"].values() for load in _loads(server)]
    failed = sum(load["failed"] for load in loads)
    versions = "; ".join(
        f"{lock}: {', '.join(f'{package} {version}' for package, version in found.items())}"
        for lock, found in results["versions"].items()
    )
    return (
        f"{results['trees']} trees of depth {results['depth']}. Medians of {results['rounds']} interleaved rounds, "
        f"loads of {results['seconds']} s by wrk on the same cores; CPU time is of every process of the server and the "
        f"least of the rounds; memory is the proportional set size (PSS) of every process, after answering. "
        f"{failed:.0f} requests failed. {host['processor']}, {host['cores']} cores, {host['memory_gib']} GiB, Linux "
        f"{host['kernel']}; load average {host['load_average_before']} before and {host['load_average_after']} after "
        f"(the measurement itself makes 1 to 2; above that, others worked beside it). `{results['command']}`. "
        f"Versions: {versions}."
    )


def _parts(server: dict[str, Any]) -> str:
    return f"{server['largest_mib']:.0f} of {server['processes']}" if server["processes"] > 1 else "1"


def _loads(server: dict[str, Any]) -> list[dict[str, float]]:
    return [*server["load"].values(), *([server["open_loop"]] if "open_loop" in server else [])]


def _cell(load: dict[str, float]) -> str:
    return f"{_pace(load)} · {load['cpu_us']:,.0f} · {load['rows_per_s']:,.0f}{_failed(load)}"


def _open_cell(server: dict[str, Any], openly: bool) -> list[str]:
    if not openly:
        return []
    return [_pace(server["open_loop"]) + _failed(server["open_loop"]) if "open_loop" in server else ""]


def _pace(load: dict[str, float]) -> str:
    return f"{load['requests_per_s']:,.0f} · {load['p50_ms']:.2f}/{load['p99_ms']:.2f}"


def _failed(load: dict[str, float]) -> str:
    return f" · **{load['failed']:.0f} failed**" if load["failed"] else ""
