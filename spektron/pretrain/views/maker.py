"""Copies of spectra as other instruments would have measured them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spektron.pretrain.views.config import ViewConfig
from spektron.pretrain.views.effect import Array, log_between
from spektron.pretrain.views.one_thread import one_thread
from spektron.pretrain.views.rows import Rows

__all__ = ["ViewMaker"]

# Keeps views apart from masks, which are drawn from the bare key: without it a view's strengths would follow its mask.
_STREAM = 0x5649_4557
_WORDS = 2  # of 32 bits, the seed of a row's noise


class _Drawn(NamedTuple):
    """For each of this worker's rows: strengths of every effect, seed of the noise, and peak absorbance."""

    strengths: list[Array]
    seed: NDArray[np.int32]
    peak_absorbance: Array


class ViewMaker:
    """Draws how each row is changed in NumPy (a few numbers a row), and does it in torch, for all rows at once.

    A view is a spectrum in its own right. Masks are drawn and normalisation is taken of the view, as of any spectrum,
    so a masked point of a view stays hidden; a model that sees a view is to reconstruct that view, since line width and
    temperature carry a hidden point of the *original* into the neighbouring visible ones.

    Parameters
    ----------
    config : ViewConfig
    """

    def __init__(self, config: ViewConfig) -> None:
        self.config = config

    @torch.no_grad()
    def __call__(
        self,
        intensity: Tensor,
        wavenumber_start_cm1: Tensor,
        wavenumber_stop_cm1: Tensor,
        modality: Tensor,
        key: Sequence[int],
        *,
        rank: int = 0,
        world_size: int = 1,
    ) -> Tensor:
        """Measure each spectrum again, on another instrument.

        Parameters
        ----------
        intensity : Tensor, shape (batch, points), float32
            This worker's rows, in any unit; finite, of a size up to 1e30. Left as it is.
        wavenumber_start_cm1, wavenumber_stop_cm1 : Tensor, shape (batch,), float32
            Ends of each axis. They stay those of the view, also where bands move: an instrument whose calibration is
            off does not know.
        modality : Tensor, shape (batch,), int64
            Index into `MODALITIES`: Raman is light, IR and NIR are absorbance.
        key : sequence of int
            Non-negative, for example (seed, step, view): the same key gives the same views.
        rank, world_size : int
            This worker's place, as in `draw_masks`: a row has one view however many workers.

        Returns
        -------
        Tensor, shape (batch, points), float32
            New memory, finite; a row on which nothing happens is the same bit for bit.
        """
        assert intensity.ndim == 2, f"expected (batch, points), found {tuple(intensity.shape)}: drop the channel axis"
        drawn = self._draw(len(intensity), key, rank, world_size)
        with one_thread(intensity.device):
            return self._measured(intensity, wavenumber_start_cm1, wavenumber_stop_cm1, modality, drawn)

    @torch.no_grad()
    def on_instruments(
        self,
        intensity: Tensor,
        wavenumber_start_cm1: Tensor,
        wavenumber_stop_cm1: Tensor,
        modality: Tensor,
        key: Sequence[int],
        *,
        instrument: NDArray[np.intp],
    ) -> Tensor:
        """Measure samples on the same few instruments: rows of one number are changed alike, but for their noise.

        Parameters
        ----------
        intensity, wavenumber_start_cm1, wavenumber_stop_cm1, modality, key
            As for a call.
        instrument : ndarray of int, shape (batch,)
            Number of the instrument that measures each row, from 0.

        Returns
        -------
        Tensor, shape (batch, points), float32
        """
        number = int(instrument.max(initial=-1)) + 1
        drawn = self._draw(number, key, 0, 1)
        each_row = self._draw(len(intensity), (*key, number), 0, 1)
        same = _Drawn(
            strengths=[strength[instrument] for strength in drawn.strengths],
            seed=each_row.seed,
            peak_absorbance=drawn.peak_absorbance[instrument],
        )
        with one_thread(intensity.device):
            return self._measured(intensity, wavenumber_start_cm1, wavenumber_stop_cm1, modality, same)

    def _measured(
        self, intensity: Tensor, start_cm1: Tensor, stop_cm1: Tensor, modality: Tensor, drawn: _Drawn
    ) -> Tensor:
        strengths = drawn.strengths
        acting = [np.flatnonzero(each.any(axis=1)) for each in strengths]
        touched = np.unique(np.concatenate(acting))
        view = intensity.clone()
        if not len(touched):
            return view
        device = intensity.device
        # One transfer of each kind, however many effects there are.
        indices = _sent(np.concatenate([touched, *(np.searchsorted(touched, rows) for rows in acting)]), device)
        index, *places = torch.split(indices, [len(touched), *map(len, acting)])
        numbers = np.concatenate([*strengths, drawn.peak_absorbance], axis=1)[touched].astype(np.float32)
        *by_effect, peak = torch.split(_sent(numbers, device), [*(each.shape[1] for each in strengths), 1], dim=1)
        rows = Rows.of(
            intensity[index],
            start_cm1[index],
            stop_cm1[index],
            modality[index],
            peak_absorbance=peak[:, 0],
            seed=_sent(drawn.seed[touched], device),
        )
        for effect, place, strength in zip(self.config.effects, places, by_effect, strict=True):
            if len(place):
                rows = rows.put(place, effect.apply(rows.take(place), strength[place]))
        return view.index_copy_(0, index, rows.intensity)

    def _draw(self, rows: int, key: Sequence[int], rank: int, world_size: int) -> _Drawn:
        effects = self.config.effects
        widths = [1 + effect.numbers for effect in effects]
        # The key's length first: NumPy reads (1, 2) and (1, 2, 0) as the same seed.
        sequence = np.random.SeedSequence([len(key), *key], spawn_key=(_STREAM,))
        generator = np.random.default_rng(sequence)
        uniform = generator.random((rows * world_size, sum(widths) + _WORDS + 1))[rank::world_size]
        *by_effect, words, peak = np.split(uniform, np.cumsum([*widths, _WORDS]), axis=1)
        strengths = [effect.draw(each) for effect, each in zip(effects, by_effect, strict=True)]
        seed = (words * 2.0**32 - 2.0**31).astype(np.int32)
        return _Drawn(strengths, seed, log_between(peak, self.config.peak_absorbance))


def _sent(values: NDArray[np.generic], device: torch.device) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(device, non_blocking=True)
