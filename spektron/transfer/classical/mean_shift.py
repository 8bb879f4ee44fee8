"""Mean correction: the child's spectra moved by the mean difference of the standards."""

from __future__ import annotations

from spektron.transfer.classical._correction import Array, SpectrumCorrection

__all__ = ["MeanShift"]


class MeanShift(SpectrumCorrection):
    """Add the standards' mean difference, channel by channel; both instruments on one axis.

    What every other correction has to beat: it has nothing to choose and takes one standard, if that is a good one.
    """

    _least_standards = 1
    _needs_variation = False

    def _fit(self, child: Array, parent: Array) -> None:
        if child.shape[1] != parent.shape[1]:
            raise ValueError(
                f"expected the child's {child.shape[1]} channels of the parent too, found {parent.shape[1]}"
            )

    def _transform(self, child: Array) -> Array:
        return child
