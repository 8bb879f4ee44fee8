from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spektron.core.errors import ConfigError, CorpusError, ResourceError
from spektron.core.storage import Storage
from spektron.corpus import Corpus
from spektron.corpus.schema import intensity_array
from spektron.corpus.streaming import order as order_module
from spektron.corpus.streaming import resident, stream
from spektron.corpus.streaming.order import StreamOrder, cut_rows
from spektron.corpus.streaming.reading import RowSlice
from spektron.spectra.spectrum import NUM_POINTS, SpectrumBatch

HERE = Storage("/nowhere")

RESIDENT, STREAMING = 2**30, 0

# The streaming path is Ray Data all the way, so its tests need the cluster.
STREAMING_TWO = pytest.param(STREAMING, 2, marks=pytest.mark.ray)


@pytest.fixture(autouse=True)
def _cluster_where_marked(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("ray"):
        request.getfixturevalue("ray_cluster")


def _ids(batches: Iterable[SpectrumBatch]) -> list[int]:
    return [int(i) for batch in batches for i in batch.intensity[:, 0]]


def _same(one: SpectrumBatch, other: SpectrumBatch) -> bool:
    # A resolution that is not stated is NaN, in both.
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in SpectrumBatch.__dataclass_fields__
    )


@pytest.mark.parametrize(("resident_bytes", "world_size"), [(RESIDENT, 1), (RESIDENT, 2), STREAMING_TWO])
def test_an_epoch_holds_every_row_once(corpus: Corpus, resident_bytes: int, world_size: int) -> None:
    subset = {int(i) for i in corpus.read("train", 320).intensity[:, 0]}
    epochs: list[list[int]] = [[], [], []]
    for rank in range(world_size):
        stream = corpus.stream(
            num_spectra=320, batch_size=20, seed=3, rank=rank, world_size=world_size, resident_bytes=resident_bytes
        )
        ids = _ids(_checked(islice(stream, 3 * 16 // world_size)))
        for epoch in range(3):
            epochs[epoch] += ids[epoch * 320 // world_size : (epoch + 1) * 320 // world_size]
    for ids in epochs:
        assert Counter(ids) == Counter(subset)  # disjoint workers, complete
    assert epochs[0] != epochs[1] != epochs[2]


def _checked(batches: Iterable[SpectrumBatch]) -> Iterator[SpectrumBatch]:
    """Each row keeps its values together, and each batch owns its arrays."""
    for batch in batches:
        number = batch.intensity[:, 0].astype(int)
        np.testing.assert_array_equal(batch.modality, number % 2)
        np.testing.assert_array_equal(batch.wavenumber_start_cm1, 400 + number % 5)
        assert batch.intensity.dtype == np.float32
        yield batch
        batch.intensity[:, 1:] = np.nan  # writable, and no later batch sees it
        assert not np.isnan(batch.intensity[:, 0]).any()


# Neither a whole row group nor divisible by two workers or by the batch. A stream through Ray starts in 3 s, so there
# one resumption in the middle of an epoch stands for all.
@pytest.mark.parametrize(
    ("resident_bytes", "world_size", "starts"),
    [
        (RESIDENT, 1, (1, 4, 7, 11)),
        (RESIDENT, 2, (1, 4, 7, 11)),
        pytest.param(STREAMING, 2, (7,), marks=pytest.mark.ray),
    ],
)
def test_it_resumes_bit_for_bit_at_any_batch(
    corpus: Corpus, resident_bytes: int, world_size: int, starts: tuple[int, ...]
) -> None:
    def stream(start_batch: int) -> list[SpectrumBatch]:
        batches = corpus.stream(
            num_spectra=301,
            batch_size=64,
            seed=5,
            rank=world_size - 1,
            world_size=world_size,
            start_batch=start_batch,
            resident_bytes=resident_bytes,
        )
        return list(islice(batches, 12 - start_batch))

    whole = stream(0)
    assert all(len(batch) == 64 for batch in whole)
    for start in starts:
        assert all(map(_same, stream(start), whole[start:]))


@given(
    num_rows=st.integers(2, 700),
    batch_size=st.integers(1, 90),
    world_size=st.integers(1, 2),
    start=st.integers(0, 30),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_streaming_resumes_anywhere_whatever_the_sizes(
    num_rows: int, batch_size: int, world_size: int, start: int, seed: int
) -> None:
    """The order itself, without Ray: tables come from memory, windows are small."""
    order = StreamOrder(num_rows=num_rows, batch_size=batch_size, seed=seed, rank=world_size - 1, world_size=world_size)
    slices = [
        RowSlice(HERE, "shard", group, 0, min(37, num_rows - first))
        for group, first in enumerate(range(0, num_rows, 37))
    ]

    def numbers(start_batch: int, count: int) -> list[int]:
        position = start_batch * batch_size
        tables = (_table(piece) for piece in stream.slices_from(slices, order, position))
        return _ids(list(islice(stream.shuffled_batches(tables, order, position), count)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_module, "WINDOW_ROWS", 50)
        patch.setattr(stream, "WINDOW_ROWS", 50)
        whole = numbers(0, start + 3)
        assert numbers(start, 3) == whole[start * batch_size :]
        epochs = [whole[i : i + order.rows_per_epoch] for i in range(0, len(whole), order.rows_per_epoch)]
        assert all(len(set(epoch)) == len(epoch) for epoch in epochs)


def _table(piece: RowSlice) -> pa.Table:
    numbers = np.arange(piece.start, piece.stop) + 37 * piece.row_group
    intensity = np.zeros((len(piece), NUM_POINTS), dtype=np.float32)
    intensity[:, 0] = numbers
    return pa.table(
        {
            "modality": pa.array(["IR"] * len(piece)).dictionary_encode(),
            "wavenumber_start_cm1": numbers.astype(float),
            "wavenumber_stop_cm1": numbers + 1.0,
            "intensity": intensity_array(intensity),
        }
    )


def test_a_batch_larger_than_the_subset_crosses_epochs(corpus: Corpus) -> None:
    batch = next(corpus.stream(num_spectra=7, batch_size=21, seed=0))
    assert set(Counter(_ids([batch])).values()) == {3}


@pytest.mark.parametrize("num_rows", [1, 9, 21, 110])
@pytest.mark.parametrize("world_size", [2, 4, 8])
def test_in_memory_any_number_of_workers_share_the_batches_of_one(num_rows: int, world_size: int) -> None:
    def order(rank: int, world_size: int) -> StreamOrder:
        return StreamOrder(num_rows=num_rows, batch_size=8 // world_size, seed=4, rank=rank, world_size=world_size)

    alone = list(islice(order(0, 1).batches(0), 40))
    for start in (0, 1, 17):
        workers = [islice(order(rank, world_size).batches(start), 40 - start) for rank in range(world_size)]
        for expected, shares in zip(alone[start:], zip(*workers)):
            # Row i of the batch is with worker i mod world_size, as masks are dealt.
            assert np.stack(shares, axis=1).ravel().tolist() == expected.tolist()


def test_one_epoch_after_the_other_holds_every_row_once() -> None:
    rows = np.concatenate(
        list(islice(StreamOrder(num_rows=11, batch_size=4, seed=0, rank=0, world_size=1).batches(0), 11))
    )
    epochs = rows.reshape(4, 11)
    assert all(sorted(epoch) == list(range(11)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_rows_of_a_stream_that_sit_out_change_from_epoch_to_epoch() -> None:
    slices = [RowSlice(HERE, "shard", group, group, group + 1) for group in range(11)]
    order = [StreamOrder(num_rows=11, batch_size=1, seed=0, rank=rank, world_size=3) for rank in range(3)]
    missing = set()
    for epoch in range(30):
        seen = [piece.start for worker in order for piece in worker.epoch_slices(epoch, slices)]
        assert len(seen) == len(set(seen)) == 9
        missing |= set(range(11)) - set(seen)
    assert missing == set(range(11))


def test_no_two_draws_share_a_generator() -> None:
    places = [(), (0,), (0, 0), (0, 0, 0), (1,), (1, 0), (2, 0, 0), (0, 2, 0)]
    draws = {
        tuple(order._generator(purpose, *where).integers(2**63, size=2))
        for seed in (0, 1, 2**32 + 1)
        for order in [StreamOrder(num_rows=9, batch_size=1, seed=seed, rank=0, world_size=1)]
        for purpose in (0, 1, 2)
        for where in places
    }
    assert len(draws) == 3 * 3 * len(places)


def test_cut_rows() -> None:
    slices = [RowSlice(HERE, "a", 0, 0, 10), RowSlice(HERE, "b", 1, 5, 8), RowSlice(HERE, "c", 0, 0, 4)]
    assert cut_rows(slices, 8, 14) == [
        RowSlice(HERE, "a", 0, 8, 10),
        RowSlice(HERE, "b", 1, 5, 8),
        RowSlice(HERE, "c", 0, 0, 1),
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"batch_size": 0}, {"seed": -1}, {"rank": 2, "world_size": 2}, {"num_spectra": 10_000}, {"num_spectra": 0},
     {"start_batch": -1}],
)  # fmt: skip
def test_settings_that_fit_no_stream(corpus: Corpus, wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="expected"):
        corpus.stream(**({"num_spectra": None, "batch_size": 8, "seed": 0} | wrong))  # type: ignore[arg-type]


def test_a_longer_prefix_serves_a_shorter_one(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []

    def read(num_rows: int) -> SpectrumBatch:
        reads.append(num_rows)
        return corpus.read("train", num_rows)

    for num_rows in (50, 200, 50, 100, 300, 200):
        rows = resident.resident_rows((corpus.fingerprint, None, False), num_rows, read)
        assert len(rows) == num_rows
    resident.resident_rows(("another corpus", None, False), 20, read)
    resident.resident_rows((corpus.fingerprint, None, False), 20, read)
    assert reads == [50, 200, 300, 20, 20]


def test_streaming_without_ray_says_what_to_do(corpus: Corpus) -> None:
    import ray

    if ray.is_initialized():
        pytest.skip("Ray is running in this process")
    with pytest.raises(ResourceError, match="needs Ray"):
        corpus.stream(num_spectra=None, batch_size=8, seed=0, resident_bytes=0)


@pytest.mark.ray
class TestRay:
    def test_the_first_pass_through_ray_data_reads_the_same_rows(self, corpus: Corpus) -> None:
        from spektron.corpus.streaming import ray_read
        from spektron.corpus.streaming.reading import collect, split_slices

        slices = split_slices(corpus.folder, corpus.manifest, "train", 333)
        assert _same(collect(ray_read.ray_tables(iter(slices)), 333), corpus.read("train", 333))

    def test_a_damaged_shard_is_an_error_of_ours(self, corpus: Corpus, copy_of) -> None:  # type: ignore[no-untyped-def]
        path: Path = copy_of(corpus)
        opened = Corpus.open(path)
        (path / "train-00001.parquet").write_bytes(b"PAR1")
        with pytest.raises(CorpusError, match=r"train-00001\.parquet"):
            list(islice(opened.stream(num_spectra=None, batch_size=64, seed=0, resident_bytes=0), 10))

    def test_no_free_cpu_is_an_error_rather_than_a_hang(self, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
        import ray

        from spektron.corpus.streaming import ray_read

        @ray.remote(num_cpus=4)
        class Greedy:
            def ready(self) -> bool:
                return True

        greedy = Greedy.remote()
        assert ray.get(greedy.ready.remote())
        try:
            with pytest.raises(ResourceError, match="0 of 4 CPUs free") as error:
                ray_read.require_free_cpu(wait_s=1.0)
            assert "CPUs per trial" in error.value.hint
        finally:
            ray.kill(greedy)
