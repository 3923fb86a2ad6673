"""What the owner says in the card."""

import pytest

from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError


def test_parts_are_taken_as_given() -> None:
    assert TrainingConfig(dataset="iris", card={"limits": "flowers only"}).card == {"limits": "flowers only"}


def test_an_unknown_part_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match=r"card\.limit: no such part; did you mean 'limits'"):
        TrainingConfig(dataset="iris", card={"limit": "x"})
