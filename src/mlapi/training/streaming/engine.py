"""Which engine boosts a table, and what cannot be asked of one that does not hold all rows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import parquet

from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError
from mlapi.training.formats import format_name
from mlapi.training.table import RawTable

AUTO_CELLS: Final = 200_000_000  # 1.6 GB as float64, of which reading, splitting and encoding hold several copies
_NEEDS_ALL: Final = {"group": None, "time": None, "trials": 0, "cv": 0}


def with_engine(config: TrainingConfig, table: RawTable | None = None) -> TrainingConfig:
    """Settle the engine of a configuration.

    Raises:
        ConfigError: the table cannot be streamed, or a parameter needs all rows at once.
    """
    path = None if table is not None or config.data is None else Path(config.data)
    if config.engine == "auto":
        large = path is not None and _is_parquet(path) and _cells(path) > AUTO_CELLS
        if not large or _asked(config):
            return config.model_copy(update={"engine": "memory"})
        return config.model_copy(update={"engine": "stream"})
    if config.engine != "memory":
        if path is None or not _is_parquet(path):
            raise ConfigError("--engine", f"{config.engine} needs a Parquet file: --data FILE.parquet")
        for name in _asked(config):
            flag = f"--{name.replace('_', '-')}"
            raise ConfigError(flag, f"is for tables in memory; leave it out, or give --engine memory ({path.name})")
    return config


def _asked(config: TrainingConfig) -> list[str]:
    return [name for name, default in _NEEDS_ALL.items() if getattr(config, name) != default]


def _is_parquet(path: Path) -> bool:
    return format_name(path) == "Parquet"


def _cells(path: Path) -> int:
    try:
        about = parquet.read_metadata(path)
    except (pa.ArrowException, OSError):
        return 0  # the reader says what is wrong
    return int(about.num_rows) * int(about.num_columns)
