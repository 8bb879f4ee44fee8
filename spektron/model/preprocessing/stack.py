"""Everything that is made of a spectrum before it is cut, as channels side by side."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spektron.model.preprocessing.baseline import AsymmetricBaseline, baseline_flops
from spektron.model.preprocessing.config import PreprocessingConfig
from spektron.model.preprocessing.fill import fill_masked
from spektron.model.preprocessing.savgol import DerivativeFilter, derivative_flops

__all__ = ["Preprocessing", "build_preprocessing", "preprocessing_flops"]


class Preprocessing(nn.Module):
    """Channels beside the spectrum: what is left above its baseline, its derivatives.

    Beside and not instead, because what is to be reconstructed is the measured curve. A spectrum without its baseline
    has lost its level, and a derivative its constant, which the reconstruction needs at each edge of a mask; with the
    spectrum there too, nothing is lost, and the baseline itself is a difference of two channels, which a patch
    embedding, being linear, can take.

    Parameters
    ----------
    config : PreprocessingConfig
    """

    def __init__(self, config: PreprocessingConfig) -> None:
        super().__init__()
        self.baseline = AsymmetricBaseline(config.smoothness, config.asymmetry) if config.baseline else None
        self.derivatives = nn.ModuleList(
            DerivativeFilter(order, config.window, config.degree) for order in config.derivatives
        )

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Put more channels behind those that there are; no function of a masked point is among them.

        Parameters
        ----------
        values : Tensor, shape (batch, channels, 2048)
            Normalised; finite.
        mask : Tensor, shape (batch, 2048), bool
            True where a point is hidden, in every channel.

        Returns
        -------
        Tensor, shape (batch, channels · `PreprocessingConfig.channels`, 2048)
            The channels as they came, then all of them without baseline, then their derivatives.
        """
        # Differences of neighbours have no digits in bf16.
        with torch.autocast(values.device.type, enabled=False):
            filled = fill_masked(values, mask)
            made = [values]
            if self.baseline is not None:
                hidden = mask.unsqueeze(1).expand_as(values).flatten(0, 1)
                made.append(filled - self.baseline(filled.flatten(0, 1), hidden).view_as(filled))
            made += [derivative(filled) for derivative in self.derivatives]
            return torch.cat(made, dim=1)


def build_preprocessing(config: PreprocessingConfig) -> Preprocessing | None:
    """The channels that a configuration names; None where it names none."""
    return Preprocessing(config) if config.channels > 1 else None


def preprocessing_flops(config: PreprocessingConfig) -> int:
    """Matrix products of a training step for one channel of one spectrum, forward and backward.

    Backward reaches what is learned, never the spectrum. Solving 35 equations is not counted, as a product it is none.
    """
    return config.baseline * baseline_flops() + len(config.derivatives) * derivative_flops(config.window)
