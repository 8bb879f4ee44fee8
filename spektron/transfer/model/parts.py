"""What a transfer is made of: plain values and arrays, all that has to be kept to make it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError, SpectrumError
from spektron.datasets import PairedSpectra
from spektron.transfer.classical import CORAL, DS, PDS, SST, MeanShift
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.methods import NEURAL, check_method

__all__ = ["CORRECTIONS", "LEAST_STANDARDS", "MEASURE_MORE", "TransferParts", "file_names", "short_name"]

Array = NDArray[np.float64]

CORRECTIONS: Mapping[str, Callable[[], SpectrumCorrection]] = MappingProxyType(
    {"pds": PDS, "mean": MeanShift, "ds": DS, "sst": SST, "coral": CORAL}
)
"""Name → what corrects spectra, with settings chosen from the standards."""

LEAST_STANDARDS = 3
MEASURE_MORE = "measure more samples on both instruments; with 5 to 10 a transfer begins to be good"
# Of wide letters as many as a figure's height holds beside it, with a word after them.
_MOST_CHARACTERS = 30
_LEAST_CALIBRATION = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferParts:
    """The samples and settings of a transfer.

    Attributes
    ----------
    method, correction : str
        What predicts, by a name of `spektron.transfer.methods`, and what corrects spectra, by one of `CORRECTIONS`.
    axis : ndarray, shape (channels,)
        Ascending, in `unit`: the parent's.
    unit : str
        ``nm`` or ``cm-1``.
    calibration_ids : tuple of str
    calibration : ndarray, shape (samples, channels)
        All samples that the parent measured.
    references : mapping
        Property → its values of the calibration set, NaN where there is none.
    standard_ids : tuple of str
    child, parent : ndarray, shape (standards, channels)
    """

    method: str
    correction: str
    axis: Array
    unit: str
    calibration_ids: tuple[str, ...]
    calibration: Array
    references: Mapping[str, Array]
    standard_ids: tuple[str, ...]
    child: Array
    parent: Array

    @classmethod
    def of(
        cls,
        pairs: PairedSpectra,
        standards: tuple[str, ...],
        properties: tuple[str, ...] = (),
        method: str = "auto",
        correction: str = "pds",
    ) -> Self:
        """Take what is needed of two instruments' files.

        Parameters
        ----------
        pairs : PairedSpectra
        standards : tuple of str
            Ids among those that both measured.
        properties : tuple of str
            All that the reference table has, without.
        method, correction : str

        Raises
        ------
        ConfigError
            For a method, a correction or a property that is not there.
        SpectrumError
            For fewer than 3 standards, or fewer than 10 calibration samples with a property.
        """
        if method in NEURAL:  # made again at every application, and without the model's folder nothing can be
            raise ConfigError(
                f"expected a method that a transfer's folder can keep, found the network {method}",
                "auto is the default; networks are fitted in Python and in studies (docs/transfer.md)",
            )
        check_method(method, networks=False)
        if correction not in CORRECTIONS:
            raise ConfigError(f"expected a correction of {', '.join(CORRECTIONS)}, found {correction!r}")
        if len(standards) < LEAST_STANDARDS:
            raise SpectrumError(
                f"expected at least {LEAST_STANDARDS} transfer standards, found {len(standards)}",
                MEASURE_MORE,
            )
        rows = [pairs.ids.index(name) for name in standards]
        return cls(
            method=method,
            correction=correction,
            axis=pairs.axis,
            unit=pairs.unit,
            calibration_ids=(*pairs.ids, *pairs.parent_only.ids),
            calibration=np.vstack([pairs.parent, pairs.parent_only.spectra]),
            references=_properties(pairs, properties),
            standard_ids=standards,
            child=pairs.child[rows],
            parent=pairs.parent[rows],
        )

    def labels(self, name: str) -> Array:
        """The standards' values of a property, NaN where there is none."""
        of_sample = dict(zip(self.calibration_ids, self.references[name].tolist(), strict=True))
        return np.array([of_sample[one] for one in self.standard_ids])

    def spread(self, name: str) -> float:
        """Standard deviation of a property in the calibration set."""
        return float(np.nanstd(self.references[name], ddof=1))


def _properties(pairs: PairedSpectra, properties: tuple[str, ...]) -> Mapping[str, Array]:
    """Values of every sample that the parent measured, of those named or of all; each can be learned."""
    known = {
        name: np.concatenate([values, pairs.parent_only.references[name]]) for name, values in pairs.references.items()
    }
    if missing := [name for name in properties if name not in known]:
        raise ConfigError(
            f"expected properties of {', '.join(known) or 'a reference table'}, found {', '.join(missing)}",
            "name a column of the table given with --reference"
            if known
            else "give one with --reference; the parent's own table, where it has them before its channels",
        )
    wanted = {name: known[name] for name in properties or known}
    for name, values in wanted.items():
        if (found := int(np.isfinite(values).sum())) < _LEAST_CALIBRATION:
            raise SpectrumError(
                f"{name}: expected at least {_LEAST_CALIBRATION} samples of the parent with a value, found {found}",
                "give the parent's whole calibration set and its values; or leave this property out by --property",
            )
        if np.nanmin(values) == np.nanmax(values):
            raise SpectrumError(
                f"{name}: expected values that differ, found {np.nanmax(values):g} for every sample",
                "there is nothing to predict: leave this property out by --property",
            )
    return wanted


def file_names(properties: Iterable[str]) -> dict[str, str]:
    """Property → what a file may be called after it, each its own."""
    found: dict[str, str] = {}
    for name in properties:
        plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in name.casefold())[:40] or "_"
        found[name] = plain if plain not in found.values() else f"{plain}_{len(found) + 1}"
    return found


def short_name(name: str) -> str:
    """A property or sample as sentences and figures call it: of a long name both ends, which tell it from others."""
    if len(name) <= _MOST_CHARACTERS:
        return name
    end = _MOST_CHARACTERS // 3
    return f"{name[: _MOST_CHARACTERS - end - 1]}…{name[-end:]}"
