"""The tables of `make bench`: decoding, servers, load shapes."""

from typing import Any

from benchmarks.peers.table import servers_table

WAYS = {"native": "**native**", "msgspec": "msgspec, to columns, then encoded", "pandas": "`json` and pandas"}


def encode_table(results: dict[str, Any]) -> str:
    """Markdown: CPU microseconds from body to matrix, by way and rows."""
    times = results["cpu_us"]
    heads = " | ".join(f"{int(n):,} row{'s' if n != '1' else ''}" for n in times)
    lines = [f"| CPU µs a body | {heads} | cells that differ |", "|---" + "|---:" * (len(times) + 1) + "|"]
    for way, different in results["different_cells"].items():
        cells = " | ".join(f"{by[way]:,.1f}" for by in times.values())
        lines.append(f"| {WAYS[way]} | {cells} | {different} of {results['cells_compared']:,} |")
    return "\n".join(lines) + f"\n\nThe least of {results['rounds']} interleaved rounds. {origin(results)}\n"


def serving_table(results: dict[str, Any]) -> str:
    """Markdown: one line a server, and what ours costs beside the constant answer."""
    servers = results["servers"]
    shares = [
        f"{servers['mlapi']['load'][shape]['requests_per_s'] / load['requests_per_s']:.2f} · "
        f"{servers['mlapi']['load'][shape]['cpu_us'] / load['cpu_us']:.2f}"
        for shape, load in servers["constant"]["load"].items()
    ]
    start, memory = (servers["mlapi"][name] / servers["constant"][name] for name in ("start_s", "resident_mib"))
    ratio = f"| mlapi / constant: requests/s · CPU | {start:.2f} | {memory:.2f} | {' | '.join(shares)} |"
    note = (
        f"Medians of {results['rounds']} interleaved rounds, loads of {results['seconds']} s by wrk on the same cores; "
        f"CPU time is of every process of the server and the least of the rounds; memory is PSS. {origin(results)}"
    )
    return f"{servers_table(results)}\n{ratio}\n\n{note}\n"


def shapes_table(results: dict[str, Any]) -> str:
    """Markdown: what was offered in each shape, what was answered, and when."""
    lines = [
        "| load | offered/s | answered/s | by status | p50/p99/p99.9 ms since due | |",
        "|---|---:|---:|---|---|---|",
    ]
    for name, shape in results["shapes"].items():
        lines += [_line(label, part, note) for label, part, note in _parts(name, shape)]
    most = ", ".join(
        f"{rate:,.0f} of {n} row{'s' if n != '1' else ''}" for n, rate in results["capacity_per_s"].items()
    )
    note = (
        f"The most in a closed loop before: {most}, requests/s. Status 0: no answer, or none in time. {origin(results)}"
    )
    return "\n".join(lines) + f"\n\n{note}\n"


def _parts(name: str, shape: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    if "by_rows" in shape:
        sizes = [(f"of these, {n} row{'s' if n != '1' else ''}", part, "") for n, part in shape["by_rows"].items()]
        return [(name, shape, ""), *sizes]
    if "before" in shape:
        over = f"as before after {shape['recovered_after_s']:.1f} s"
        return [
            (f"{name}: before", shape["before"], ""),
            (f"{name}: the second", shape, ""),
            (f"{name}: after", shape["after"], over),
        ]
    if "late_from_share_of_most" in shape:
        knee = shape["late_from_share_of_most"]
        return [(name, shape, "never late" if knee is None else f"late or refused from {knee:.2f} of the most")]
    return [(name, shape, "")]


def _line(label: str, part: dict[str, Any], note: str) -> str:
    statuses = ", ".join(f"{status}: {n:,}" for status, n in part["statuses"].items())
    times = "/".join(f"{part[name]:,.1f}" for name in ("p50_ms", "p99_ms", "p999_ms"))
    return f"| {label} | {part['offered_per_s']:,.0f} | {part['good_per_s']:,.0f} | {statuses} | {times} | {note} |"


def origin(results: dict[str, Any]) -> str:
    """Say on what machine, how busy it was, with which versions, and by what command."""
    host, machine = results["host"], results["machine"]
    versions = ", ".join(f"{library} {version}" for library, version in machine["libraries"].items())
    command = f" `{results['command']}`." if "command" in results else ""
    return (
        f"{host['processor']}, {host['cores']} cores, {host['memory_gib']} GiB, Linux {host['kernel']}; load average "
        f"{host['load_average_before']} before and {host['load_average_after']} after (the measurement itself makes 1 "
        f"to 2; above that, others worked beside it). Python {machine['python']}, {versions}.{command}"
    )
