"""Tables larger than memory: Parquet read row group by row group, looked at once, and streamed into XGBoost's bins."""

from mlapi.training.streaming.engine import with_engine
from mlapi.training.streaming.streamed import stream

__all__ = ["stream", "with_engine"]
