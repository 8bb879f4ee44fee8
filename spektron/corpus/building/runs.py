"""First stage: one part of a source is read, and its spectra are laid down sorted by rank, as one or more runs.

A run is two Arrow files. ``rows`` holds the spectra in rank order, in record batches small enough that a few rows can
be taken from the middle; ``index`` holds what the whole corpus must be judged by (names, digests, sketches), in the
same order. Beside them lie the part's ``refused`` spectra. The account, a small JSON, is written last: a part without
one was not read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from spektron.core.identity import canonical_json
from spektron.core.storage import Storage
from spektron.corpus.building.gate import problem_of
from spektron.corpus.content import DIGEST_BYTES, digests
from spektron.corpus.neighbours.near import NUM_KEYS, sketch
from spektron.corpus.schema import INTENSITY_BYTES, intensity_array
from spektron.corpus.sources.base import Part, Reject, Source
from spektron.corpus.split import spectrum_rank
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, Spectrum

__all__ = ["INDEX_SCHEMA", "REFUSED_SCHEMA", "PartAccount", "read_account", "read_part", "run_name"]

# 64 MiB of intensities are held and sorted at once, whatever a part turns out to hold.
MAX_RUN_ROWS = 8192

# Half a MiB: the least that is fetched of a run on an object store, and no more than a shard takes from one of 1,000.
ROWS_PER_BATCH = 64

_TEXTS = ("spectrum_id", "compound_id", "source", "kind", "modality", "instrument", "intensity_unit", "metadata")
_AXIS = ("wavenumber_start_cm1", "wavenumber_stop_cm1")

ROWS_SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in _TEXTS),
        *(pa.field(name, pa.float64()) for name in _AXIS),
        pa.field("rank", pa.int64()),
        pa.field("intensity", pa.binary(INTENSITY_BYTES)),
    ]
)

_WORD = pa.dictionary(pa.int32(), pa.string())

INDEX_SCHEMA = pa.schema(
    [
        pa.field("spectrum_id", pa.string()),
        pa.field("compound_id", pa.string()),
        pa.field("aliases", pa.list_(pa.string())),
        *(pa.field(name, _WORD) for name in ("source", "kind", "modality", "intensity_unit", "metadata", "repairs")),
        *(pa.field(name, pa.float64()) for name in _AXIS),
        pa.field("rank", pa.int64()),
        pa.field("place", pa.int32()),
        pa.field("digest", pa.binary(DIGEST_BYTES)),
        pa.field("keys", pa.list_(pa.uint64(), NUM_KEYS)),
    ]
)

REFUSED_SCHEMA = pa.schema(
    [pa.field(name, pa.string()) for name in ("source", "spectrum_id", "outcome", "reason", "detail")]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAccount:
    """What became of a part's records.

    Attributes
    ----------
    part : int
        Its place in the plan.
    runs : tuple of int
        Rows of each run.
    num_refused : int
        Records that did not become rows.
    refused : dict
        source → reason → number.
    """

    part: int
    runs: tuple[int, ...]
    num_refused: int
    refused: dict[str, dict[str, int]]

    @property
    def num_items(self) -> int:
        """Records of the part, kept and refused."""
        return sum(self.runs) + self.num_refused


def run_name(part: int, run: int, what: str) -> str:
    """Name of a file of a run: ``runs/00012-000.rows``."""
    return f"runs/{part:06d}-{run:03d}.{what}"


def read_part(work: Storage, source: Source, number: int, part: Part, seed: int) -> PartAccount:
    """Read one part of a source into runs and write its account.

    The same part gives the same bytes, whoever reads it, so two readers of one part do no harm.

    Parameters
    ----------
    work : Storage
        Working folder of the build.
    source : Source
    number : int
        The part's place in the plan.
    part : Part
    seed : int
        Of the ranks.
    """
    if account := read_account(work, number):
        return account
    waiting = _Waiting()
    runs: list[int] = []
    name = run_name(number, 0, "refused")
    with work.writing(name) as file, pa.ipc.new_file(file, REFUSED_SCHEMA) as writer:
        refused = _Refused(writer)
        for item in source.read(part):
            if isinstance(item, Reject):
                refused.add(item.source, item.sample_id, item.reason, item.detail)
            elif problem := problem_of(item):
                refused.add(item.source, item.spectrum_id, *problem)
            else:
                waiting.add(item, spectrum_rank(item.spectrum_id, seed))
            if len(waiting) == MAX_RUN_ROWS:
                runs.append(waiting.write(work, number, len(runs)))
        if len(waiting):
            runs.append(waiting.write(work, number, len(runs)))
        refused.write()
    counts = refused.counts()
    num_refused = sum(sum(reasons.values()) for reasons in counts.values())
    account = PartAccount(part=number, runs=tuple(runs), num_refused=num_refused, refused=counts)
    work.write_bytes(_account_name(number), json.dumps(_account_values(account)).encode())
    return account


def read_account(work: Storage, number: int) -> PartAccount | None:
    """Account of a part that was read to its end; None otherwise."""
    try:
        values = json.loads(work.read_bytes(_account_name(number)))
    except FileNotFoundError:
        return None
    return PartAccount(**(values | {"runs": tuple(values["runs"])}))


class _Refused:
    """Records that did not become rows: counted, and written a few thousand at a time, for there may be millions."""

    def __init__(self, writer: pa.RecordBatchWriter) -> None:
        self._writer = writer
        self._rows: list[tuple[str, ...]] = []
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, source: str, name: str, reason: str, detail: str) -> None:
        # A name that is not Unicode could not be written.
        texts = (text.encode(errors="backslashreplace").decode() for text in (source, name, reason, detail))
        self._rows.append(tuple(texts))
        self._counts[source, reason] += 1
        if len(self._rows) == MAX_RUN_ROWS:
            self.write()

    def counts(self) -> dict[str, dict[str, int]]:
        table: dict[str, dict[str, int]] = {}
        for (source, reason), num in sorted(self._counts.items()):
            table.setdefault(source, {})[reason] = num
        return table

    def write(self) -> None:
        if self._rows:
            source, name, reason, detail = zip(*self._rows, strict=True)
            outcome = ["rejected"] * len(self._rows)
            columns = [pa.array(values, pa.string()) for values in (source, name, outcome, reason, detail)]
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=REFUSED_SCHEMA))
            self._rows.clear()


@dataclass
class _Waiting:
    """Rows that wait to be sorted and written."""

    _spectra: list[Spectrum] = field(default_factory=list)
    _ranks: list[int] = field(default_factory=list)
    _num_written: int = 0

    def __len__(self) -> int:
        return len(self._spectra)

    def add(self, spectrum: Spectrum, rank: int) -> None:
        self._spectra.append(spectrum)
        self._ranks.append(rank)

    def write(self, work: Storage, part: int, run: int) -> int:
        """Write what waits as one run and return its rows."""
        ranks = np.array(self._ranks, dtype=np.int64)
        # Equal ranks, of spectra with one name, stay in the order they were read in.
        order = np.argsort(ranks, kind="stable")
        columns = _Columns([self._spectra[i] for i in order], ranks[order], order + self._num_written)
        self._num_written += len(self)
        self._spectra.clear()
        self._ranks.clear()
        _write(work, run_name(part, run, "rows"), ROWS_SCHEMA, columns.rows())
        _write(work, run_name(part, run, "index"), INDEX_SCHEMA, [columns.index()])
        return len(ranks)


class _Columns:
    """Spectra of one run, in order, as columns."""

    def __init__(self, spectra: Sequence[Spectrum], ranks: NDArray[np.int64], places: NDArray[np.intp]) -> None:
        self._ranks, self._places = ranks, places
        self._texts: dict[str, list[str]] = {
            name: [getattr(spectrum, name) for spectrum in spectra] for name in _TEXTS if name != "metadata"
        }
        # JSON with sorted keys, so that equal metadata is equal text.
        self._texts["metadata"] = [canonical_json(dict(spectrum.metadata)) for spectrum in spectra]
        self._texts["repairs"] = [" ".join(spectrum.repairs) for spectrum in spectra]
        self._aliases = [list(spectrum.aliases) for spectrum in spectra]
        self._axis = {name: np.array([getattr(spectrum, name) for spectrum in spectra]) for name in _AXIS}
        self._intensity = np.empty((len(spectra), NUM_POINTS), dtype=np.float32)
        for row, spectrum in enumerate(spectra):
            self._intensity[row] = spectrum.intensity

    def rows(self) -> Iterator[pa.RecordBatch]:
        """Everything that a shard holds, in small batches."""
        for first in range(0, len(self._ranks), ROWS_PER_BATCH):
            rows = slice(first, first + ROWS_PER_BATCH)
            columns = [pa.array(self._texts[name][rows]) for name in _TEXTS]
            columns += [pa.array(self._axis[name][rows]) for name in _AXIS]
            columns += [pa.array(self._ranks[rows]), intensity_array(self._intensity[rows])]
            yield pa.RecordBatch.from_arrays(columns, schema=ROWS_SCHEMA)

    def index(self) -> pa.RecordBatch:
        """Everything that the corpus is judged by."""
        values: dict[str, Any] = {name: pa.array(texts) for name, texts in self._texts.items()}
        values |= {name: pa.array(ends) for name, ends in self._axis.items()}
        start, stop = self._axis.values()
        keys = sketch(self._modalities(), start, stop, self._intensity)
        values |= {
            "aliases": pa.array(self._aliases, pa.list_(pa.string())),
            "rank": pa.array(self._ranks),
            "place": pa.array(self._places.astype(np.int32)),
            "digest": pa.array(digests(self._texts["modality"], start, stop, self._intensity), pa.binary(DIGEST_BYTES)),
            "keys": pa.FixedSizeListArray.from_arrays(pa.array(keys.reshape(-1)), NUM_KEYS),
        }
        columns = [values[name].cast(type_) for name, type_ in zip(INDEX_SCHEMA.names, INDEX_SCHEMA.types, strict=True)]
        return pa.RecordBatch.from_arrays(columns, schema=INDEX_SCHEMA)

    def _modalities(self) -> NDArray[np.int64]:
        return np.array([MODALITIES.index(name) for name in self._texts["modality"]], dtype=np.int64)


def _write(work: Storage, name: str, schema: pa.Schema, batches: Any) -> None:
    with work.writing(name) as file, pa.ipc.new_file(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _account_name(number: int) -> str:
    return f"parts/{number:06d}.json"


def _account_values(account: PartAccount) -> dict[str, Any]:
    return {name: getattr(account, name) for name in PartAccount.__dataclass_fields__}
