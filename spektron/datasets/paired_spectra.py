"""The same samples on two instruments, on one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from spektron.datasets._pairs.axis import Array, Unit, converted
from spektron.datasets._pairs.overlap import Overlap
from spektron.datasets._pairs.repairs import Repair

__all__ = ["Overlap", "PairedSpectra", "Repair", "Samples"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Spectra of one instrument on the axis of a `PairedSpectra`.

    Attributes
    ----------
    ids : tuple of str
    spectra : ndarray, shape (samples, channels)
    references : mapping
        Property → laboratory values, shape (samples,); NaN where there is none.
    """

    ids: tuple[str, ...]
    spectra: Array
    references: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSpectra:
    """The same samples on two instruments; row i is sample i on both.

    Attributes
    ----------
    ids : tuple of str
        In the order of the parent's files.
    parent, child : ndarray, shape (samples, channels)
        Absorbance where files hold a share of light; else as they are.
    axis : ndarray, shape (channels,)
        Ascending, in `unit`: the parent's channels that both can use.
    unit : str
        ``nm`` or ``cm-1``: the parent's.
    overlap : Overlap
    references : mapping
        Property → laboratory values, shape (samples,); NaN where there is none.
    parent_only, child_only : Samples
        What only one of them measured: a calibration set, samples to predict.
    repairs : tuple of Repair
        Everything that was mended or left out.
    """

    ids: tuple[str, ...]
    parent: Array
    child: Array
    axis: Array
    unit: Unit
    overlap: Overlap
    references: Mapping[str, Array]
    parent_only: Samples
    child_only: Samples
    repairs: tuple[Repair, ...]

    @property
    def wavelength_nm(self) -> Array:
        """The axis in nm, channel by channel."""
        return converted(self.axis, self.unit, "nm")

    @property
    def wavenumber_cm1(self) -> Array:
        """The axis in cm⁻¹, channel by channel."""
        return converted(self.axis, self.unit, "cm-1")

    def report(self) -> str:
        """What was read and what was done to it, a line each."""
        lines = [
            f"{len(self.ids)} samples on both instruments, {len(self.parent_only.ids)} on the parent alone, "
            f"{len(self.child_only.ids)} on the child alone",
            f"overlap: {self.overlap}",
        ]
        known = {name: int(np.isfinite(values).sum()) for name, values in self.references.items()}
        lines += [f"{name}: known of {count} of these samples" for name, count in known.items()]
        return "\n".join([*lines, *map(str, self.repairs)])
