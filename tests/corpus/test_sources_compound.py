from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.corpus.sources._compound import SCANS_PER_BLOCK, compound_of


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"compound_id": "c", "inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "label": "l"}, "set/c"),
        ({"inchikey": "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "cas": "64-17-5"}, "inchikey/lfqscwfljhtthz-uhfffaoysa-n"),
        ({"cas": "64-17-5", "label": "ethanol"}, "cas/64-17-5"),
        ({"cas": "000064175", "label": "ethanol"}, "cas/64-17-5"),
        # A wrong check digit, and words that stand for "none".
        ({"cas": "64-17-6", "label": "ethanol"}, "set/ethanol"),
        ({"cas": "N/A", "inchikey": "nan", "label": "ethanol"}, "set/ethanol"),
        ({"label": "Spinel", "rruffid": "R050259"}, "set/Spinel"),
        ({"label": "", "rruffid": "R050259"}, "set/R050259"),
        ({}, "set/probe-x"),
        # Reference values name a sample; its replicate runs stay together.
        ({"label": '{"fat": 22.5, "train": 1.0}'}, 'set/{"fat": 22.5}'),
        ({"label": '{"fat": 22.5, "train": 0.0}'}, 'set/{"fat": 22.5}'),
        # A class of hundreds of samples names none.
        ({"label": '{"label": "Not Strawberry"}'}, "set/probe-x"),
        ({"label": '{"train": 1.0}'}, "set/probe-x"),
        ({"label": "426475"}, "set/426475"),
        ({"label": "[1, 2]"}, "set/[1, 2]"),
    ],
)
def test_the_first_name_that_is_given_counts(columns: dict[str, str], expected: str) -> None:
    assert compound_of("set", "probe-x", columns).id == expected


def test_every_other_identifier_is_an_alias() -> None:
    key = "LFQSCWFLJHTTHZ-UHFFFAOYSA-N"
    given = {"compound_id": "c7", "inchikey": key, "cas": "64175", "rruffid": "R050259", "label": "ethanol"}
    assert compound_of("set", "probe-x", given).aliases == (
        f"inchikey/{key.casefold()}",
        "cas/64-17-5",
        "rruffid/r050259",
    )


@pytest.mark.parametrize("columns", [{"cas": "0"}, {"cas": "64-17-6"}, {"inchikey": "nan"}])
def test_an_identifier_that_cannot_be_one_is_told(columns: dict[str, str]) -> None:
    compound = compound_of("set", "probe-x", columns)
    assert compound.repairs == ("identifier-ignored",)
    assert compound.aliases == ()


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbered_spectra_without_a_name_go_in_blocks(a: int, b: int) -> None:
    same = compound_of("set", f"scan_{a}", {}) == compound_of("set", f"scan_{b}", {})
    assert same == (a // SCANS_PER_BLOCK == b // SCANS_PER_BLOCK)


def test_series_of_different_names_do_not_mix() -> None:
    assert compound_of("set", "train_1", {}) != compound_of("set", "test_1", {})
    assert compound_of("set", "a_1", {}) != compound_of("other", "a_1", {})


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_names_something(sample_id: str, label: str) -> None:
    assert compound_of("set", sample_id, {"label": label}).id.startswith("set/")
