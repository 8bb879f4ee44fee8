"""Whether paired spectra are of one sample each, on two instruments: refused where not, told where in doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spektron.core.errors import ConfigError, SpectrumError
from spektron.datasets._pairs.axis import Array
from spektron.datasets._pairs.names import near_misses
from spektron.datasets._pairs.repairs import Repairs, named

__all__ = ["require_pairs", "tell_agreement"]

# Spectra of one sample on two instruments correlate at .9 and above; turned upside down, at −.9.
_UPSIDE_DOWN, _ALIKE = -0.5, 0.5
# Of the spectra's range: rounding on the way through another program. Two instruments differ by a hundred times more.
_ROUNDED = 1e-6
# A sample's difference between the instruments, less the usual one, over the others' median and over the size of a
# spectrum. Clean pairs of corn and tablets (3 to 655 of them, 10,000 draws) have up to 69 and up to .25; one of them in
# transmittance, doubled or a thousandfold has at least 16 and 1.6.
_TIMES_OTHERS, _OF_SPECTRUM = 8.0, 0.6
# The child's spectra over the parent's, as a whole: .89 to 1.12 of corn and tablets.
_SCALE = 3.0
# Of other samples, how many are nearer to a sample than it is to itself. Clean pairs of corn and tablets: up to .31
# of 7, .14 of 10; with ids in a wrong order .5 in the mean, and above .37 nineteen times of twenty.
_BY_CHANCE = 0.35
# Fewer pairs than these say nothing of one among them, or of all.
_LEAST_TO_COMPARE, _LEAST_TO_ORDER = 3, 5


def require_pairs(
    ids: Sequence[str], parent: Mapping[str, Array], child: Mapping[str, Array], repairs: Repairs
) -> None:
    """Tell of names without a partner that may be one.

    Parameters
    ----------
    ids : sequence of str
        Those of samples on both.
    parent, child : mapping
        By id.
    repairs : Repairs

    Raises
    ------
    SpectrumError
        For fewer than two pairs.
    """
    near = near_misses((name for name in parent if name not in child), (name for name in child if name not in parent))
    if len(ids) < 2:
        raise SpectrumError(
            f"expected at least 2 samples measured on both instruments, found {len(ids)}: the parent has "
            f"{named(parent, 3)}, the child {named(child, 3)}",
            f"call the same sample the same in both: {named(near, 3)} may be one"
            if near
            else "samples are matched by the names of rows or columns in tables, else of files",
        )
    repairs.note(
        "names written differently that may be one sample, not paired; call it the same", len(near), named(near)
    )


def tell_agreement(ids: Sequence[str], parent: Array, child: Array, repairs: Repairs) -> None:
    """Tell of pairs that disagree, and of ids that may be in a wrong order.

    Parameters
    ----------
    ids : sequence of str
    parent, child : ndarray, shape (samples, channels)
    repairs : Repairs

    Raises
    ------
    SpectrumError
        Where both hold the very same spectra.
    ConfigError
        Where the same samples look opposite on both.
    """
    _tell_same(ids, parent, child, repairs)
    _compare(parent, child, repairs)
    _tell_scale(parent, child, repairs)
    _tell_outlying(ids, parent, child, repairs)
    _tell_order(parent, child, repairs)


def _tell_same(ids: Sequence[str], parent: Array, child: Array, repairs: Repairs) -> None:
    same = np.abs(child - parent).max(axis=1) <= _ROUNDED * np.ptp(parent)
    if same.all():
        raise SpectrumError(
            f"expected spectra of two instruments, found the very same ones on both ({len(ids)} of {len(ids)} pairs)",
            "give the child's own file: the parent's, or a copy of it, stands in its place",
        )
    names = [name for name, one in zip(ids, same, strict=True) if one]
    repairs.note(
        "samples with the very same spectrum on both instruments; see whether the child measured them",
        len(names),
        named(names),
    )


def _compare(parent: Array, child: Array, repairs: Repairs) -> None:
    """Ask where the same samples look opposite on both, and tell where they hardly look alike."""
    x, y = (values - values.mean(axis=1, keepdims=True) for values in (parent, child))
    size = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    alike = float(np.median((x * y).sum(axis=1)[size > 0] / size[size > 0])) if (size > 0).any() else 1.0
    if alike < _UPSIDE_DOWN:
        raise ConfigError(
            f"expected the same samples to look alike on both instruments, found the one upside down (correlation "
            f"{alike:.2f}): one of them may be transmittance",
            'say what each is, parent first: kind=("absorbance", "transmittance")',
        )
    if alike < _ALIKE:
        repairs.note(
            "samples that hardly look alike on both instruments; see whether ids and units are right",
            len(parent),
            f"correlation {alike:.2f}",
        )


def _tell_scale(parent: Array, child: Array, repairs: Repairs) -> None:
    """Tell where all of the child's spectra are larger or smaller than the parent's, or vary so."""
    for what, size in (("vary", lambda spectra: _rms(spectra - spectra.mean(axis=1, keepdims=True))), ("are", _rms)):
        ours, theirs = (float(np.median(size(spectra))) for spectra in (parent, child))
        if min(ours, theirs) > 0 and max(ours / theirs, theirs / ours) > _SCALE:
            repairs.note(
                "samples on another scale on the child; see whether both are in one unit",
                len(parent),
                f"its spectra {what} {theirs / ours:.4g} times as much as the parent's",
            )
            return


def _tell_outlying(ids: Sequence[str], parent: Array, child: Array, repairs: Repairs) -> None:
    """Name samples whose difference is far out of line with the others': another scale, kind or sample."""
    if len(ids) < _LEAST_TO_COMPARE:
        return
    difference = child - parent
    size = _rms(difference - np.median(difference, axis=0))
    usual = np.array([np.median(np.delete(size, row)) for row in range(len(size))])
    spectrum = float(np.median(_rms(parent - parent.mean(axis=1, keepdims=True))))
    outlying = np.flatnonzero((size > _TIMES_OTHERS * usual) & (size > _OF_SPECTRUM * spectrum)).tolist()
    repairs.note(
        "samples that differ between the instruments far more than others; see whether scale, kind and id are right",
        len(outlying),
        named(f"{ids[row]}: by {size[row]:.3g}, others by {usual[row]:.3g}" for row in outlying),
    )


def _tell_order(parent: Array, child: Array, repairs: Repairs) -> None:
    if len(parent) < _LEAST_TO_ORDER:
        return
    nearer = min(_nearer(parent, child), _nearer(_snv(parent), _snv(child)))
    if nearer > _BY_CHANCE:
        repairs.note(
            "pairs that are no more alike than different samples are; see whether ids are right",
            len(parent),
            f"{nearer:.0%} of other samples are nearer than the sample itself, of right pairs hardly any",
        )


def _nearer(parent: Array, child: Array) -> float:
    """Mean share of other samples that are nearer to a sample than it is to itself, instruments' means taken off."""
    x, y = parent - parent.mean(axis=0), child - child.mean(axis=0)
    apart = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2.0 * x @ y.T
    nearer = (apart < np.diag(apart)[:, None]).sum(axis=1)
    return float(nearer.mean()) / (len(x) - 1)


def _snv(spectra: Array) -> Array:
    spread = spectra.std(axis=1, keepdims=True)
    scaled: Array = (spectra - spectra.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    return scaled


def _rms(spectra: Array) -> Array:
    size: Array = np.sqrt((spectra**2).mean(axis=1))
    return size
