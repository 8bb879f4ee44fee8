from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.corpus import BuildConfig
from spektron.corpus.split import GroupSplitter, spectrum_rank


@given(
    sizes=st.dictionaries(st.text(min_size=1, max_size=8), st.integers(1, 50), min_size=1, max_size=60),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=50, deadline=None)
def test_a_compound_has_one_split_and_a_large_one_is_in_train(sizes: dict[str, int], seed: int) -> None:
    config = BuildConfig(seed=seed, validation_fraction=0.2, test_fraction=0.2, max_compound_share=0.5)
    splitter, again = GroupSplitter(config, sizes), GroupSplitter(config, sizes)
    limit = max(1.0, 0.5 * 0.2 * sum(sizes.values()))

    for compound, num in sizes.items():
        assert splitter.split_of(compound) == again.split_of(compound)
        assert num <= limit or splitter.split_of(compound) == "train"


def test_fractions_are_met_on_average() -> None:
    sizes = {f"compound {i}": 1 for i in range(20_000)}
    splitter = GroupSplitter(BuildConfig(validation_fraction=0.1, test_fraction=0.05), sizes)
    counts = Counter(map(splitter.split_of, sizes))
    assert abs(counts["validation"] / 20_000 - 0.10) < 0.01
    assert abs(counts["test"] / 20_000 - 0.05) < 0.01


def test_one_class_of_many_twins_never_is_the_validation_set() -> None:
    sizes = {f"compound {i}": 1 for i in range(1000)} | {"twin": 700}
    splits = set()
    for seed in range(50):  # whatever its hash says
        splits.add(GroupSplitter(BuildConfig(seed=seed, validation_fraction=0.4), sizes).split_of("twin"))
    assert "validation" not in splits or 700 <= 0.5 * 0.4 * 1700
    assert splits == {"train"}


def test_what_is_too_large_is_told_by_the_split_it_would_be_in() -> None:
    sizes = {f"compound {i}": 1 for i in range(10_000)} | {f"twin {i}": 120 for i in range(40)}
    config = BuildConfig(validation_fraction=0.4, test_fraction=0.01, max_compound_share=0.5)  # 2,960 and 74 spectra
    splitter = GroupSplitter(config, sizes)
    found = Counter(splitter.split_of(f"twin {i}") for i in range(40))
    assert found["validation"] > 5, "not too large for the larger split"
    assert not found["test"]


def test_adding_compounds_moves_none() -> None:
    few = {f"compound {i}": 1 for i in range(500)}
    many = few | {f"other {i}": 1 for i in range(5000)}
    config = BuildConfig(validation_fraction=0.2, test_fraction=0.2)
    before, after = GroupSplitter(config, few), GroupSplitter(config, many)
    assert all(before.split_of(name) == after.split_of(name) for name in few)


def test_rank_is_a_63_bit_hash_of_seed_and_id() -> None:
    ranks = {spectrum_rank(f"a/{i}", seed) for i in range(500) for seed in (0, 1)}
    assert len(ranks) == 1000
    assert all(0 <= rank < 2**63 for rank in ranks)
    # Frozen: another value here is another order of every corpus ever built.
    assert spectrum_rank("tiny/0", 0) == 6_565_167_608_729_061_792
