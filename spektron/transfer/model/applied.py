"""New spectra of the child through a transfer: corrected, predicted with intervals, strange ones flagged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.core.words import some_of
from spektron.datasets import Samples
from spektron.report import Column, Figure, Points, Table
from spektron.transfer.model.no_test import KNOWN, why_no_test
from spektron.transfer.model.parts import file_names, short_name
from spektron.transfer.model.transfer_model import TransferModel
from spektron.transfer.uncertainty.intervals import Interval

__all__ = ["Applied", "apply_transfer"]

Array = NDArray[np.float64]
_MOST_NAMED = 40
# Quartile ranges beyond the quartiles, or usual intervals where these are wider: the bulk keeps a tenth of the axis.
_FAR, _LEAST_TO_JUDGE = 5.0, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a transfer makes of new spectra.

    Attributes
    ----------
    ids : tuple of str
    corrected : ndarray, shape (samples, channels)
        On the axis of the transfer.
    predictions : mapping
        Property → predictions with intervals.
    beyond : mapping
        Property → for every sample, whether the prediction lies outside the calibration set's values.
    unlike : tuple of str
        For every sample why its spectrum is unlike the calibration's; empty where it is like them.
    no_test : tuple of str
        For every sample why its prediction says nothing of how good the transfer is; empty where it does.
    confidence : float
        Of the intervals.
    left_out : tuple of (str, str)
        Samples and files that could not be used, each with what is wrong.
    """

    ids: tuple[str, ...]
    corrected: Array
    predictions: Mapping[str, Interval]
    beyond: Mapping[str, NDArray[np.bool_]]
    unlike: tuple[str, ...]
    no_test: tuple[str, ...]
    confidence: float
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which samples the transfer was made of."""
        return np.array([bool(why) for why in self.no_test], dtype=np.bool_)

    @property
    def percent(self) -> str:
        """The confidence in words, with as many digits as it has: 90 %, 99.9 %."""
        return f"{100 * self.confidence:.6g} %"

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which spectra are unlike the calibration's."""
        return np.array([bool(why) for why in self.unlike], dtype=np.bool_)

    def table(self) -> Table:
        """A row for every sample and property: predicted, low, high, flag, reason, the intervals' confidence.

        Without properties one row a sample. Flags are "outside", of spectra and predictions beyond what the calibration
        knows, and "no test", of samples that it was made of. What could not be used has rows too, with the flag "not
        predicted" and the reason.
        """
        columns = ("id", "property", "predicted", "low", "high", "flag", "reason", "confidence")
        return Table(
            title="Predictions",
            columns=tuple(Column(name, name) for name in columns),
            rows=tuple(dict(zip(columns, (*row, self.confidence), strict=True)) for row in self._rows()),
        )

    def _rows(self) -> Iterator[tuple[str | float | None, ...]]:
        if not self.predictions:  # nothing to predict, and strange spectra are told all the same
            for row, sample in enumerate(self.ids):
                yield (sample, "", None, None, None, *self._flag(row))
        for name, found in self.predictions.items():
            for row, sample in enumerate(self.ids):
                numbers = (float(values[row]) for values in (found.predicted, found.low, found.high))
                yield (sample, name, *numbers, *self._flag(row, bool(self.beyond[name][row])))
        for name in self.predictions or ("",):
            for sample, why in self.left_out:
                yield (sample, name, None, None, None, "not predicted", why)

    def _flag(self, row: int, beyond: bool = False) -> tuple[str, str]:
        found = (
            ("no test", self.no_test[row]),
            ("outside", self.unlike[row]),
            ("outside", "the prediction lies beyond the values that the calibration knows" if beyond else ""),
        )
        said = [(flag, why) for flag, why in found if why]
        return "; ".join(dict.fromkeys(flag for flag, _ in said)), "; ".join(why for _, why in said)

    def corrected_table(self, axis: Array, unit: str) -> Table:
        """A row a spectrum, wavelengths or wavenumbers in the head."""
        names = [f"{place:.10g}" for place in axis]
        first = f"id ({unit})"
        return Table(
            title="Corrected spectra",
            columns=(Column(first, first), *(Column(name, name) for name in names)),
            rows=tuple(
                {first: sample, **dict(zip(names, values, strict=True))}
                for sample, values in zip(self.ids, self.corrected.tolist(), strict=True)
            ),
        )

    def figure(self, name: str) -> Figure:
        """Predictions of a property, the lowest at the bottom, with their intervals; flagged ones apart.

        What lies so far out that the others could not be told apart beside it is named in the note instead.
        """
        found = self.predictions[name]
        far = _far(found)
        order = np.argsort(found.predicted, kind="stable")
        order, outside = order[~far[order]], order[far[order]]
        named = len(order) <= _MOST_NAMED
        strange, known = self.flagged | self.beyond[name], self.known
        kinds = {"like the calibration's": ~strange & ~known, "flagged": strange & ~known, KNOWN: known}
        points = []
        for label, which in kinds.items():
            places = np.flatnonzero(which[order])
            rows = order[places]
            if len(rows):
                points.append(
                    Points(
                        label=label,
                        arm=label,
                        x=found.predicted[rows].tolist(),
                        # Names are written from the top.
                        y=(len(order) - 1.0 - places if named else places.astype(float)).tolist(),
                        low=found.low[rows].tolist(),
                        high=found.high[rows].tolist(),
                        confidence=self.confidence,
                    )
                )
        return Figure(
            name=f"predictions_{file_names(self.predictions)[name]}",
            title=f"Predicted {short_name(name)}, with {self.percent} intervals",
            x_label=short_name(name),
            y_label="" if named else "sample, by prediction",
            points=tuple(points),
            y_names=tuple(short_name(self.ids[row]) for row in order[::-1]) if named else (),
            note=_not_shown([f"{short_name(self.ids[row])} {found.predicted[row]:.4g}" for row in outside]),
        )


def _far(found: Interval) -> NDArray[np.bool_]:
    """Which intervals lie far from the bulk of the predictions."""
    if len(found.predicted) < _LEAST_TO_JUDGE:
        return np.zeros(len(found.predicted), dtype=np.bool_)
    low, high = np.quantile(found.predicted, (0.25, 0.75))
    reach = _FAR * max(high - low, float(np.median(found.high - found.low)))
    far: NDArray[np.bool_] = (found.low < low - reach) | (found.high > high + reach)
    return far


def _not_shown(samples: list[str]) -> str:
    if not samples:
        return ""
    return f"Not shown, far from the others: {some_of(samples)}."


def apply_transfer(
    model: TransferModel, samples: Samples, confidence: float = 0.9, left_out: Sequence[tuple[str, str]] = ()
) -> Applied:
    """Correct and predict spectra that lie on the transfer's axis.

    Parameters
    ----------
    model : TransferModel
    samples : Samples
        None of them too: then the table names what was left out.
    confidence : float
        Share of new samples that are to lie inside their intervals.
    left_out : sequence of (str, str)
        Samples that could not be read, each with what is wrong: named in the table.

    Raises
    ------
    ValueError
        For a confidence that is not between 0 and 1.
    """
    if not samples.ids:
        return _nothing(model, confidence, left_out)
    predictions = {
        name: found.intervals.predict_interval(samples.spectra, confidence) for name, found in model.properties.items()
    }
    known = {name: values[np.isfinite(values)] for name, values in model.parts.references.items()}
    return Applied(
        ids=samples.ids,
        corrected=model.correction.transform(samples.spectra),
        predictions=predictions,
        beyond={
            name: (found.predicted < known[name].min()) | (found.predicted > known[name].max())
            for name, found in predictions.items()
        },
        unlike=model.unlike(samples.spectra),
        no_test=why_no_test(model.parts, samples),
        confidence=confidence,
        left_out=tuple(left_out),
    )


def _nothing(model: TransferModel, confidence: float, left_out: Sequence[tuple[str, str]]) -> Applied:
    """What there is where no spectrum could be used: estimators refuse to be asked about none."""
    none, no = np.empty(0), np.empty(0, dtype=np.bool_)
    return Applied(
        ids=(),
        corrected=np.empty((0, len(model.parts.axis))),
        predictions={name: Interval(none, none, none) for name in model.properties},
        beyond=dict.fromkeys(model.properties, no),
        unlike=(),
        no_test=(),
        confidence=confidence,
        left_out=tuple(left_out),
    )
