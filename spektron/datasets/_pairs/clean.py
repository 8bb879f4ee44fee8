"""What of an instrument's spectra can be used: samples that are whole, each once, and channels that carry something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import SpectrumError
from spektron.datasets._pairs.axis import Array, Curve, Unit, gaps_in
from spektron.datasets._pairs.repairs import NothingUsable, Repairs, named

__all__ = ["Instrument", "Replicates", "cleaned", "covering", "without_copies"]

Replicates = Literal["refuse", "mean"]

# A spectrum that lacks more of its axis than this is left out, rather than all others being cut to what it has.
_MOST_MISSING = 0.1
# Channels without use beyond this share: something is wrong with the instrument or the file, not with a few channels.
_MOST_UNUSABLE = 0.2
# Fewer samples than this may have a rounded value in common by chance.
_JUDGED = 5
# Points in a row at the very same top, with a step down beside them, are a detector's ceiling.
_FLAT_TOP = 3
_STEP_QUANTA = 3.0
# Positions that differ by less than this part of a step are one.
_SAME = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """Spectra of one instrument.

    Attributes
    ----------
    ids : tuple of str
    axis : ndarray, shape (channels,)
        Ascending, in `unit`.
    unit : str
    spectra : ndarray, shape (samples, channels)
        Finite.
    usable : ndarray of bool, shape (channels,)
        False where a channel is blank for all samples, dead, or at the detector's ceiling.
    """

    ids: tuple[str, ...]
    axis: Array
    unit: Unit
    spectra: Array
    usable: NDArray[np.bool_]


def cleaned(
    ids: list[str],
    axis: Array,
    unit: Unit,
    spectra: Array,
    replicates: Replicates,
    repairs: Repairs,
    judge_channels: bool = True,
) -> Instrument:
    """Leave out what cannot be used, saying so.

    Parameters
    ----------
    ids : list of str
    axis, unit, spectra
        As `on_one_axis` gives them, in absorbance where there is one.
    replicates : str
        What becomes of several spectra of one id: ``refuse``, or ``mean``.
    repairs : Repairs
    judge_channels : bool
        Whether to look for channels that are blank, dead or saturated; else all are usable.

    Raises
    ------
    SpectrumError
        Where no sample is left, an id is there twice with different spectra, or a fifth of the channels cannot be used.
    """
    blank = np.zeros(len(axis), dtype=bool)
    if judge_channels:
        spectra, blank = _bridged(axis, unit, spectra, repairs)
    kept, inside = _whole(ids, spectra, repairs)
    repairs.note("channels at the ends that some samples lack, cut", len(axis) - (inside.stop - inside.start))
    names, axis, values = [ids[row] for row in kept], axis[inside], spectra[kept, inside]
    names, values = _each_once(names, values, replicates, repairs)
    usable = _usable(names, axis, unit, values, repairs) if judge_channels else np.ones(len(axis), dtype=bool)
    return Instrument(ids=tuple(names), axis=axis, unit=unit, spectra=values, usable=usable & ~blank[inside])


def covering(curves: Sequence[Curve], unit: Unit, needed: Array, repairs: Repairs, dark: str = "") -> list[Curve]:
    """Leave out spectra that end before channels that are needed, or have a gap with one in it: nothing is made up.

    Parameters
    ----------
    curves : sequence of Curve
        Positions in `unit`; intensities NaN where nothing was measured.
    needed : ndarray, shape (channels,)
        Ascending, in `unit`. Where it has a gap of its own, spectra may have one too.
    repairs : Repairs
    dark : str
        The kind by which points have no absorbance, because no light came through: it may be wrong, not the range.

    Raises
    ------
    NothingUsable
        Where none is left: then it is the range that is wrong, not a sample.
    """
    kept, short, holed = [], [], []
    low, high = float(needed[0]), float(needed[-1])
    for curve in curves:
        name, x = curve[0], curve[1][np.isfinite(curve[2])]
        slack = 0.5 * float(np.median(np.diff(x))) if len(x) > 1 else 0.0
        if len(x) < 2:
            short.append((name, "nothing measured"))
        elif x[0] > low + slack or x[-1] < high - slack:
            short.append((name, f"{x[0]:.6g} to {x[-1]:.6g} {unit}"))
        elif (gap := gaps_in(x) & _hold(x, needed)).any():
            holed.append((name, f"nothing from {named(_stretches(x, gap), 3)} {unit}"))
        else:
            kept.append(curve)
    without = ", points without light not counted" if dark else ""
    repairs.leave_out(f"spectra that do not reach from {low:.6g} to {high:.6g} {unit}{without}", short)
    repairs.leave_out(f"spectra with a gap between {low:.6g} and {high:.6g} {unit}{without}", holed)
    if not kept:
        raise NothingUsable.after(
            repairs,
            f"{repairs.side}: expected spectra from {low:.6g} to {high:.6g} {unit}, found "
            f"{named(sorted({why for _, why in [*short, *holed]}), 2)}{without}",
            f'{dark} is likely wrong, for values of it are 0 or less: kind="absorbance" takes them as they are'
            if dark
            else "measure the range that the transfer was made with, or make it anew with files of this range",
        )
    return kept


def _hold(x: Array, needed: Array) -> NDArray[np.bool_]:
    """Which steps of an axis have a needed channel between their ends."""
    slack = _SAME * float(np.diff(x).min())
    first = np.searchsorted(needed, x[:-1] + slack, side="right")
    held: NDArray[np.bool_] = first < np.searchsorted(needed, x[1:] - slack)
    return held


def _stretches(x: Array, gap: NDArray[np.bool_]) -> list[str]:
    return [f"{x[place]:.6g} to {x[place + 1]:.6g}" for place in np.flatnonzero(gap)]


def without_copies(parent: Instrument, child: Instrument, repairs: Repairs) -> set[str]:
    """Ids to leave out because another id has the very same spectrum.

    Where two ids are one sample on both instruments, or on the one that has them, one of them is kept: else a sample
    would be standard and test sample at once. Where they are one on one instrument and two on the other, a file was
    named wrongly, nobody knows which, and neither is kept.
    """
    leave: set[str] = set()
    for here, there in ((parent, child), (child, parent)):
        row_of = {name: row for row, name in enumerate(there.ids)}
        for copies in _copies(here):
            same = sorted(copies, key=lambda name: name not in row_of)  # a pair rather than a sample that is none
            known = [there.spectra[row_of[name]] for name in same if name in row_of]
            agree = all(np.array_equal(known[0], values) for values in known[1:])
            leave.update(same[1:] if agree else same)
    repairs.leave_out("ids with the very same spectrum as another id", [(name, "") for name in sorted(leave)])
    return leave


def _bridged(axis: Array, unit: Unit, spectra: Array, repairs: Repairs) -> tuple[Array, NDArray[np.bool_]]:
    """Spectra with a straight line across channels that no sample has, and which these are: they are not to be used.

    Those at the ends of the axis stay blank, to be cut.
    """
    there = np.isfinite(spectra).any(axis=0)
    places = np.flatnonzero(there)
    blank: NDArray[np.bool_] = np.logical_not(there)
    if not blank.any() or not len(places):
        return spectra, np.zeros(len(axis), dtype=bool)
    blank[: places[0]] = blank[places[-1] :] = False
    at = f"{unit}: " + named(f"{x:g}" for x in axis[blank])
    repairs.note("channels that are blank for all samples, not used", int(blank.sum()), at)
    bridged = spectra.copy()
    for row in bridged:
        row[blank] = np.interp(axis[blank], axis[there], row[there])
    return bridged, blank


def _whole(ids: list[str], spectra: Array, repairs: Repairs) -> tuple[list[int], slice]:
    """Rows that can be used, and the channels that all of them have."""
    measured = np.isfinite(spectra)
    kept: list[int] = []
    empty, holed, flat = (list[tuple[str, str]]() for _ in range(3))
    for row, (name, there) in enumerate(zip(ids, measured, strict=True)):
        places = np.flatnonzero(there)
        if len(places) < (1 - _MOST_MISSING) * spectra.shape[1]:
            empty.append((name, f"{len(places)} of {spectra.shape[1]}"))
        elif places[-1] - places[0] + 1 != len(places):
            holed.append((name, f"{places[-1] - places[0] + 1 - len(places)} points"))
        elif np.ptp(spectra[row, places]) == 0:
            flat.append((name, ""))
        else:
            kept.append(row)
    repairs.leave_out("spectra that lack more than a tenth of their points", empty)
    repairs.leave_out("spectra with missing values between measured ones", holed)
    repairs.leave_out("spectra that are constant", flat)
    if not kept:
        why = named((f"{name}: {what}" for repair in repairs for name, what in repair.left_out), 3)
        raise NothingUsable.after(
            repairs,
            f"{repairs.side}: expected spectra that can be used, found none: {why}",
            "look at the files: NaN and empty cells are taken as not measured",
        )
    channels = np.flatnonzero(measured[kept].all(axis=0))
    return kept, slice(int(channels[0]), int(channels[-1]) + 1)


def _each_once(names: list[str], values: Array, replicates: Replicates, repairs: Repairs) -> tuple[list[str], Array]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(names):
        rows[name].append(row)
    twice = [name for name, places in rows.items() if len(places) > 1]
    differ = [name for name in twice if any(not np.array_equal(values[rows[name][0]], values[p]) for p in rows[name])]
    if differ and replicates == "refuse":
        raise SpectrumError(
            f"{repairs.side}: expected one spectrum of each id, found several that differ: {named(differ)}",
            'name samples apart, or say replicates="mean" to take their mean',
        )
    repairs.note("ids with several spectra, their mean taken", len(differ), named(differ))
    same = [name for name in twice if name not in set(differ)]
    repairs.note("ids with the same spectrum several times, taken once", len(same), named(same))
    return list(rows), np.array(
        [values[places].mean(axis=0) if len(places) > 1 else values[places[0]] for places in rows.values()]
    )


def _usable(names: list[str], axis: Array, unit: Unit, values: Array, repairs: Repairs) -> NDArray[np.bool_]:
    dead = np.ptp(values, axis=0) == 0 if len(values) >= _JUDGED else np.zeros(len(axis), dtype=bool)
    flat = _saturated(values)
    ceiling, who = flat.any(axis=0) & ~dead, named(names[row] for row in np.flatnonzero(flat.any(axis=1)))
    num_dead, num_flat = int(dead.sum()), int(ceiling.sum())
    if num_dead + num_flat > _MOST_UNUSABLE * len(axis):
        raise SpectrumError(
            f"{repairs.side}: expected most of {len(axis)} channels to carry a signal, found {num_dead} that are the "
            f"same for all samples and {num_flat} at the detector's ceiling{': ' if who else ''}{who}",
            "cut the files to the range that was measured, or leave out the samples that absorb too much",
        )
    at = f"{unit}: " + named(f"{x:g}" for x in axis[dead])
    repairs.note("channels that are the same for all samples, not used", num_dead, at)
    at = f"{unit}: " + named(f"{x:g}" for x in axis[ceiling]) + f", of {who}"
    repairs.note("channels at the detector's ceiling, not used", num_flat, at)
    return ~(dead | ceiling)


def _copies(instrument: Instrument) -> list[list[str]]:
    groups: dict[bytes, list[str]] = defaultdict(list)
    for name, values in zip(instrument.ids, instrument.spectra, strict=True):
        groups[values.tobytes()].append(name)
    return [names for names in groups.values() if len(names) > 1]


def _saturated(values: Array) -> NDArray[np.bool_]:
    """Where spectra lie in a flat top: the highest value, several times in a row, and not merely rounded.

    Rounded to a few decimals a broad band has equal points at its top too, but the next one is a last digit lower; at
    a ceiling it is cut off from a slope.
    """
    steps = np.abs(np.diff(values, axis=1))
    quantum = float(steps[steps > 0].min(initial=np.inf))
    at_top = values == values.max(axis=1, keepdims=True)
    found = np.zeros(values.shape, dtype=bool)
    for row in np.flatnonzero(at_top.sum(axis=1) >= _FLAT_TOP):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], at_top[row].astype(np.int8), [0]])))
        for start, stop in edges.reshape(-1, 2):
            beside = [steps[row, place] for place in (start - 1, stop - 1) if 0 <= place < steps.shape[1]]
            if stop - start >= _FLAT_TOP and max(beside, default=0.0) > _STEP_QUANTA * quantum:
                found[row, start:stop] = True
    return found
