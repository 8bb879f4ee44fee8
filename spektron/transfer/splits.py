"""Splits of one's own, by the protocol of the published ones: drawn test samples, standards chosen on the parent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from spektron.core.errors import ConfigError
from spektron.datasets.instrument_set import InstrumentSet
from spektron.datasets.splits import Rows, Split
from spektron.transfer.selection import KennardStone, Random, StandardSelection

__all__ = ["draw_splits"]

_PARTS = ("Train", "Test")


def draw_splits(
    instruments: InstrumentSet,
    *,
    repeats: int = 10,
    seed: int = 0,
    test_share: float = 0.25,
    num_standards: int = 50,
    selection: StandardSelection | None = None,
    leave_out: Rows | None = None,
) -> tuple[Split, ...]:
    """Draw calibration and test samples, and choose standards among the former on each instrument as the parent.

    A set with its publisher's parts Train and Test keeps them in every split: there it is the standards that are drawn.

    Parameters
    ----------
    instruments : InstrumentSet
    repeats : int
    seed : int
        Of the first split; split r is the same however many are drawn.
    test_share : float
        Of the samples, rounded; of no effect where the publisher has said. A quarter of 80 is the 60 to 20 of corn.
    num_standards : int
        At most; fewer where there are fewer calibration samples.
    selection : StandardSelection, optional
        Given the parent's raw calibration spectra (SPXY: all properties too); by default `KennardStone`, and `Random`
        where the publisher's parts stay. Its `num_standards` and `random_state` are set here. Of one that is not nested
        (`DOptimal`) a split serves one number of standards, all that it has; fewer are refused.
    leave_out : ndarray, optional
        Rows that are in no part, outliers for example.

    Raises
    ------
    ConfigError
        For a share or a number that leaves one side empty.
    """
    keep = np.setdiff1d(np.arange(instruments.num_samples), [] if leave_out is None else leave_out)
    published = instruments.split is not None and set(_PARTS) <= set(instruments.split[keep].tolist())
    choice = selection or (Random() if published else KennardStone())
    splits = []
    for repeat in range(repeats):
        rng = np.random.default_rng((seed, repeat))
        if published:
            assert instruments.split is not None
            calibration, test = (keep[instruments.split[keep] == part] for part in _PARTS)
        else:
            calibration, test = _drawn(keep, test_share, rng)
        number = min(num_standards, len(calibration))
        chosen = _prepared(choice, number, int(rng.integers(2**31)))
        standards = {
            name: calibration[_rows(chosen, instruments, name, calibration)] for name in instruments.instruments
        }
        splits.append(
            Split(repeat=repeat, calibration=calibration, test=test, standards=standards, nested=choice.nested)
        )
    return tuple(splits)


def _drawn(keep: Rows, test_share: float, rng: np.random.Generator) -> tuple[Rows, Rows]:
    num_test = round(test_share * len(keep))
    if not 1 <= num_test < len(keep) - 1:
        raise ConfigError(
            f"test_share: expected at least one test sample and two calibration samples of {len(keep)}, found "
            f"{test_share} of them"
        )
    drawn = rng.permutation(keep)
    return drawn[num_test:], np.sort(drawn[:num_test])


def _prepared(selection: StandardSelection, number: int, seed: int) -> StandardSelection:
    chosen: StandardSelection = clone(selection).set_params(num_standards=number)
    if "random_state" in chosen.get_params():
        chosen.set_params(random_state=seed)
    return chosen


def _rows(selection: StandardSelection, instruments: InstrumentSet, parent: str, calibration: Rows) -> NDArray[np.intp]:
    properties = np.column_stack([values[calibration] for values in instruments.reference.values()])
    return selection.fit(instruments.spectra[parent][calibration], properties).indices_
