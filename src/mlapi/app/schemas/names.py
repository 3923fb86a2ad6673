"""Names of features as they stand in JSON."""

from collections.abc import Sequence

from mlapi.bundle.schema import Feature


def fits_names(features: Sequence[Feature]) -> bool:
    """Whether JSON spells every name as it is, so that a key can be compared byte by byte."""
    return all(_is_plain(feature.name) for feature in features)


def _is_plain(name: str) -> bool:
    return '"' not in name and "\\" not in name and min(name) >= " "
