"""Numbers as bodies may spell them: plain ones, those beside a limit, and what only looks like one."""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random
from typing import Final

import numpy as np

from mlapi.bundle.cells import FLOAT32_OVERFLOW
from mlapi.bundle.schema import Feature, FeatureKind
from tests.fuzz.words import texts

EDGES: Final = texts("numbers")
NO_NUMBERS: Final = texts("no_numbers")


def odd_number(rng: Random) -> str:
    """What nobody would send, and mostly no number."""
    return rng.choice(NO_NUMBERS) if rng.random() < 0.6 else _long(rng)


def fitting(rng: Random, feature: Feature) -> str:
    """Give a spelling of a number that the feature takes, without a remark if that can be."""
    for _ in range(5):
        text = number(rng, feature)
        value = float(text)
        inside = (feature.minimum is None or value >= feature.minimum) and (
            feature.maximum is None or value <= feature.maximum
        )
        if inside and abs(value) < FLOAT32_OVERFLOW and (feature.kind is FeatureKind.NUMERIC or value.is_integer()):
            return text
    return "0" if feature.minimum is None or feature.minimum <= 0 else repr(feature.minimum)


def number(rng: Random, feature: Feature) -> str:
    """Give a spelling that JSON has, mostly within what the feature takes."""
    whole = feature.kind is FeatureKind.INTEGER
    makers = (_small, _edge, _float32, _float64, _digits, _near_limit, _near_tie)
    weights = (6, 2, 0 if whole else 2, 0 if whole else 1, 1, 2, 0 if whole else 3)
    return rng.choices(makers, weights)[0](rng, feature)


def _small(rng: Random, feature: Feature) -> str:
    if feature.kind is FeatureKind.INTEGER or rng.random() < 0.3:
        return str(rng.randint(-3, 90))
    return f"{rng.uniform(0, 9.5):.{rng.randint(1, 17)}f}"


def _edge(rng: Random, _: Feature) -> str:
    return rng.choice(EDGES)


def _float32(rng: Random, _: Feature) -> str:
    value = np.uint32(rng.getrandbits(32)).view(np.float32)
    return repr(float(value)) if np.isfinite(value) else "0"


def _float64(rng: Random, _: Feature) -> str:
    value = float(np.uint64(rng.getrandbits(64)).view(np.float64))
    return repr(value) if math.isfinite(value) else "0"


def _digits(rng: Random, _: Feature) -> str:
    """Any digits: fractions and exponents of lengths at which readers change their minds."""
    text = rng.choice(("", "-")) + _some(rng).lstrip("0").zfill(1)
    if rng.random() < 0.6:
        text += "." + "0" * rng.choice((0, 0, 0, 5, 30)) + _some(rng)
    if rng.random() < 0.5:
        text += rng.choice("eE") + rng.choice(("", "+", "-")) + str(rng.choice((0, 1, 21, 22, 23, 37, 38, 45, 310)))
    return text


def _some(rng: Random) -> str:
    return "".join(rng.choices("0123456789", k=rng.choice((1, 2, 7, 15, 16, 17, 18, 19, 20, 21, 40))))


def _near_limit(rng: Random, feature: Feature) -> str:
    limits = [limit for limit in (feature.minimum, feature.maximum) if limit is not None]
    limit = rng.choice(limits or [2.0**24, 2.0**53, 0.1])
    return repr(rng.choice((limit, math.nextafter(limit, math.inf), math.nextafter(limit, -math.inf))))


def _near_tie(rng: Random, _: Feature) -> str:
    """Beside the middle between two float32s, where a bit of a float64 decides, in as many digits as C reads."""
    low = np.float32(rng.uniform(0, 9.5) * 10.0 ** rng.randint(-3, 12))
    tie = (float(low) + float(np.nextafter(low, np.float32(np.inf)))) / 2
    beside = Fraction(tie) + rng.choice((-1, 0, 1)) * Fraction(math.ulp(tie)) * Fraction(
        rng.choice((0.49, 0.5, 0.51, 1))
    )
    power = rng.choice((16, 17, 18, 19)) - math.floor(math.log10(tie)) - 1
    return f"{round(beside * Fraction(10) ** power)}e{-power}"


def _long(rng: Random) -> str:
    """Around the longest that C reads (400) and the longest integer that Python reads at once."""
    n_digits = rng.choice((395, 398, 399, 400, 401, 402, 1000, 4300, 4301, 5000))
    return rng.choice(
        (
            "1" * n_digits,
            "-" + "9" * n_digits,
            "0." + "0" * n_digits + "1",
            "1." + "3" * n_digits,
            "1e" + "0" * n_digits,
        )
    )
