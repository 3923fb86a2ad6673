"""A run that nobody keeps: for boosters that are trained to be scored and thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mlapi.training.artifacts import ArtifactStore
from mlapi.training.tracking import TrackedRun


class UnkeptFiles(ArtifactStore):
    """Takes files and keeps none."""

    def __init__(self) -> None:
        """Need no client."""

    def write(self, files: Mapping[str, bytes], folder: str = "") -> None:
        """Forget some files."""

    def names(self, folder: str = "") -> list[str]:
        """Give no paths."""
        return []


class UnrecordedRun(TrackedRun):
    """Takes everything that a run takes, and forgets it; no server is needed."""

    def __init__(self) -> None:
        self.run_id = ""
        self.files = UnkeptFiles()

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Forget parameters, figures and tags."""

    def curve(self, name: str, values: Mapping[int, float]) -> None:
        """Forget a curve."""

    @contextmanager
    def boosting(self) -> Iterator[None]:
        """Watch nothing."""
        yield

    @contextmanager
    def trial(self, name: str) -> Iterator[TrackedRun]:
        """Give a run below this one, as forgetful."""
        yield self
