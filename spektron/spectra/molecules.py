"""Random samples: which groups are in each, where their modes lie, how wide and strong they are.

A sample belongs to a class (`CLASSES`), which makes the presence of its groups correlated. The modes of one group
shift together (hydrogen bonding, conjugation) and a little apart. Group-free skeletal modes fill the fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.spectra.groups import CLASSES, GROUPS

__all__ = ["Molecules", "draw_molecules"]

Array = NDArray[np.float64]

# A second site of the same kind (two carbonyls, two crystal sites) is as common as that in drug-like molecules.
_SECOND_SITE = 0.35
_NUM_SKELETAL = 12
_SKELETAL_CM1 = (250.0, 1500.0)

_MODES = [(index, mode) for index, group in enumerate(GROUPS) for mode in group.modes]
_GROUP_OF_MODE = np.array([index for index, _ in _MODES])
_CENTRE = np.array([(mode.low_cm1 + mode.high_cm1) / 2 for _, mode in _MODES])
_HALF_RANGE = np.array([(mode.high_cm1 - mode.low_cm1) / 2 for _, mode in _MODES])
_FWHM = np.array([mode.fwhm_cm1 for _, mode in _MODES])
_IR = np.array([mode.ir for _, mode in _MODES])
_RAMAN = np.array([mode.raman for _, mode in _MODES])
_CLASS_WEIGHT = np.array([weight for weight, _ in CLASSES.values()])
_CLASS_GROUPS = np.array([[present.get(group.name, 0.0) for group in GROUPS] for _, present in CLASSES.values()])
_NAMES = [group.name for group in GROUPS]
_ALKYL, _WATER = _NAMES.index("alkyl"), _NAMES.index("water")
_HAS_OVERTONES = np.array([any(mode.bond in {"CH", "NH", "OH"} for mode in group.modes) for group in GROUPS])


@dataclass(frozen=True, slots=True, kw_only=True)
class Molecules:
    """Modes of many samples side by side; strength zero where a sample lacks the mode.

    The columns are `NUM_SITES` copies of the modes of `GROUPS`, in order, and then the skeletal modes.

    Attributes
    ----------
    centre_cm1, fwhm_cm1, ir, raman : ndarray, shape (molecules, modes)
        Position, width, and peak height in infrared and Raman.
    """

    centre_cm1: Array
    fwhm_cm1: Array
    ir: Array
    raman: Array


NUM_SITES = 2


def draw_molecules(rng: np.random.Generator, num: int) -> Molecules:
    """Draw `num` samples; the same generator state gives the same samples."""
    weight = _group_weights(rng, num)
    sites = [_site(rng, weight)]
    sites.append(_site(rng, weight * (rng.random(weight.shape) < _SECOND_SITE) * rng.uniform(0.2, 0.8, weight.shape)))
    parts = [*sites, _skeleton(rng, weight)]
    centre, fwhm, ir, raman = (np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True))
    return Molecules(centre_cm1=centre, fwhm_cm1=fwhm, ir=ir, raman=raman)


def _group_weights(rng: np.random.Generator, num: int) -> Array:
    """How much of each group is in each sample, shape (num, groups); zero where it is absent."""
    kind = rng.choice(len(_CLASS_WEIGHT), size=num, p=_CLASS_WEIGHT / _CLASS_WEIGHT.sum())
    present = rng.random((num, len(GROUPS))) < _CLASS_GROUPS[kind]
    present[~present.any(axis=1), _ALKYL] = True
    weight: Array = np.where(present, 1.0, 0.0) * np.exp(0.6 * rng.standard_normal((num, len(GROUPS))))
    # Nothing is quite dry: a sample without X-H bonds shows adsorbed water, and so has a near-infrared spectrum.
    dry = ~(present & _HAS_OVERTONES).any(axis=1)
    weight[dry, _WATER] = 0.05 * np.exp(0.6 * rng.standard_normal(int(dry.sum())))
    return weight


def _site(rng: np.random.Generator, weight: Array) -> tuple[Array, Array, Array, Array]:
    shape = (len(weight), len(_MODES))
    together = rng.standard_normal(weight.shape)[:, _GROUP_OF_MODE]
    # Nine in ten lie within the published range; the rest are the odd cases every table has in its footnotes.
    shift = np.clip(0.45 * together + 0.4 * rng.standard_normal(shape), -1.5, 1.5)
    amount = weight[:, _GROUP_OF_MODE]
    return (
        _CENTRE + _HALF_RANGE * shift,
        _FWHM * np.exp(0.25 * rng.standard_normal(shape)),
        amount * _IR * np.exp(0.4 * rng.standard_normal(shape)),
        amount * _RAMAN * np.exp(0.5 * rng.standard_normal(shape)),
    )


def _skeleton(rng: np.random.Generator, weight: Array) -> tuple[Array, Array, Array, Array]:
    """Weak modes that no group explains, fewer and weaker in some samples than in others."""
    shape = (len(weight), _NUM_SKELETAL)
    amount = weight.max(axis=1, keepdims=True) * (rng.random(shape) < rng.random((len(weight), 1)))
    centre = rng.uniform(*_SKELETAL_CM1, shape)
    # A mode strong in infrared tends to be weak in Raman: the rule of mutual exclusion, softened by low symmetry.
    polar = rng.beta(0.6, 0.6, shape)
    strength = 0.3 * np.exp(0.7 * rng.standard_normal(shape))
    fwhm = 12.0 * np.exp(0.35 * rng.standard_normal(shape))
    return centre, fwhm, amount * strength * polar, amount * strength * (1.0 - polar)
