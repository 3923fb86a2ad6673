"""Score files of any size: read piece by piece, encoded and scored as by the service, written whole or not at all."""

from mlapi.training.scoring.file_scorer import FileScorer, Outcome

__all__ = ["FileScorer", "Outcome"]
