from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.core.identity import canonical_json, differences, fingerprint
from spektron.core.settings import Settings

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), plain, max_size=5), st.randoms())
def test_order_of_keys_does_not_matter(value, random):
    items = list(value.items())
    random.shuffle(items)
    assert fingerprint(dict(items)) == fingerprint(value)


@given(plain, plain)
def test_different_content_has_different_names(a, b):
    assert (fingerprint(a) == fingerprint(b)) == (canonical_json(a) == canonical_json(b))


def test_numbers_have_one_spelling():
    assert canonical_json({"a": 1.0}) == canonical_json({"a": 1}) == canonical_json({"a": np.float64(1)}) == '{"a":1}'
    assert canonical_json(np.int64(3)) == "3"
    assert canonical_json(True) == "true"
    assert canonical_json(1) == "1"


def test_fingerprint_is_the_same_for_ever():
    """A change of canonical form would orphan every ledger there is."""
    value = {"study": "corpus_scaling@1", "seed": 0, "lr": 0.001, "scales": ["fine", None]}
    assert canonical_json(value) == '{"lr":0.001,"scales":["fine",null],"seed":0,"study":"corpus_scaling@1"}'
    assert fingerprint(value) == "37ce66ecf428d733"


def test_models_and_dataclasses_are_their_content():
    class Config(Settings):
        steps: int = 3

    @dataclasses.dataclass
    class Point:
        steps: int = 3

    assert fingerprint(Config()) == fingerprint(Point()) == fingerprint({"steps": 3})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, {"a": object()}, {"a": {1, 2}}, b"x"])
def test_what_has_no_canonical_form_is_an_error(value):
    with pytest.raises(ConfigError):
        fingerprint(value)


def test_the_error_names_the_place():
    with pytest.raises(ConfigError, match=r"value\.a\[1\]\.b"):
        fingerprint({"a": [0, {"b": float("nan")}]})


def test_differences_name_every_leaf():
    old = {"corpus": {"rows": 3, "name": "x"}, "seed": 0}
    new = {"corpus": {"rows": 4, "name": "x"}, "seed": 0, "extra": 1}
    assert differences(old, new) == {"corpus.rows": (3, 4), "extra": (None, 1)}
    assert differences(old, old) == {}
