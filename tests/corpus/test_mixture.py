from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError
from spektron.corpus import Corpus, build_corpus
from spektron.corpus.streaming.mixture import batch_counts, kind_shares, parse_mix
from spektron.spectra.spectrum import SpectrumBatch
from tests.corpus.conftest import SMALL, TinySource, make_spectrum

# One spectrum in five is experimental; the first intensity of row i is i.
KINDS = ["experimental" if i % 5 == 0 else "computed" for i in range(600)]
MIX = {"computed": 0.5, "experimental": 0.5}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    out = tmp_path_factory.mktemp("mixed") / "corpus"
    build_corpus([TinySource([make_spectrum(i, kind=kind) for i, kind in enumerate(KINDS)])], out, SMALL)
    return Corpus.open(out)


def _ids(batch: SpectrumBatch) -> list[int]:
    return [int(i) for i in batch.intensity[:, 0]]


@given(
    weights=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=4),
    batch_size=st.integers(1, 97),
    num_batches=st.integers(1, 60),
)
@settings(max_examples=200, deadline=None)
def test_every_prefix_has_its_shares_to_within_a_row(weights: list[float], batch_size: int, num_batches: int) -> None:
    shares = np.array(weights) / sum(weights)
    taken = np.zeros(len(weights))
    for done, counts in enumerate(islice(batch_counts(shares.tolist(), batch_size), num_batches), 1):
        assert sum(counts) == batch_size
        assert min(counts) >= 0
        taken += counts
        assert np.abs(taken - shares * done * batch_size).max() < len(weights)


def test_a_kind_is_gone_through_before_any_of_it_comes_again(mixed: Corpus) -> None:
    computed, experimental = mixed.shares(MIX)
    assert (computed.kind, experimental.kind) == ("computed", "experimental")
    assert computed.unique == mixed.manifest.kinds["computed"]["train"]
    stream = mixed.stream(num_spectra=None, batch_size=20, seed=3, mix=MIX)
    seen = [i for batch in islice(stream, 60) for i in _ids(batch)]

    by_kind = {kind: [i for i in seen if KINDS[i] == kind] for kind in MIX}
    assert len(by_kind["computed"]) == len(by_kind["experimental"]) == 600
    for share in (computed, experimental):
        times = Counter(by_kind[share.kind])
        assert len(times) == min(share.unique, 600)
        assert max(times.values()) - min(times.values()) <= 1
        assert np.mean(list(times.values())) == pytest.approx(share.epochs(len(seen)), rel=0.3)


def test_a_smaller_mixture_is_part_of_a_larger_one(mixed: Corpus) -> None:
    def rows(num_spectra: int) -> set[int]:
        batches = mixed.stream(num_spectra=num_spectra, batch_size=num_spectra, seed=0, mix=MIX)
        return {i for batch in islice(batches, 4) for i in _ids(batch)}

    assert len(rows(40)) == 40
    assert rows(40) < rows(80)


def test_it_resumes_at_any_batch(mixed: Corpus) -> None:
    settings_ = {"num_spectra": 90, "batch_size": 7, "seed": 1, "mix": {"computed": 0.8, "experimental": 0.2}}
    whole = list(islice(mixed.stream(**settings_), 40))  # type: ignore[arg-type]
    for start in (0, 1, 13, 39):
        resumed = next(mixed.stream(**settings_, start_batch=start))  # type: ignore[arg-type]
        assert _ids(resumed) == _ids(whole[start])
        assert np.array_equal(resumed.intensity, whole[start].intensity)


def test_workers_share_the_batches_of_one(mixed: Corpus) -> None:
    mix = {"computed": 0.7, "experimental": 0.3}

    def batches(rank: int, world_size: int) -> list[list[int]]:
        rows = 24 // world_size
        stream = mixed.stream(
            num_spectra=81, batch_size=rows, seed=0, rank=rank, world_size=world_size, start_batch=5, mix=mix
        )
        return [_ids(batch) for batch in islice(stream, 12)]

    alone = batches(0, 1)
    for world_size in (2, 3):
        shares = zip(*(batches(rank, world_size) for rank in range(world_size)))
        assert [np.stack(share, axis=1).ravel().tolist() for share in shares] == alone


@pytest.mark.ray
def test_streaming_gives_the_same_shares(mixed: Corpus, ray_cluster: None) -> None:
    # 400 rows' worth of memory: the experimental ones stay in memory, the computed ones are streamed.
    stream = mixed.stream(num_spectra=None, batch_size=20, seed=3, mix=MIX, resident_bytes=200 * 8208)
    seen = [i for batch in islice(stream, 44) for i in _ids(batch)]
    times = Counter(i for i in seen if KINDS[i] == "computed")
    assert sum(times.values()) == 440
    assert max(times.values()) - min(times.values()) <= 1


def test_a_kind_short_of_rows_gives_what_it_has() -> None:
    computed, experimental = kind_shares(
        {"computed": 1000, "experimental": 10}, {"computed": 4, "experimental": 1}, 100
    )
    assert (computed.weight, computed.unique) == (0.8, 80)
    assert (experimental.weight, experimental.unique, experimental.available) == (0.2, 10, 10)
    assert experimental.epochs(1000) == 20


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({}, "positive weights"),
        ({"computed": 0.0}, "positive weights"),
        ({"computed": float("nan")}, "positive weights"),
        ({"measured": 1.0}, "found measured"),
        ({"simulated": 1.0, "computed": 1.0}, "found simulated"),
    ],
)
def test_mixtures_that_cannot_be(mix: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind_shares({"computed": 5, "experimental": 5, "simulated": 0}, mix, None)


def test_the_corpus_is_left_alone_where_no_mixture_is_asked_for(mixed: Corpus, tmp_path: Path) -> None:
    seen = Counter(KINDS[i] for b in islice(mixed.stream(num_spectra=None, batch_size=50, seed=0), 10) for i in _ids(b))
    assert seen["experimental"] / 500 == pytest.approx(0.2, abs=0.06)


def test_a_mixture_as_words() -> None:
    assert parse_mix("computed=0.8, experimental=0.2") == {"computed": 0.8, "experimental": 0.2}
    for wrong in ("computed", "computed=a lot", "measured=1", "", "computed=1,,"):
        with pytest.raises(ConfigError, match="expected shares"):
            parse_mix(wrong)
    with pytest.raises(ConfigError, match="each kind once"):
        parse_mix("computed=0.8,computed=0.2,experimental=0.2")
