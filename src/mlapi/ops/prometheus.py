"""Samples as Prometheus reads them (text format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from collections.abc import Iterable, Iterator
from itertools import accumulate, groupby
from typing import Final

from mlapi.ops.metrics import Kind, Sample

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def exposition(samples: Iterable[Sample]) -> bytes:
    """Write samples, those of one metric next to each other."""
    lines: list[str] = []
    for definition, group in groupby(samples, key=lambda sample: sample.definition):
        lines.append(f"# HELP {definition.name} {definition.help}")
        lines.append(f"# TYPE {definition.name} {definition.kind}")
        for sample in group:
            lines.extend(_lines(sample))
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")


def _lines(sample: Sample) -> Iterator[str]:
    definition = sample.definition
    pairs = list(zip(definition.labels, sample.labels, strict=True))
    if definition.kind is not Kind.HISTOGRAM:
        yield f"{definition.name}{_labels(pairs)} {_number(sample.value)}"
        return
    bounds = [*map(_number, definition.buckets), "+Inf"]
    for bound, count in zip(bounds, accumulate(sample.counts), strict=True):
        yield f"{definition.name}_bucket{_labels([*pairs, ('le', bound)])} {count}"
    yield f"{definition.name}_sum{_labels(pairs)} {_number(sample.value)}"
    yield f"{definition.name}_count{_labels(pairs)} {sum(sample.counts)}"


def _labels(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs) + "}" if pairs else ""


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
