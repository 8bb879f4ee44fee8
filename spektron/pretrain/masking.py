"""Which points are hidden: regions of a spectrum, drawn anew for every row from a key, never from a global state.

Regions, not single points. Windows overlap and reach over 128 points at the coarse scale, and a token is masked when
its window touches one masked point: 512 single points (25 %) would mask every coarse and medium token and nearly every
fine one, and the encoder would see nothing. A region of 64 points on the grid of 64 touches 2 of 31 coarse, 3 of 63
medium and 9 of 255 fine windows, so 25 % of the points hide at most 52 %, 38 % and 28 % of the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, field_validator, model_validator
from scipy.signal import savgol_coeffs

from spektron.core.settings import Settings
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["MaskConfig", "MaskKind", "draw_masks"]

MaskKind = Literal["random", "contiguous", "peak"]
_KINDS: tuple[MaskKind, ...] = get_args(MaskKind)

# Smooths over 15 points before curvature is taken, so that bands count and noise does not (see losses.SAVGOL_WINDOW).
CURVATURE_WINDOW = 15
# Neighbouring values share 14 of 15 points, so every fourth says nearly as much: on 21 sets of real spectra the weights
# of regions of 64 points correlate with those from all points at 0.977 to 0.9998 (in the logarithm).
CURVATURE_STEP = 4
# The derivative is symmetric: the taps of its middle and of each distance from it.
_HALF = CURVATURE_WINDOW // 2
_TAPS = savgol_coeffs(CURVATURE_WINDOW, 3, deriv=2)[_HALF:].astype(np.float32)


class MaskConfig(Settings):
    """How much is hidden and where. Every row has the same number of masked points, so rows weigh alike in the loss."""

    kind: MaskKind | dict[MaskKind, FiniteFloat] = "random"
    """Grid regions drawn evenly, a few long spans anywhere, or grid regions drawn by how much band they hold; or
    weights of several, such as ``{"random": 3, "peak": 1}``: each row gets one kind, drawn by weight."""
    ratio: float = Field(default=0.25, gt=0.0, lt=1.0)
    """Share of the points that is hidden, rounded to whole regions (at least one), or to equal spans where `contiguous`
    is the only kind."""
    region_points: Literal[16, 32, 64, 128, 256] = 64
    """Length of a region in points, for `random` and `peak`; 64 is the stride of coarse patches."""
    num_spans: int = Field(default=3, ge=1, le=16)
    """Number of equally long spans, for `contiguous`; they do not overlap and may touch. Beside other kinds their
    lengths may differ by a point, so that all rows of a batch hide equally many."""

    @field_validator("kind")
    @classmethod
    def _weights_of_something(cls, kind: Any) -> Any:
        if not isinstance(kind, dict):
            return kind
        if not kind or min(kind.values()) <= 0.0:
            raise ValueError(
                f"expected kinds with weights above 0, found {kind}: name at least one of {', '.join(_KINDS)}, and "
                "leave out those that are not to come up"
            )
        # One kind has one spelling, and so one fingerprint.
        return next(iter(kind)) if len(kind) == 1 else kind

    @model_validator(mode="after")
    def _something_on_both_sides(self) -> MaskConfig:
        if not 0 < self.num_masked < NUM_POINTS:
            raise ValueError(
                f"expected masked and visible points, found {self.num_masked} of {NUM_POINTS} masked: move ratio away "
                "from 0 and 1, or lower region_points (for contiguous, num_spans)"
            )
        return self

    @property
    def shares(self) -> dict[MaskKind, float]:
        """Share of the rows that each kind gets on average, in one order whatever order the weights are given in."""
        if not isinstance(self.kind, dict):
            return {self.kind: 1.0}
        total = sum(self.kind.values())
        return {kind: self.kind[kind] / total for kind in _KINDS if kind in self.kind}

    @property
    def num_masked(self) -> int:
        """Masked points per row, whichever kind it gets."""
        if self.kind == "contiguous":
            return self.num_spans * round(self.ratio * NUM_POINTS / self.num_spans)
        return self.region_points * max(1, round(self.ratio * NUM_POINTS / self.region_points))


def draw_masks(
    config: MaskConfig, intensity: NDArray[np.float32], key: Sequence[int], *, rank: int = 0, world_size: int = 1
) -> NDArray[np.bool_]:
    """Draw one mask per row.

    Parameters
    ----------
    config : MaskConfig
    intensity : ndarray, shape (rows, 2048), float32
        This worker's rows; only `peak` looks at them. The mask a row gets then depends on what it hides, but the
        encoder's output under a given mask does not.
    key : sequence of int
        Non-negative, for example (seed, step): the same key gives the same masks on every machine, so that a resumed
        run draws what the run it resumes would have drawn.
    rank, world_size : int
        This worker's place: random numbers are drawn for the rows of all workers, and this worker takes every
        `world_size`-th from `rank` on, as `Corpus.stream` deals out rows: a row has one mask however many workers.

    Returns
    -------
    ndarray, shape (rows, 2048), bool
        True where hidden; `config.num_masked` in every row.
    """
    rows, shares = len(intensity), config.shares
    generator = np.random.default_rng(list(key))
    width = max(_numbers_per_row(config, kind) for kind in shares)
    numbers = generator.random((rows * world_size, width))[rank::world_size]
    if len(shares) == 1:
        return _draw(config, next(iter(shares)), intensity, numbers)
    # Drawn after the places and for all workers' rows, so that a row's kind does not depend on their number either.
    drawn = np.searchsorted(np.cumsum(list(shares.values()))[:-1], generator.random(rows * world_size), side="right")
    masks = np.empty((rows, NUM_POINTS), dtype=bool)
    for index, kind in enumerate(shares):
        chosen = np.flatnonzero(drawn[rank::world_size] == index)
        masks[chosen] = _draw(config, kind, intensity[chosen], numbers[chosen])
    return masks


def _numbers_per_row(config: MaskConfig, kind: MaskKind) -> int:
    return config.num_spans if kind == "contiguous" else NUM_POINTS // config.region_points


def _draw(
    config: MaskConfig, kind: MaskKind, intensity: NDArray[np.float32], numbers: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Masks of one kind from uniform numbers, of which each row takes as many as its kind needs."""
    numbers = numbers[:, : _numbers_per_row(config, kind)]
    if kind == "contiguous":
        return _spans(numbers, config.num_masked)
    weights = _band_content(intensity, config.region_points) if kind == "peak" else np.ones(1)
    # Gumbel top-k (Efraimidis and Spirakis 2006): k regions without replacement, each drawn by its weight.
    keys = np.log(weights) - np.log(-np.log(numbers.clip(1e-12, 1 - 1e-12)))
    return _regions(keys, config.num_masked // config.region_points)


def _regions(keys: NDArray[np.float64], count: int) -> NDArray[np.bool_]:
    chosen = np.zeros(keys.shape, dtype=bool)
    np.put_along_axis(chosen, np.argpartition(keys, -count, axis=1)[:, -count:], True, axis=1)
    return np.repeat(chosen, NUM_POINTS // keys.shape[1], axis=1)


def _spans(numbers: NDArray[np.float64], num_masked: int) -> NDArray[np.bool_]:
    # Sorted offsets into the visible points, each moved on by the spans before it: every placement can come up.
    rows, count = numbers.shape
    lengths = np.full(count, num_masked // count)
    lengths[: num_masked % count] += 1
    offsets = np.sort((numbers * (NUM_POINTS - num_masked + 1)).astype(np.intp), axis=1)
    starts = offsets + np.cumsum(lengths) - lengths
    edges = np.zeros((rows, NUM_POINTS + 1), dtype=np.int8)
    row = np.arange(rows)[:, None]
    np.add.at(edges, (row, starts), 1)
    np.add.at(edges, (row, starts + lengths), -1)
    return np.cumsum(edges, axis=1, dtype=np.int8)[:, :-1].astype(bool)


def _band_content(intensity: NDArray[np.float32], region_points: int) -> NDArray[np.float64]:
    """Mean curvature of each region, shape (rows, regions), over the row's mean; a tenth of the mean is added."""
    curvature = np.abs(_curvature(intensity))
    shape = (len(intensity), NUM_POINTS // region_points, region_points // CURVATURE_STEP)  # also of no rows
    content = curvature.reshape(shape).mean(axis=2, dtype=np.float64)
    mean = content.mean(axis=1, keepdims=True)
    # Regions without a band stay possible, or the model would never learn that a flat stretch is flat.
    return np.asarray(content / np.maximum(mean, np.finfo(np.float64).tiny) + 0.1)


def _curvature(intensity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Savitzky-Golay second derivative at points 2, 6, 10, …, shape (rows, 512); beyond its ends a row goes on point
    symmetrically, which bends no slope."""
    level = intensity - intensity[:, :1]  # a high level would drown what is left of it in rounding
    before, after = -level[:, _HALF:0:-1], 2.0 * level[:, -1:] - level[:, -2 : -_HALF - 2 : -1]
    padded = np.concatenate([before, level, after], axis=1)
    middle = _HALF + CURVATURE_STEP // 2

    def beside(offset: int) -> NDArray[np.float32]:
        return padded[:, middle + offset : middle + offset + NUM_POINTS - CURVATURE_STEP + 1 : CURVATURE_STEP]

    # Element by element, not as a matrix product, whose last bit depends on the machine and on how many rows there are.
    curvature: NDArray[np.float32] = _TAPS[0] * beside(0)
    for distance in range(1, _HALF + 1):
        curvature += _TAPS[distance] * (beside(-distance) + beside(distance))
    return curvature
