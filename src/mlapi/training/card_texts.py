"""What only the owner can say of a model: `--card PART=TEXT`, or a table `[training.card]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator

from mlapi.training.errors import ConfigError, nearest

PARTS: Mapping[str, str] = {
    "intended_use": "Intended use",
    "out_of_scope": "Not to be used for",
    "limits": "Known limits",
    "ethics": "Risks and whom they touch",
    "contact": "Contact",
    "licence": "Licence",
}


def read_texts(given: object) -> object:
    """Refuse a part that a card does not have.

    Raises:
        ConfigError: names it, and the nearest one.
    """
    if isinstance(given, Mapping):
        for name in given:
            if name not in PARTS:
                raise ConfigError(f"card.{name}", f"no such part{nearest(str(name), PARTS) or '; ' + ', '.join(PARTS)}")
    return given


CardTexts = Annotated[Mapping[str, str], BeforeValidator(read_texts)]
