"""A calibration for a child of which no sample was measured on the parent too."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import clone

from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, whole_number
from spektron.transfer.meta.simulated import simulated_children
from spektron.transfer.selection import KennardStone

__all__ = ["ZeroShot"]


class ZeroShot(ChildCalibration):
    """Learn what not to heed from simulated instruments, in the place of standards.

    A few samples of the calibration set, measured again by instruments drawn at random, are the pairs that a
    calibration is fitted on. Spectra of the child, of any samples, say where its mean lies; without them the child is
    taken to measure as the parent does.

    Parameters
    ----------
    calibration : ChildCalibration
        It is cloned, and has to do without labelled standards.
    wavenumber_cm1 : array, shape (channels,)
        Axis of all spectra.
    instruments : int
        How many are drawn.
    samples : int
        How many of the calibration set each measures, chosen by Kennard and Stone; at most all.
    modality : {"IR", "RAMAN", "NIR"}
    seed : int

    Attributes
    ----------
    calibration_ : ChildCalibration

    Notes
    -----
    Randomising what a simulator does not know, so that the real world is one more variation, is Tobin et al.'s (2017)
    domain randomisation. Samples of the child are to be of the calibration set's kind: what they differ by in the mean
    is taken for the instrument's doing.
    """

    def __init__(
        self,
        calibration: ChildCalibration,
        wavenumber_cm1: Any,
        instruments: int = 12,
        samples: int = 20,
        modality: str = "NIR",
        seed: int = 0,
    ) -> None:
        self.calibration = calibration
        self.wavenumber_cm1 = wavenumber_cm1
        self.instruments = instruments
        self.samples = samples
        self.modality = modality
        self.seed = seed

    def fit(
        self,
        X_child: Any = None,
        X_parent: Any = None,
        *,
        X_calibration: Any,
        y_calibration: Any,
        y_standards: Any = None,
    ) -> Self:
        """Learn the calibration.

        Parameters
        ----------
        X_child : array of shape (spectra, channels), optional
            Of the child, of any samples, two at least.
        X_parent, y_standards : ignored
            Here so that all calibrations are fitted alike.
        X_calibration : array of shape (samples, channels)
            The parent's calibration set.
        y_calibration : array of shape (samples,)
            Its property.

        Raises
        ------
        ValueError
            For values that are not finite, or shapes that do not match.
        """
        self._centred = X_child is not None
        unpaired = X_calibration if X_child is None else X_child
        return super().fit(unpaired, unpaired, X_calibration=X_calibration, y_calibration=y_calibration)

    def _fit(self, known: Known) -> None:
        whole_number("instruments", self.instruments, 1)
        whole_number("samples", self.samples, 2)
        rows = KennardStone(min(self.samples, len(known.x))).fit(known.x).indices_
        measured = known.x[rows]
        children = simulated_children(
            measured, self.wavenumber_cm1, self.instruments, seed=self.seed, modality=self.modality
        )
        self.calibration_ = clone(self.calibration).fit(
            children.reshape(-1, known.x.shape[1]),
            np.tile(measured, (self.instruments, 1)),
            X_calibration=known.x,
            y_calibration=known.y,
        )
        self._shift = np.zeros(known.x.shape[1])
        if self._centred:
            # To where the calibration expects a child: where the simulated ones lie on average.
            moved = (children - measured).mean(axis=(0, 1))
            self._shift = known.x.mean(axis=0) + moved - known.child.mean(axis=0)

    def _predict(self, child: Array) -> Array:
        predicted: Array = self.calibration_.predict(child + self._shift)
        return predicted
