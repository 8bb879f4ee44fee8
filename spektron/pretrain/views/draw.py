"""What is drawn for each view: a row's numbers come from a generator of its own, whoever holds the row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spektron.pretrain.views.config import ViewConfig
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["EFFECTS", "Drawn", "draw_views"]

EFFECTS = ("temperature", "broadening", "stray_light", "axis", "gain", "background", "saturation", "noise")
_BASELINE_TERMS = 4

Drawn = dict[str, NDArray[np.float32]]


def draw_views(config: ViewConfig, rows: int, key: Sequence[int], *, rank: int = 0, world_size: int = 1) -> Drawn:
    """Draw the instrument of each row's view.

    Parameters
    ----------
    config : ViewConfig
    rows : int
        This worker's.
    key : sequence of int
        Non-negative: (seed, step, view).
    rank, world_size : int
        As in `spektron.pretrain.draw_masks`: row r of this worker is row ``r · world_size + rank`` of all.

    Returns
    -------
    dict
        Size of each effect, 0 where it does not act: ``shift_cm1``, ``stretch``, ``tilt_cm1`` (shift at the high end,
        of temperature), ``fwhm_cm1``, ``is_slit``, ``stray_light``, ``peak_absorbance``, ``gain``, ``scatter``,
        ``power``, ``ceiling``, ``white``, ``shot`` of shape (rows,), ``baseline`` (rows, 4) and ``grain`` (rows, 2048).
    """
    generators = [np.random.default_rng([*key, row * world_size + rank]) for row in range(rows)]
    uniform = np.stack([generator.random(24, dtype=np.float32) for generator in generators])
    normal = np.stack([generator.standard_normal(_BASELINE_TERMS, dtype=np.float32) for generator in generators])
    able = set(config.effects)
    acts = {name: (uniform[:, i] < config.chance) & (name in able) for i, name in enumerate(EFFECTS)}
    spread = iter(uniform[:, len(EFFECTS) :].T)

    def upto(largest: float, effect: str) -> NDArray[np.float32]:
        return np.where(acts[effect], largest * next(spread), 0.0).astype(np.float32)

    def either_side(largest: float, effect: str) -> NDArray[np.float32]:
        return np.where(acts[effect], largest * (2.0 * next(spread) - 1.0), 0.0).astype(np.float32)

    kelvin = upto(config.temperature_k, "temperature")
    warm, tilt = either_side(0.03, "temperature") * kelvin, either_side(0.03, "temperature") * kelvin
    warm_width, added_width = upto(0.03, "temperature") * kelvin, upto(config.broadening_cm1, "broadening")
    noise, share = upto(config.noise, "noise"), next(spread)
    grain = np.zeros((rows, NUM_POINTS), dtype=np.float32)
    for row in np.flatnonzero(noise):
        generators[row].standard_normal(dtype=np.float32, out=grain[row])
    return {
        "shift_cm1": either_side(config.shift_cm1, "axis") + warm,
        "stretch": either_side(config.stretch, "axis"),
        "tilt_cm1": tilt,
        "fwhm_cm1": np.hypot(warm_width, added_width),
        "is_slit": (next(spread) < 0.5).astype(np.float32),
        "stray_light": upto(config.stray_light, "stray_light"),
        "peak_absorbance": (config.peak_absorbance * (0.1 + 0.9 * next(spread))).astype(np.float32),
        "gain": np.exp(either_side(float(np.log(config.gain)), "gain")),
        "scatter": either_side(config.scatter, "background"),
        "power": (1.0 + 3.0 * next(spread)).astype(np.float32),
        "baseline": np.where(acts["background"][:, None], config.baseline * normal, 0.0).astype(np.float32),
        "ceiling": 1.0 - upto(config.saturation, "saturation"),
        "white": noise * np.sqrt(share),
        "shot": noise * np.sqrt(1.0 - share),
        "grain": grain,
    }
