"""A view of each spectrum of a batch, its effects in the order of the light: sample, optics, axis, electronics."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spektron.pretrain.data import TensorBatch
from spektron.pretrain.views.config import ViewConfig
from spektron.pretrain.views.detector import background, noisy
from spektron.pretrain.views.draw import draw_views
from spektron.pretrain.views.optics import broadened, moved, with_stray_light
from spektron.spectra.spectrum import MODALITIES

__all__ = ["ViewMaker"]

_RAMAN = MODALITIES.index("RAMAN")
# Of intensities in units as small as 1e-20 (cross-sections in cm²) the range is still far above this.
_LEAST_RANGE = 1e-30


class ViewMaker:
    """Makes views of batches.

    Parameters
    ----------
    config : ViewConfig
    """

    def __init__(self, config: ViewConfig) -> None:
        self.config = config

    def __call__(self, batch: TensorBatch, key: Sequence[int], *, rank: int = 0, world_size: int = 1) -> Tensor:
        """Make one view of each row.

        Parameters
        ----------
        batch : TensorBatch
            Intensities of shape (batch, channels, 2048), finite; every channel gets the same instrument.
        key : sequence of int
            (seed, step, view): the same key makes the same views.
        rank, world_size : int
            As in `draw_views`.

        Returns
        -------
        Tensor, shape (batch, channels, 2048)
            In the intensities' unit, on the same axes.
        """
        found = draw_views(self.config, len(batch.intensity), key, rank=rank, world_size=world_size)
        drawn = {name: torch.from_numpy(values).to(batch.intensity.device) for name, values in found.items()}
        channels = [self._view(channel, batch, drawn) for channel in batch.intensity.unbind(1)]
        return torch.stack(channels, dim=1)

    def _view(self, intensity: Tensor, batch: TensorBatch, drawn: dict[str, Tensor]) -> Tensor:
        lowest = intensity.amin(dim=1, keepdim=True)
        span = (intensity.amax(dim=1, keepdim=True) - lowest).clamp_min(_LEAST_RANGE)
        values, step = (intensity - lowest) / span, batch.step_cm1
        values = broadened(values, drawn["fwhm_cm1"] / step, drawn["is_slit"])
        stray = torch.where(batch.modality == _RAMAN, 0.0, drawn["stray_light"])
        values = with_stray_light(values, stray, drawn["peak_absorbance"])
        values = moved(values, drawn["shift_cm1"] / step, drawn["stretch"], drawn["tilt_cm1"] / step)
        values = values + background(drawn["baseline"], drawn["scatter"], drawn["power"], values.shape[1])
        ceiling = values.amin(1, keepdim=True) + drawn["ceiling"].unsqueeze(1) * (
            values.amax(1, keepdim=True) - values.amin(1, keepdim=True)
        )
        values = noisy(torch.minimum(values, ceiling), drawn["white"], drawn["shot"], drawn["grain"])
        return lowest + span * drawn["gain"].unsqueeze(1) * values
