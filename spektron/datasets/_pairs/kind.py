"""What intensities are, and the way to absorbance; transmittance that calls itself absorbance is asked about."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from spektron.core.errors import ConfigError
from spektron.datasets._pairs.repairs import Repairs, Side, named
from spektron.spectra.intensity import IntensityScale, parse_intensity_unit, rescaled

__all__ = ["KINDS", "Kind", "as_absorbance", "looks_transmitted"]

Kind = Literal["absorbance", "transmittance", "reflectance", "arbitrary"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Array = NDArray[np.float64]

_SHARES = {
    IntensityScale.TRANSMITTANCE: 1.0,
    IntensityScale.REFLECTANCE: 1.0,
    IntensityScale.PERCENT_TRANSMITTANCE: 100.0,
    IntensityScale.PERCENT_REFLECTANCE: 100.0,
}
_PERCENT = {
    IntensityScale.TRANSMITTANCE: IntensityScale.PERCENT_TRANSMITTANCE,
    IntensityScale.REFLECTANCE: IntensityScale.PERCENT_REFLECTANCE,
}
_STATED = {
    "absorbance": IntensityScale.ABSORBANCE,
    "transmittance": IntensityScale.TRANSMITTANCE,
    "reflectance": IntensityScale.REFLECTANCE,
    "arbitrary": IntensityScale.ARBITRARY,
}
# Half of a spectrum above an absorbance of 8: a hundred-millionth of the light, which no instrument tells from none.
_HIGHEST_ABSORBANCE = 8.0
# A share of light ends near 1 (100), where samples hardly absorb; baselines drift by some per cent.
_TOP = (0.7, 1.15)
# Of a spectrum of transmittance most points lie near its top, and bands hang down. Of absorbance few do.
_TOP_HEAVY = 0.75
_NEAR_INFRARED_NM = (600.0, 2700.0)
# Below this range one band decides whether a spectrum rises.
_LEAST_RANGE_NM = 250.0
_FALLS = -0.7


def as_absorbance(
    spectra: Array, wavelength_nm: Array, stated: Sequence[tuple[str, str]], kind: Kind | None, repairs: Repairs
) -> Array:
    """Bring intensities to absorbance, log 1/T or log 1/R; what is neither stays as it is.

    Points where no light came through have no absorbance and become NaN.

    Parameters
    ----------
    spectra : ndarray, shape (samples, channels)
        NaN where nothing was measured.
    wavelength_nm : ndarray, shape (channels,)
    stated : sequence of (str, str)
        What files say of their intensities, and which do.
    kind : str or None
        What all of them are, whatever files say; None to take files at their word, and to ask where values contradict.
    repairs : Repairs
        What was converted is added.

    Raises
    ------
    ConfigError
        For files that differ in what they state, and for values that look like transmittance where none is stated.
    """
    scale = _stated(stated, repairs.side) if kind is None else _STATED[kind]
    if kind is not None:
        _tell_overruled(stated, scale, repairs)
    if kind is None and scale in (IntensityScale.ABSORBANCE, IntensityScale.ARBITRARY):
        _ask(spectra, wavelength_nm, repairs.side)
    finite = spectra[np.isfinite(spectra)]
    if scale not in _SHARES or not finite.size:
        return spectra
    known = scale
    if rescaled(finite, scale)[2]:  # values contradict the unit
        known = _PERCENT.get(scale, scale)  # a fraction ends at 1, and a percentage may be small
        repairs.note(
            f"spectra of {scale.value} that lie below 1.5 %, taken as stated; if they are fractions, say that they are "
            "transmittance or reflectance",
            len(spectra) if known is scale else 0,
        )
    share = spectra / _SHARES[known]
    repairs.note(f"spectra of {known.value} converted to absorbance", len(spectra))
    repairs.note("points without any light, taken as not measured", int(np.count_nonzero(share <= 0)))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(share > 0, -np.log10(share), np.nan)


def looks_transmitted(spectra: Array, wavelength_nm: Array) -> str:
    """Why numbers look like transmitted or reflected shares and not like absorbance; empty where they do not.

    Judged by the median spectrum: whether its points lie near a top of 1 or 100 from which bands hang down; and in
    the near-infrared, where absorption grows with wavelength (each overtone is some ten times weaker than the one below
    it), whether it falls instead. Of 26 real sets this asks about two: reflectances of a hand-held instrument, and
    diffuse reflection in a unit of its own. Made into fractions of transmittance, it misses those that let a tenth
    through or less; `load_pairs` sees them where only one instrument has them.
    """
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # channels that no sample has
        usual = np.nanmedian(spectra, axis=0)
    measured = np.isfinite(usual)
    usual, wavelength_nm = usual[measured], wavelength_nm[measured]
    if len(usual) < 3 or np.ptp(usual) == 0:
        return ""
    low, middle, top = np.quantile(usual, (0.01, 0.5, 0.99))
    if low < -0.05 * max(top, 1.0):
        return ""
    for whole, unit in ((1.0, ""), (100.0, " %")):
        if _TOP[0] * whole <= top <= _TOP[1] * whole and middle - low > _TOP_HEAVY * (top - low):
            return f"most points lie near the top of {low:.3g} to {top:.3g}{unit}, and bands hang down"
    if middle > _HIGHEST_ABSORBANCE and top <= 100 * _TOP[1]:
        return f"half of the points lie above {middle:.3g}, where absorbance never is"
    near = (wavelength_nm > _NEAR_INFRARED_NM[0]) & (wavelength_nm < _NEAR_INFRARED_NM[1])
    if near.all() and np.ptp(wavelength_nm) > _LEAST_RANGE_NM and top <= _TOP[1]:
        trend = float(spearmanr(wavelength_nm, usual).statistic)
        if trend < _FALLS:
            return (
                f"it falls with wavelength (rank correlation {trend:.2f}), where absorption in the near-infrared grows"
            )
    return ""


def _ask(spectra: Array, wavelength_nm: Array, side: Side) -> None:
    if why := looks_transmitted(spectra, wavelength_nm):
        raise ConfigError(
            f"{side}: expected absorbance, found what looks like transmittance or reflectance: {why}",
            'say what it is: kind="transmittance" or kind="reflectance" converts it, kind="absorbance" or '
            'kind="arbitrary" takes it as it is',
        )


def _tell_overruled(stated: Sequence[tuple[str, str]], said: IntensityScale, repairs: Repairs) -> None:
    """Name files that state another kind than the one that was said; a percentage of it is the same."""
    others = [
        f"{found.value} in {where}"
        for text, where in stated
        if (found := parse_intensity_unit(text)) not in (said, _PERCENT.get(said), IntensityScale.ARBITRARY)
    ]
    repairs.note(f"kinds of intensity that files state, overruled: {said.value} was said", len(others), named(others))


def _stated(stated: Sequence[tuple[str, str]], side: Side) -> IntensityScale:
    found: dict[IntensityScale, str] = {}
    for text, where in stated:
        found.setdefault(parse_intensity_unit(text), where)
    if len(found) == 1:
        return next(iter(found))
    each = named(f"{scale.value} in {where}" for scale, where in found.items())
    raise ConfigError(
        f"{side}: expected files that state one kind of intensity, found {each}",
        f"convert some of them, or say what all are: kind= one of {', '.join(KINDS)}",
    )
