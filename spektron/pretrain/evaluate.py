"""The held-out metrics: what studies compare, the same numbers for the same model whatever it was trained with.

Masks are fixed (one kind, one seed), and so are the units. A model may normalise as it likes: its reconstruction is
brought back to the intensity's unit first, and its error is divided by the variance of the *whole* spectrum, masked
part included. Visible-part units would not do: they differ between normalisations, and where the visible part happens
to be flat one spectrum would outweigh all others. In whole-spectrum units the visible mean as a guess scores about 1,
and never above points² / (masked · visible points) = 5.3, whatever is hidden.

Two guesses that need no model are scored beside every model, so that a number can be read on its own:
``val_mse_mean``, the visible mean (what "standard" normalisation calls zero, and where training starts), and
``val_mse_interpolation``, a straight line across each masked span between its visible neighbours. A model that is not
below the first has learnt nothing; one that is not below the second knows no more than that spectra are continuous.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import find_peaks

from spektron.core.errors import CorpusError
from spektron.model import MaskedReconstructor
from spektron.pretrain.byol import embedding_spread
from spektron.pretrain.data import SpectrumSource, to_tensors
from spektron.pretrain.losses import spread_of
from spektron.pretrain.masking import MaskConfig, draw_masks
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["HELD_OUT_KEY", "HELD_OUT_LIMIT", "HELD_OUT_MASK", "HeldOut", "hidden_errors", "one_mask"]

# A quarter of the points in three spans of 171 points: wider than a coarse window (128), so that no scale can
# interpolate from a window that reaches over the gap, and wider than most bands.
HELD_OUT_MASK = MaskConfig(kind="contiguous", ratio=0.25, num_spans=3)
HELD_OUT_KEY = (20_250_117,)
# At the end of a run the other kinds too, so that an arm that trained on one kind of mask is not judged by it alone.
OTHER_MASKS = {"random": MaskConfig(kind="random", ratio=0.25), "peak": MaskConfig(kind="peak", ratio=0.25)}
# The standard error of a mean over 512 spectra is about 4 % of their spread; more would cost more than training.
HELD_OUT_LIMIT = 512
CHUNK = 64

# A band counts when it rises 5 % of the spectrum's range above its surroundings; noise rarely does.
PEAK_PROMINENCE = 0.05
# A predicted band within 8 points (half a fine patch; 14 cm⁻¹ on a mid-infrared axis) is the same band.
PEAK_TOLERANCE = 8

Floats = NDArray[np.float64]


class HeldOut:
    """A held-out split under fixed masks, ready to be scored again and again.

    Parameters
    ----------
    corpus : SpectrumSource
        At most `HELD_OUT_LIMIT` spectra of its split, the first in rank order.
    device : torch.device
    split : str
        The metrics' names begin with ``val_`` whichever it is.
    instruments : bool
        Whether models are told what is known of the instruments, all of it.

    Raises
    ------
    CorpusError
        When the split is empty.
    """

    def __init__(
        self,
        corpus: SpectrumSource,
        device: torch.device,
        split: str = "validation",
        *,
        instruments: bool = False,
    ) -> None:
        available = corpus.num_spectra(split)
        if not available:
            raise CorpusError(
                f"expected spectra in the {split} split, found none",
                f"build the corpus with more compounds, or with a larger {split} share",
            )
        batch = corpus.read(split, min(available, HELD_OUT_LIMIT), instruments=instruments)
        self._mask = draw_masks(HELD_OUT_MASK, batch.intensity, HELD_OUT_KEY)
        self._tensors = to_tensors(batch, self._mask, device)
        self._others = {name: draw_masks(mask, batch.intensity, HELD_OUT_KEY) for name, mask in OTHER_MASKS.items()}
        self._truth = batch.intensity.astype(np.float64)
        self._spread = spread_of(torch.from_numpy(batch.intensity)).double().numpy()
        self._references = {
            "val_mse_mean": self._mean_squared_error(_visible_mean(self._truth, self._mask), self._mask),
            "val_mse_interpolation": self._mean_squared_error(_interpolated(self._truth, self._mask), self._mask),
        }
        self._peaks = [
            np.flatnonzero(_is_peak(row, 1.0) & hidden) for row, hidden in zip(self._truth, self._mask, strict=True)
        ]

    def score(self, model: MaskedReconstructor, *, other_masks: bool = False) -> dict[str, float]:
        """Score a model.

        Parameters
        ----------
        model : MaskedReconstructor
        other_masks : bool
            Also take the error under masks of the other kinds, at the price of a pass each.

        Returns
        -------
        dict
            ``val_mse`` (whole-spectrum variances), ``val_spectral_angle`` (radians), ``val_peak_recall`` (share, 0 to
            1), which is absent where no band lies under a mask, and the references ``val_mse_mean`` and
            ``val_mse_interpolation`` in the units of ``val_mse``: constants of the corpus, the same for every model.
            ``val_embedding_spread`` and ``val_embedding_rank`` of [CLS] under the same masks: near 0 and 1 where all
            spectra have one embedding. With `other_masks` also ``val_mse_random`` and ``val_mse_peak``.
        """
        predicted, embedding = self._predict(model, self._mask)
        spread, rank = embedding_spread(embedding)
        metrics = {
            "val_mse": self._mean_squared_error(predicted, self._mask),
            "val_spectral_angle": float(np.mean(self._angles(predicted))),
            **self._references,
            "val_embedding_spread": spread,
            "val_embedding_rank": rank,
        }
        if sum(map(len, self._peaks)):
            metrics["val_peak_recall"] = self._recall(np.where(self._mask, predicted, self._truth))
        for name, mask in self._others.items() if other_masks else ():
            metrics[f"val_mse_{name}"] = self._mean_squared_error(self._predict(model, mask)[0], mask)
        return metrics

    def _mean_squared_error(self, predicted: Floats, mask: NDArray[np.bool_]) -> float:
        return _masked_error(self._truth, predicted, mask, self._spread)

    @torch.no_grad()
    def _predict(self, model: MaskedReconstructor, mask: NDArray[np.bool_]) -> tuple[Floats, torch.Tensor]:
        """Reconstructions in the intensity's unit, and [CLS], of all rows."""
        was_training = model.training
        model.eval()
        rows, embedding = [], []
        tensors = self._tensors._replace(mask=torch.as_tensor(mask, device=self._tensors.mask.device))
        for chunk in tensors.split(CHUNK):
            out = model(*chunk)
            rows.append((out.values.float() * out.scale.unsqueeze(1) + out.center.unsqueeze(1)).double().cpu())
            embedding.append(out.encoded.cls.float().cpu())
        model.train(was_training)
        return np.asarray(torch.cat(rows).numpy()), torch.cat(embedding)

    def _angles(self, predicted: Floats) -> Floats:
        """Angle between truth and prediction on masked points, both from the visible mean, so that shape counts."""
        origin = _visible_mean(self._truth, self._mask)
        truth = np.where(self._mask, self._truth - origin, 0.0)
        guess = np.where(self._mask, predicted - origin, 0.0)
        norms = np.linalg.norm(truth, axis=1) * np.linalg.norm(guess, axis=1)
        cosine = (truth * guess).sum(axis=1) / np.maximum(norms, np.finfo(np.float64).tiny)
        return np.asarray(np.arccos(cosine.clip(-1.0, 1.0)))

    def _recall(self, composite: Floats) -> float:
        found = 0
        for row, peaks in zip(composite, self._peaks, strict=True):
            if len(peaks):
                # Half the prominence: a band that is there but too low is an error of height, which val_mse counts.
                predicted = np.flatnonzero(_is_peak(row, 0.5))
                near = np.abs(predicted[None, :] - peaks[:, None]) <= PEAK_TOLERANCE
                found += int(near.any(axis=1).sum())
        return found / sum(map(len, self._peaks))


def one_mask(key: Sequence[int], row: int = 0) -> NDArray[np.bool_]:
    """The mask of one row of those that `HELD_OUT_MASK` draws from `key`, shape (1, 2048)."""
    unseen = np.broadcast_to(np.float32(0.0), (row + 1, NUM_POINTS))  # spans are drawn without looking
    return draw_masks(HELD_OUT_MASK, unseen, key)[row:]


def hidden_errors(
    truth: NDArray[np.float32], predicted: NDArray[np.float32], mask: NDArray[np.bool_]
) -> dict[str, float]:
    """Errors of some spectra as `HeldOut` counts them: ``mse``, and ``mse_interpolation`` of a straight line.

    Parameters
    ----------
    truth, predicted : ndarray, shape (spectra, 2048)
        In the intensity's unit.
    mask : ndarray, shape (spectra, 2048), bool
    """
    spread, exact = spread_of(torch.from_numpy(truth)).double().numpy(), truth.astype(np.float64)
    guesses = {"mse": predicted.astype(np.float64), "mse_interpolation": _interpolated(exact, mask)}
    return {name: _masked_error(exact, guess, mask, spread) for name, guess in guesses.items()}


def _masked_error(truth: Floats, predicted: Floats, mask: NDArray[np.bool_], spread: Floats) -> float:
    """Mean over spectra of the mean over their masked points, in each spectrum's own variance."""
    error = np.where(mask, predicted - truth, 0.0) / spread[:, None]
    return float(np.mean((error**2).sum(axis=1) / mask.sum(axis=1)))


def _visible_mean(truth: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Mean of each row's visible points, shape (rows, 1)."""
    return np.asarray(truth.mean(axis=1, keepdims=True, where=~mask))


def _interpolated(truth: Floats, mask: NDArray[np.bool_]) -> Floats:
    """Each row with a straight line across its masked spans; level where a span reaches an end of the axis."""
    points = np.arange(truth.shape[1])
    return np.stack([np.interp(points, points[~hidden], row[~hidden]) for row, hidden in zip(truth, mask, strict=True)])


def _is_peak(row: Floats, share: float) -> NDArray[np.bool_]:
    flags = np.zeros(len(row), dtype=bool)
    where: Any = find_peaks(row, prominence=share * PEAK_PROMINENCE * np.ptp(row))[0]
    flags[where] = True
    return flags
