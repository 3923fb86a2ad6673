"""The table of benchmarks/engine.py."""

from typing import Any

LABELS = {
    "inplace_predict": "`Booster.inplace_predict`",
    "libxgboost": "libxgboost's C API, through ctypes",
    "node by node": "ours, node by node",
    "native": "**ours**",
}


def engine_table(results: dict[str, Any]) -> str:
    """Markdown: CPU microseconds a call by engine and rows, and how many times faster than inplace_predict ours is."""
    times = results["cpu_us"]
    heads = " | ".join(f"{int(n_rows):,} row{'s' if n_rows != '1' else ''}" for n_rows in times)
    lines = [f"| CPU µs a call | {heads} | margins with other bits |", "|---" * (len(times) + 2) + "|"]
    for name, label in LABELS.items():
        cells = " | ".join(f"{by_engine[name]:,.1f}" for by_engine in times.values())
        lines.append(f"| {label} | {cells} | {results['different_bits'][name]} of {results['rows_compared']:,} |")
    ratios = " | ".join(
        f"{by_engine['inplace_predict'] / by_engine['native']:.1f} times" for by_engine in times.values()
    )
    lines.append(f"| ours is faster than `inplace_predict` | {ratios} | |")
    machine = results["machine"]
    note = (
        f"\n{results['trees']} trees of depth {results['depth']}, the least of {results['rounds']} interleaved rounds, "
        f"{machine['cores']} cores, Python {machine['python']}, xgboost {machine['libraries']['xgboost-cpu']}.\n"
    )
    return "\n".join(lines) + "\n" + note
