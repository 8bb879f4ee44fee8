from __future__ import annotations

import pytest
from pydantic import Field, ValidationError, model_validator

from spektron.core.errors import ConfigError
from spektron.core.settings import Settings, parse_assignments


class Inner(Settings):
    dim: int = Field(default=8, ge=1)
    scales: tuple[str, ...] = ("fine",)


class Outer(Settings):
    steps: int = 10
    encoder: Inner = Inner()


def test_dotted_paths_are_replaced_and_validated():
    changed = Outer().with_values({"steps": 20, "encoder.dim": 4, "encoder.scales": ["a", "b"]})
    assert (changed.steps, changed.encoder.dim, changed.encoder.scales) == (20, 4, ("a", "b"))


def test_a_misspelt_path_names_the_near_ones():
    with pytest.raises(ConfigError) as caught:
        Outer().with_values({"encoder.dims": 4})
    assert "encoder.dim" in caught.value.hint


def test_the_leaf_alone_leads_to_its_path():
    with pytest.raises(ConfigError) as caught:
        Outer().with_values({"dim": 4})
    assert "encoder.dim" in caught.value.hint


@pytest.mark.parametrize("values", [{"encoder.dim": 0}, {"steps": "many"}, {"steps": True}, {"encoder": 3}])
def test_values_that_do_not_fit_are_refused(values):
    with pytest.raises(ConfigError):
        Outer().with_values(values)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_what_is_no_number_is_refused(number):
    class Real(Settings):
        rate: float = Field(default=1.0, gt=-1.0)
        shares: dict[str, float] = Field(default_factory=dict)

    for values in ({"rate": number}, {"shares": {"a": number}}):
        with pytest.raises(ConfigError, match="finite"):
            Real().with_values(values)


def test_settings_that_do_not_go_together_are_told_without_all_the_others():
    class Range(Settings):
        low: int = 0
        high: int = 1

        @model_validator(mode="after")
        def _in_order(self):
            if self.low > self.high:
                raise ValueError(f"expected low ≤ high, found {self.low} > {self.high}")
            return self

    class Whole(Settings):
        steps: int = 10
        range: Range = Range()

    with pytest.raises(ConfigError) as caught:
        Whole().with_values({"range.low": 7})
    assert caught.value.message == "Whole: range: Value error, expected low ≤ high, found 7 > 1"
    with pytest.raises(ConfigError) as caught:
        Range().with_values({"low": 7})
    assert caught.value.message == "Range: Value error, expected low ≤ high, found 7 > 1"


def test_settings_are_frozen_and_closed():
    with pytest.raises(ValidationError):
        Outer().steps = 3
    with pytest.raises(ValidationError):
        Outer(step=3)


def test_assignments_are_json_where_they_are_json():
    words = ["a.b=3", "c=[1,2]", "d=text", "e=true", "f=x=y", 'g="3"']
    expected = {"a.b": 3, "c": [1, 2], "d": "text", "e": True, "f": "x=y", "g": "3"}
    assert parse_assignments(words) == expected


@pytest.mark.parametrize("word", ["steps", "=3", ""])
def test_a_word_without_key_and_value_is_refused(word):
    with pytest.raises(ConfigError, match="key=value"):
        parse_assignments([word])


def test_a_setting_given_twice_is_refused():
    with pytest.raises(ConfigError, match="each setting once, found steps again"):
        parse_assignments(["steps=3", "steps=4"])


def test_a_key_with_dots_is_one_step_of_a_path():
    class Space(Settings):
        space: dict[str, dict[str, int]]

    space = Space(space={"encoder.dim": {"low": 1}, "seed": {"low": 0}})
    assert space.with_values({"space.encoder.dim.low": 3}).space["encoder.dim"] == {"low": 3}
    assert space.with_values({"space.encoder.dim": {"low": 5}}).space["encoder.dim"] == {"low": 5}
    with pytest.raises(ConfigError, match=r"found 'space\.encoder\.heads'"):
        space.with_values({"space.encoder.heads": {"low": 5}})
