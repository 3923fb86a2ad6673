"""Where the search looks for each parameter: from one end to the other, or among choices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from mlapi.training.booster_params import BoosterParams
from mlapi.training.errors import ConfigError, nearest, shown
from mlapi.training.frozen import Frozen

if TYPE_CHECKING:
    import optuna

Number = int | float
OFF = "off"


class SearchRange(Frozen):
    """Both ends, which are included, or choices; `log` looks evenly over orders of magnitude.

    Whole ends of a whole-number parameter give whole numbers. A command line and a variable say `0.02:0.2:log`,
    `3:10` or `64,256`; a list gives choices too.
    """

    low: Number | None = Field(default=None, description="the least value")
    high: Number | None = Field(default=None, description="the greatest value")
    log: bool = Field(default=False, description="look evenly over orders of magnitude")
    choices: tuple[Number, ...] = Field(default=(), description="the values to choose from, instead of two ends")

    @model_validator(mode="before")
    @classmethod
    def _spelled(cls, given: Any) -> Any:
        if isinstance(given, list | tuple):
            return {"choices": tuple(given)}
        return _parsed(given) if isinstance(given, str) else given

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.choices and (self.low is not None or self.high is not None or self.log):
            raise ConfigError("search", "give either choices or low and high, not both")
        if not self.choices and (self.low is None or self.high is None):
            raise ConfigError("search", "give low and high, or choices")
        if self.low is not None and self.high is not None:
            if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.high):
                raise ConfigError("search", f"low {self.low:g} lies above high {self.high:g} or is not finite")
            if self.log and self.low <= 0:
                raise ConfigError("search", "a logarithmic range begins above 0")
        return self

    @property
    def ends(self) -> tuple[Number, ...]:
        """The values that must be possible for all others to be."""
        return self.choices or tuple(end for end in (self.low, self.high) if end is not None)

    def holds(self, value: Number) -> bool:
        """Whether the search could come upon a value."""
        return value in self.choices if self.choices else self.ends[0] <= value <= self.ends[1]

    def suggest(self, trial: optuna.Trial, name: str) -> Number:
        """Let the sampler choose."""
        if self.choices:
            chosen: Number = trial.suggest_categorical(name, list(self.choices))
            return chosen
        low, high = self.ends
        if BoosterParams.model_fields[name].annotation is int:
            return trial.suggest_int(name, int(low), int(high), log=self.log)
        return trial.suggest_float(name, low, high, log=self.log)


def read_space(given: object) -> object:
    """Put what was given over the default space; `off` or false takes a parameter out of it.

    Raises:
        ConfigError: no parameter of XGBoost has a name, or one cannot have a value of its range.
    """
    if not isinstance(given, Mapping):
        return given
    space = dict(SPACE)
    for name, value in given.items():
        if name not in BoosterParams.model_fields:
            raise ConfigError(f"search.{name}", f"no such parameter{nearest(name, BoosterParams.model_fields)}")
        if value is False or value == OFF:
            space.pop(name, None)
        else:
            space[name] = _checked(name, value)
    return dict(sorted(space.items()))  # the sampler draws in this order, wherever a parameter was given


def _checked(name: str, value: object) -> SearchRange:
    try:
        found = SearchRange.model_validate(value)
        for end in found.ends:
            BoosterParams.model_validate({name: end})
    except ConfigError as error:
        place = f"search.{name}" if error.field in {"search", f"params.{name}", ""} else f"search.{name}.{error.field}"
        raise ConfigError(place, error.reason) from error
    return found


def _parsed(text: str) -> dict[str, object]:
    """Read `low:high`, `low:high:log` or `a,b,c`."""
    try:
        if ":" not in text:
            return {"choices": tuple(_number(part) for part in text.split(",") if part.strip())}
        low, high, *more = text.split(":")
        if more in ([], ["log"]):
            return {"low": _number(low), "high": _number(high), "log": bool(more)}
    except ValueError:
        pass
    raise ConfigError("search", f"{shown(text)} is neither LOW:HIGH, LOW:HIGH:log nor VALUE,VALUE,…")


def _number(text: str) -> Number:
    try:
        return int(text)
    except ValueError:
        return float(text)


# Around the defaults; wider ranges than these spend a short search on models that nobody would ship
SPACE: dict[str, SearchRange] = {
    "colsample_bytree": SearchRange(low=0.3, high=1.0),
    "learning_rate": SearchRange(low=0.02, high=0.2, log=True),
    "max_depth": SearchRange(low=3, high=10),
    "min_child_weight": SearchRange(low=0.5, high=20.0, log=True),
    "reg_lambda": SearchRange(low=0.01, high=10.0, log=True),
    "subsample": SearchRange(low=0.5, high=1.0),
}

Space = Annotated[Mapping[str, SearchRange], BeforeValidator(read_space)]
