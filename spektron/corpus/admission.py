"""Which spectra enter a corpus: the second door after the sources' own, and it names whom it turns away."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import numpy as np

from spektron.corpus.sources.base import Reject
from spektron.spectra.spectrum import MODALITIES, NUM_POINTS, Spectrum

__all__ = ["BUILD_REASONS", "Admission"]

# Reasons of the build itself, beside `REJECT_REASONS` of the sources.
BUILD_REASONS = {
    "axis-descending": "the axis does not ascend from start to stop",
    "axis-not-finite": "an end of the axis is NaN or infinite",
    "bad-id": "the spectrum or its compound has no id, or a name is not valid Unicode",
    "constant": "all intensities are the same: nothing was measured",
    "duplicate-content": "modality, axis and every intensity equal those of an earlier spectrum",
    "not-finite": "an intensity is NaN or infinite",
    "unknown-modality": "the modality is none of those known",
    "wrong-length": f"the spectrum does not hold {NUM_POINTS} points",
}


@dataclass
class Admission:
    """Judges every item of every source and keeps the account of those refused and those mended.

    Holds the ids and an 8-byte digest of each spectrum kept: about 0.3 KB a row, against the 8 KB of the row itself.
    """

    rejects: list[dict[str, str]] = field(default_factory=list)
    """``{source, sample_id, reason, detail}`` in the order met."""
    repaired: list[dict[str, Any]] = field(default_factory=list)
    """``{source, spectrum_id, repairs}`` of spectra kept after mending."""
    num_by_compound: Counter[str] = field(default_factory=Counter)
    _ids: set[str] = field(default_factory=set)
    _contents: dict[bytes, str] = field(default_factory=dict)

    @property
    def num_kept(self) -> int:
        """Spectra admitted so far."""
        return len(self._ids)

    def admit(self, item: Spectrum | Reject) -> Spectrum | None:
        """Return the spectrum if it enters the corpus; otherwise None, and it is named in `rejects`."""
        if isinstance(item, Reject):
            self._refuse(item.source, item.sample_id, item.reason, item.detail)
            return None
        if problem := _problem(item) or self._repeated(item):
            self._refuse(item.source, item.spectrum_id, *problem)
            return None
        item = self._named(item)
        self.num_by_compound[item.compound_id] += 1
        if item.repairs:
            row = {"source": item.source, "spectrum_id": item.spectrum_id, "repairs": list(item.repairs)}
            self.repaired.append(row)
        return item

    def reject_counts(self) -> dict[str, dict[str, int]]:
        """Source → reason → number, both sorted by name."""
        counts = Counter((row["source"], row["reason"]) for row in self.rejects)
        table: dict[str, dict[str, int]] = {}
        for (source, reason), num in sorted(counts.items()):
            table.setdefault(source, {})[reason] = num
        return table

    def repair_counts(self) -> dict[str, int]:
        """Kind of repair → number of spectra, sorted by name."""
        return dict(sorted(Counter(kind for row in self.repaired for kind in row["repairs"]).items()))

    def _refuse(self, source: str, sample_id: str, reason: str, detail: str) -> None:
        # A name that is not Unicode could not be written to the report.
        sample_id, detail = (text.encode(errors="backslashreplace").decode() for text in (sample_id, detail))
        self.rejects.append({"source": source, "sample_id": sample_id, "reason": reason, "detail": detail})

    def _named(self, spectrum: Spectrum) -> Spectrum:
        """Give the second spectrum of a name a suffix: to drop a measurement for its name would lose data."""
        candidate, number = spectrum.spectrum_id, 1
        while candidate in self._ids:
            number += 1
            candidate = f"{spectrum.spectrum_id}~{number}"
        self._ids.add(candidate)
        if number == 1:
            return spectrum
        return replace(spectrum, spectrum_id=candidate, repairs=(*spectrum.repairs, "duplicate-id"))

    def _repeated(self, spectrum: Spectrum) -> tuple[str, str] | None:
        # 64 bits: among a million spectra two different ones share a digest with probability 3e-8.
        digest = blake2b(_axis_bytes(spectrum), digest_size=8)
        digest.update(spectrum.intensity.astype("<f4").tobytes())
        first = self._contents.setdefault(digest.digest(), spectrum.spectrum_id)
        if first is not spectrum.spectrum_id:
            return "duplicate-content", f"the same modality, axis and intensities as {first!r}"
        return None


def _problem(spectrum: Spectrum) -> tuple[str, str] | None:
    start, stop = spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1
    if not spectrum.spectrum_id or not spectrum.compound_id or not _is_unicode(spectrum):
        return "bad-id", f"found spectrum {spectrum.spectrum_id!a} of compound {spectrum.compound_id!a}"
    if spectrum.modality not in MODALITIES:
        return "unknown-modality", f"expected one of {', '.join(MODALITIES)}, found {spectrum.modality!r}"
    if spectrum.intensity.shape != (NUM_POINTS,):
        return "wrong-length", f"expected {NUM_POINTS} points, found shape {spectrum.intensity.shape}"
    if not np.isfinite([start, stop]).all():
        return "axis-not-finite", f"found {start} to {stop} cm⁻¹"
    if start >= stop:
        return "axis-descending", f"expected start < stop, found {start} to {stop} cm⁻¹"
    return _intensity_problem(spectrum)


def _intensity_problem(spectrum: Spectrum) -> tuple[str, str] | None:
    with np.errstate(over="ignore"):
        intensity = spectrum.intensity.astype("<f4", copy=False)
    finite = np.isfinite(intensity)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        return "not-finite", f"{len(bad)} of {NUM_POINTS} points, the first at {bad[0]}: {intensity[bad[0]]}"
    if intensity.min() == intensity.max():
        return "constant", f"every intensity is {intensity[0]}"
    return None


def _axis_bytes(spectrum: Spectrum) -> bytes:
    ends = np.array([spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1], dtype="<f8")
    return spectrum.modality.encode() + b"\0" + ends.tobytes()


def _is_unicode(spectrum: Spectrum) -> bool:
    try:
        "".join([spectrum.spectrum_id, spectrum.compound_id, spectrum.source, spectrum.instrument]).encode()
    except UnicodeEncodeError:
        return False
    return True
