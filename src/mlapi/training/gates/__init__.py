"""What stands between a version and an alias: an ordered list of gates, each of which gives a verdict with figures."""

from __future__ import annotations

from mlapi.training.gates.champion import ChampionGate
from mlapi.training.gates.contest import Contender, Contest, Gate, Outcome, Verdict
from mlapi.training.gates.latency import LatencyGate
from mlapi.training.gates.schema import SchemaGate
from mlapi.training.run_files import RunFiles

__all__ = ["NAMES", "Contender", "Contest", "Gate", "Outcome", "Verdict", "default_gates"]

NAMES = (SchemaGate.name, ChampionGate.name, LatencyGate.name)


def default_gates(runs: RunFiles, *, latency_budget_ms: float) -> tuple[Gate, ...]:
    """Give the gates in the order in which they are asked; verification of the bundle comes before them all."""
    return SchemaGate(), ChampionGate(runs), LatencyGate(latency_budget_ms)
