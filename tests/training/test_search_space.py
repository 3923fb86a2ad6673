"""Where the search looks: what is given over the default space, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from mlapi.training.config import TrainingConfig
from mlapi.training.errors import ConfigError
from mlapi.training.search_space import SPACE, SearchRange


def space(**given: Any) -> dict[str, SearchRange]:
    return dict(TrainingConfig(dataset="iris", search=given).search)


def test_what_is_given_stands_over_the_default_space() -> None:
    found = space(max_depth={"low": 2, "high": 4}, max_bin={"choices": [64, 256]}, subsample=False)
    assert found["max_depth"] == SearchRange(low=2, high=4)
    assert found["max_bin"] == SearchRange(choices=(64, 256))
    assert "subsample" not in found
    assert found["learning_rate"] == SPACE["learning_rate"]


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("0.01:0.3:log", SearchRange(low=0.01, high=0.3, log=True)),
        ("0.1:0.3", SearchRange(low=0.1, high=0.3)),
        ("0.1,0.2", SearchRange(choices=(0.1, 0.2))),
        ([0.1, 0.2], SearchRange(choices=(0.1, 0.2))),
    ],
)
def test_a_range_may_be_one_word_or_a_list(text: object, means: SearchRange) -> None:
    assert space(learning_rate=text)["learning_rate"] == means


def test_the_order_in_which_ranges_are_given_changes_nothing() -> None:
    assert list(space(max_bin="64,256", gamma="0:1")) == list(space(gamma="0:1", max_bin="64,256"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"max_dept": "3:4"}, "search.max_dept: no such parameter; did you mean 'max_depth'?"),
        ({"max_depth": {"low": 3, "hihg": 4}}, "search.max_depth.hihg: extra inputs are not permitted; did you mean"),
        ({"max_depth": "4:3"}, "search.max_depth: low 4 lies above high 3"),
        ({"max_depth": "0:3"}, "search.max_depth: input should be greater than or equal to 1"),
        ({"max_depth": "2.5:3"}, "search.max_depth: input should be a valid integer"),
        ({"reg_lambda": "0:3:log"}, "search.reg_lambda: a logarithmic range begins above 0"),
        ({"gamma": "0:inf"}, "search.gamma: low 0 lies above high inf or is not finite"),
        ({"gamma": "0:x"}, "search.gamma: '0:x' is neither LOW:HIGH, LOW:HIGH:log nor VALUE,VALUE,…"),
        ({"gamma": {"low": 1}}, "search.gamma: give low and high, or choices"),
        ({"gamma": {"low": 1, "choices": [1]}}, "search.gamma: give either choices or low and high"),
    ],
    ids=str,
)
def test_a_range_that_cannot_be_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        space(**given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_range_knows_what_it_holds() -> None:
    assert SearchRange(low=1, high=3).holds(3)
    assert not SearchRange(low=1, high=3).holds(4)
    assert SearchRange(choices=(1, 3)).holds(3)
    assert not SearchRange(choices=(1, 3)).holds(2)
