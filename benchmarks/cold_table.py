"""The tables of starts and imports."""

from typing import Any

SERVERS = {"mlapi": "mlapi, one worker", "constant": "bare framework route, constant answer"}


def cold_table(results: dict[str, Any]) -> str:
    """Markdown: one line a server, then what each process imports."""
    lines = [
        "| server | start to first 200, s | CPU s of it | modules | resident, MiB | PSS | follower: resident, PSS |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, label in SERVERS.items():
        found, modules = results["servers"][name], results["imports"][name]["modules"]
        follower = f"{found['children_resident_mib']:.0f}, {found['children_pss_mib']:.0f}"
        lines.append(
            f"| {label} | {found['start_s']:.2f} | {found['cpu_s']:.2f} | {modules} | {found['resident_mib']:.0f} "
            f"| {found['pss_mib']:.0f} | {follower if found['children_resident_mib'] else 'none'} |"
        )
    note = _note(results)
    return "\n".join([*lines, "", *_packages(results["imports"]), "", note, ""])


def _packages(profiles: dict[str, Any]) -> list[str]:
    """The slowest packages of the worker and of the follower, side by side by their own time."""
    worker, follower = profiles["mlapi"], profiles["follower"]
    lines = [
        f"| worker imports ({worker['ms']:.0f} ms) | modules | own, ms | with what it brings, ms |",
        "|---|---:|---:|---:|",
    ]
    lines += [
        f"| {p['name']} | {p['modules']} | {p['self_ms']:.0f} | {p['total_ms']:.0f} |" for p in worker["packages"]
    ]
    slowest = ", ".join(f"{p['name']} {p['self_ms']:.0f}" for p in follower["packages"][:5])
    return [*lines, "", f"The follower imports {follower['modules']} modules in {follower['ms']:.0f} ms: {slowest}."]


def _note(results: dict[str, Any]) -> str:
    machine = results["machine"]
    versions = ", ".join(f"{library} {version}" for library, version in machine["libraries"].items())
    return (
        f"Medians of {results['rounds']} interleaved starts on {machine['cores']} cores with a warm page cache; memory "
        f"3 s later; PSS counts a page that two processes share as half. Imports are the fastest of 5 runs under "
        f"`-X importtime`, which makes them slower. Python {machine['python']}, {versions}."
    )
