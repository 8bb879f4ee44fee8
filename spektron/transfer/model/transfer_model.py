"""A transfer, made: what corrects spectra, what predicts each property with intervals, what knows strange spectra."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spektron.core.words import some_of
from spektron.transfer.classical import Auto, ChildCalibration
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.methods import method_named
from spektron.transfer.model.parts import CORRECTIONS, TransferParts
from spektron.transfer.pls import choose_num_latent, fit_pls
from spektron.transfer.preprocessing import PreprocessingName, least_channels
from spektron.transfer.uncertainty import PredictionIntervals, SpectrumOutliers, correction_band

__all__ = ["PropertyModel", "TransferModel"]

Array = NDArray[np.float64]
_LEAST_LABELS = 3
_LOOKED_AT: tuple[PreprocessingName, ...] = ("raw", "sg1")
_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyModel:
    """What predicts one property on the child.

    Attributes
    ----------
    name : str
    calibrated, standards : ndarray of bool
        Which calibration samples and which standards it was made of.
    labels : ndarray or None
        Values of those standards; None where fewer than 3 have one, so that nothing learns from them.
    intervals : PredictionIntervals
    """

    name: str
    calibrated: NDArray[np.bool_]
    standards: NDArray[np.bool_]
    labels: Array | None
    intervals: PredictionIntervals

    @classmethod
    def fit(cls, parts: TransferParts, name: str, method: str) -> Self:
        """Make it with a method by its name, of all samples that have a value.

        Raises
        ------
        ValueError
            Where the method needs more standards, or their values.
        """
        values, labels = parts.references[name], parts.labels(name)
        calibrated, labelled = np.isfinite(values), np.isfinite(labels)
        # Standards without a value still say how the instruments differ; but a method learns from all values or none.
        use = labelled if labelled.sum() >= _LEAST_LABELS else np.ones_like(labelled)
        known = labels[use] if labelled[use].all() else None
        intervals = PredictionIntervals(method_named(method)).fit(
            parts.child[use],
            parts.parent[use],
            X_calibration=parts.calibration[calibrated],
            y_calibration=values[calibrated],
            y_standards=known,
        )
        return cls(name=name, calibrated=calibrated, standards=use, labels=known, intervals=intervals)

    @property
    def calibration(self) -> ChildCalibration:
        """The method, fitted."""
        found: ChildCalibration = self.intervals.calibration_
        return found

    def choice(self) -> str:
        """What was chosen and how sure that is, in words; empty where nothing was to be chosen."""
        calibration = self.calibration
        if not isinstance(calibration, Auto):
            return ""
        order = np.argsort(-calibration.weights_, kind="stable")[:3]
        members = ", ".join(f"{calibration.names_[one]} {calibration.weights_[one]:.0%}" for one in order)
        rest = f" and {len(calibration.names_) - 3} more" if len(calibration.names_) > 3 else ""
        return f"an average of {members}{rest}; {_how_sure(calibration)}".replace("%", " %")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferModel:
    """A transfer that may be applied.

    Attributes
    ----------
    parts : TransferParts
    correction : SpectrumCorrection
    band : ndarray, shape (channels,)
        Half-width of the 90 % band around a corrected spectrum, channel by channel.
    outliers : tuple of SpectrumOutliers
        Of spectra as they are, and of their derivative, which calibrations respond to, where they have channels enough.
    properties : mapping
        Name → what predicts it.
    """

    parts: TransferParts
    correction: SpectrumCorrection
    band: Array
    outliers: tuple[SpectrumOutliers, ...]
    properties: Mapping[str, PropertyModel]

    @classmethod
    def fit(cls, parts: TransferParts, told: Callable[[str], None] = lambda what: None) -> Self:
        """Make a transfer.

        Parameters
        ----------
        parts : TransferParts
        told : callable
            Is told what is being made, before it is.

        Raises
        ------
        ValueError
            For spectra or standards that the method cannot use: it says which.
        """
        told("correction of spectra")
        correction = CORRECTIONS[parts.correction]()
        regression = _regression(parts)
        band = correction_band(correction, parts.child, parts.parent, regression=regression)
        fitted = correction.fit(parts.child, parts.parent, regression=regression)
        outliers = tuple(
            SpectrumOutliers(preprocessing=name).fit(parts.child, parts.parent, X_calibration=parts.calibration)
            for name in _LOOKED_AT
            if least_channels(name) <= len(parts.axis)
        )
        properties = {}
        for name in parts.references:
            told(name)
            properties[name] = PropertyModel.fit(parts, name, parts.method)
        return cls(parts=parts, correction=fitted, band=band, outliers=outliers, properties=properties)

    def unlike(self, spectra: Array) -> tuple[str, ...]:
        """Why each spectrum, shape (samples, channels), is unlike the calibration's; empty where it is not."""
        reasons = [check.flag(spectra).reason for check in self.outliers]
        return tuple("; ".join(filter(None, of_one)) for of_one in zip(*reasons, strict=True))

    def remarks(self) -> list[str]:
        """What of the calibration set should be looked at, a line each."""
        rows = sorted({int(row) for check in self.outliers for row in check.extreme_rows_})
        names = [self.parts.calibration_ids[row] for row in rows]
        if not names:
            return []
        return [
            f"calibration spectra of the parent unlike all others: {len(names)}: {some_of(names, 10)}; the calibration "
            "is made of them all the same: measure them again, or leave them out"
        ]


def _regression(parts: TransferParts) -> Array | None:
    """What the parent's models multiply spectra by: where a correction has to be right."""
    vectors = []
    for values in parts.references.values():
        known = np.isfinite(values)
        x, y = parts.calibration[known], values[known]
        vectors.append(fit_pls(x, y, choose_num_latent(x, y)).coefficients[-1] / max(float(y.std()), _TINY))
    return np.stack(vectors, axis=1) if vectors else None


def _how_sure(calibration: Auto) -> str:
    best, confidence = calibration.chosen_, calibration.confidence_
    if confidence >= 0.9:
        word = "clearly the best"
    elif confidence >= 0.6:
        word = "probably the best"
    else:
        word = "not clearly better than others, which is why they are averaged"
    return f"{best} is {word} (best in {confidence:.0%} of 1000 draws of the standards)"
