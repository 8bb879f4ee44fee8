"""A calibration for the child on features of a frozen encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.neural.frozen import frozen_encoder

__all__ = ["Embedded", "fitted_corrections", "versions"]


class Embedded(ChildCalibration):
    """Encode both instruments' spectra, then calibrate: a linear or kernel probe, made for the child.

    Parameters
    ----------
    calibration : ChildCalibration
        It is cloned and fitted on features, each in units of its own deviation over the calibration set.
    wavenumber_cm1 : array, shape (channels,)
        Axis of all spectra.
    model : Path, optional
        Folder of a pretrained model; without it an encoder is drawn at random.
    random : bool
        Take the untrained twin of the model instead.
    corrections : sequence of SpectrumCorrection or None
        Versions of a child's spectrum whose features stand side by side; None is the spectrum as it came. The
        parent's spectra need no correction: they are all versions of themselves.
    modality : {"IR", "RAMAN", "NIR"}

    Attributes
    ----------
    calibration_ : ChildCalibration
    left_out_ : LeftOut or None
        The calibration's; None where there are corrections, which learn from all standards at once.
    """

    def __init__(
        self,
        calibration: ChildCalibration,
        wavenumber_cm1: Any,
        model: Path | None = None,
        random: bool = False,
        corrections: Sequence[SpectrumCorrection | None] = (None,),
        modality: str = "NIR",
    ) -> None:
        self.calibration = calibration
        self.wavenumber_cm1 = wavenumber_cm1
        self.model = model
        self.random = random
        self.corrections = corrections
        self.modality = modality

    def _fit(self, known: Known) -> None:
        self._encoder = frozen_encoder(
            np.asarray(self.wavenumber_cm1, dtype=np.float64), self.model, random=self.random, modality=self.modality
        )
        self._corrections = fitted_corrections(self.corrections, known)
        features = self._of_parent(known.x)
        spread = features.std(axis=0)
        # What hardly varies over the calibration set would be blown up on the child.
        self._spread = np.maximum(spread, 1e-2 * spread.max(initial=np.finfo(np.float64).tiny))
        self.calibration_ = clone(self.calibration).fit(
            self._of_child(known.child) / self._spread,
            self._of_parent(known.parent) / self._spread,
            X_calibration=features / self._spread,
            y_calibration=known.y,
            y_standards=known.labels,
        )
        # Corrections have seen all standards: none is left out of them.
        self.left_out_ = None if any(one is not None for one in self._corrections) else self.calibration_.left_out_

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.calibration_.predict(self._of_child(child) / self._spread)
        return predicted

    def _of_parent(self, spectra: Array) -> Array:
        return np.tile(self._encoder(spectra), len(self._corrections))

    def _of_child(self, spectra: Array) -> Array:
        return np.hstack([self._encoder(version) for version in versions(spectra, self._corrections)])


def fitted_corrections(
    corrections: Sequence[SpectrumCorrection | None], known: Known
) -> list[SpectrumCorrection | None]:
    """Clones, fitted on the standards.

    Raises
    ------
    ValueError
        For none at all.
    """
    if not corrections:
        raise ValueError("corrections: expected at least one, or None for the spectrum as it came, found none")
    return [None if one is None else clone(one).fit(known.child, known.parent) for one in corrections]


def versions(spectra: Array, corrections: Sequence[SpectrumCorrection | None]) -> list[Array]:
    """A child's spectra as they came, and corrected."""
    return [spectra if one is None else one.transform(spectra) for one in corrections]
