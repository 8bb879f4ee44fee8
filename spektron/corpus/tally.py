"""Counting rows while they are written, for the manifest."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc

from spektron.corpus.schema import SPLITS

__all__ = ["Tally"]


class Tally:
    """Counts by source, modality and split; compounds by split; axis range by modality."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._compounds: dict[str, set[str]] = {split: set() for split in SPLITS}
        self._axis: dict[str, tuple[float, float]] = {}

    def update(self, split: str, rows: pa.Table) -> None:
        """Add rows of one split."""
        modalities = rows["modality"].to_pylist()
        for source, modality in zip(rows["source"].to_pylist(), modalities, strict=True):
            self._counts[source, modality, split] += 1
        self._compounds[split].update(rows["compound_id"].to_pylist())
        for modality in set(modalities):
            mine = rows.filter(pc.equal(rows["modality"], modality))
            start = pc.min(mine["wavenumber_start_cm1"]).as_py()
            stop = pc.max(mine["wavenumber_stop_cm1"]).as_py()
            low, high = self._axis.get(modality, (start, stop))
            self._axis[modality] = min(low, start), max(high, stop)

    def counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Source → modality → split → number, sorted by name."""
        table: dict[str, dict[str, dict[str, int]]] = {}
        for source, modality in sorted({key[:2] for key in self._counts}):
            row = {split: self._counts[source, modality, split] for split in SPLITS}
            table.setdefault(source, {})[modality] = row
        return table

    def num_spectra(self) -> dict[str, int]:
        """Split → number of spectra."""
        return {split: sum(num for key, num in self._counts.items() if key[2] == split) for split in SPLITS}

    def num_compounds(self) -> dict[str, int]:
        """Split → number of compounds."""
        return {split: len(self._compounds[split]) for split in SPLITS}

    def axis_cm1(self) -> dict[str, tuple[float, float]]:
        """Modality → lowest start and highest stop in cm⁻¹."""
        return dict(sorted(self._axis.items()))
