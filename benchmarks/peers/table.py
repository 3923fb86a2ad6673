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
    lines = [
        "| goal (mlapi, prediction log off) | target | measured | met | by CPU time a request |",
        "|---|---:|---:|---|---:|",
    ]
    for goal in goals(results["servers"]):
        cells = (goal.text, f"≥ {goal.target:g} times", _times(goal.measured), goal.met, _times(goal.by_cpu))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def origin(results: dict[str, Any]) -> str:
    """How it was measured, on what, with which versions."""
    host = results["host"]
    servers = results["servers"].values()
    failed = sum(load["failed"] for server in servers for load in server["load"].values())
    openly = sum(server["open_loop"]["failed"] for server in servers if "open_loop" in server)
    return (
        f"{results['trees']} trees of depth {results['depth']}. Medians of {results['rounds']} interleaved rounds, "
        f"loads of {results['seconds']} s by wrk on the same cores; CPU time is of every process of the server and the "
        f"least of the rounds; memory is the proportional set size (PSS) of every process, after answering. "
        f"{failed:.0f} requests failed in closed loops, {openly:.0f} in the open one. "
        f"{host['processor']}, {host['cores']} cores, {host['memory_gib']} GiB, Linux "
        f"{host['kernel']}; load average {host['load_average_before']} before and {host['load_average_after']} after "
        f"(the measurement itself makes 1 to 2; above that, others worked beside it). `{results['command']}`. "
        f"Versions: {_versions(results['versions'])}."
    )


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f} times"


def _parts(server: dict[str, Any]) -> str:
    return f"{server['largest_mib']:.0f} of {server['processes']}" if server["processes"] > 1 else "1"


def _versions(by_lock: dict[str, dict[str, str]]) -> str:
    """Name each package once, with the environments of each version where there are several."""
    places: dict[str, dict[str, list[str]]] = {}
    for lock, found in by_lock.items():
        for package, version in found.items():
            places.setdefault(package, {}).setdefault(version, []).append(lock)
    return ", ".join(
        f"{package} {version}" + (f" ({', '.join(locks)})" if len(versions) > 1 else "")
        for package, versions in sorted(places.items())
        for version, locks in versions.items()
    )


def _cell(load: dict[str, float]) -> str:
    return f"{_pace(load)} · {load['cpu_us']:,.0f} · {load['rows_per_s']:,.0f}{_failed(load)}{_lost(load)}"


def _open_cell(server: dict[str, Any], openly: bool) -> list[str]:
    if not openly:
        return []
    return [_pace(server["open_loop"]) + _failed(server["open_loop"]) if "open_loop" in server else ""]


def _pace(load: dict[str, float]) -> str:
    return f"{load['requests_per_s']:,.0f} · {load['p50_ms']:.2f}/{load['p99_ms']:.2f}"


def _lost(load: dict[str, float]) -> str:
    """The share of the rows that the server should have kept and did not."""
    return f" · **{load['lost']:.1%} of the rows not kept**" if load.get("lost") else ""


def _failed(load: dict[str, float]) -> str:
    return f" · **{load['failed']:.0f} failed**" if load["failed"] else ""
