"""Networks of a few spectra: an encoder or a small convolution, and a head that starts as a linear probe."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from torch import Tensor, nn

from spektron.model import SpectrumEncoder
from spektron.transfer.classical._calibration import Array
from spektron.transfer.neural.frozen import features_of

__all__ = ["Backbone", "Convolutions", "Encoded", "Head"]

_PROBE_PENALTIES = 10.0 ** np.arange(-3.0, 4.1, 0.5)
_HIDDEN = 64


class Encoded(nn.Module):
    """Features of every version of a spectrum, side by side: ``(batch, versions, 2048)`` → ``(batch, features)``."""

    def __init__(self, encoder: SpectrumEncoder, wavenumber_cm1: Array, modality: int) -> None:
        super().__init__()
        self.encoder = encoder
        self._axis, self._modality = wavenumber_cm1, modality

    def forward(self, values: Tensor) -> Tensor:
        """Encode all versions in one batch."""
        batch, versions, points = values.shape
        flat = values.reshape(batch * versions, 1, points)
        return features_of(self.encoder, flat, self._axis, self._modality).reshape(batch, -1)


class Convolutions(nn.Module):
    """A small 1-D convolutional network without any pretraining, versions as its channels."""

    def __init__(self, versions: int, width: int = 16) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(versions, width, 31, stride=4, padding=15),
            nn.GELU(),
            nn.Conv1d(width, width, 15, stride=4, padding=7),
            nn.GELU(),
            nn.Conv1d(width, width, 7, stride=4, padding=3),
            nn.GELU(),
            nn.AdaptiveAvgPool1d(8),
            nn.Flatten(),
        )
        self.centre: Tensor
        self.register_buffer("centre", torch.zeros(versions, 1))
        self.spread: Tensor
        self.register_buffer("spread", torch.ones(()))

    def fit_scale(self, values: Tensor) -> None:
        """Take the mean spectrum's level and the spread about it from training spectra."""
        self.centre = values.mean(dim=(0, 2)).unsqueeze(1)
        self.spread = (values - values.mean(dim=0)).std().clamp_min(torch.finfo(values.dtype).tiny)

    def forward(self, values: Tensor) -> Tensor:
        """``(batch, versions, 2048)`` → ``(batch, 8 · width)``."""
        features: Tensor = self.layers((values - self.centre) / self.spread)
        return features


Backbone = Encoded | Convolutions


class Head(nn.Module):
    """A line through standardised features, and beside it a small network that starts at nothing.

    Fine-tuning starts at the ridge regression of the features as they are (linear probing, then fine-tuning: Kumar et
    al. 2022): a head drawn at random would send its noise into the encoder first.

    Parameters
    ----------
    features, y : Tensor, shapes (samples, features) and (samples,)
        Of the encoder before training, and standardised properties.
    dropout : float
        Of features and hidden units, in the small network.
    """

    def __init__(self, features: Tensor, y: Tensor, dropout: float) -> None:
        super().__init__()
        self.centre: Tensor
        self.register_buffer("centre", features.mean(dim=0))
        spread = features.std(dim=0, correction=0)
        self.spread: Tensor
        self.register_buffer("spread", spread.clamp_min(1e-2 * float(spread.max()) + torch.finfo(spread.dtype).tiny))
        size = features.shape[1]
        self.line = nn.Linear(size, 1)
        probe = RidgeCV(_PROBE_PENALTIES).fit(((features - self.centre) / self.spread).double().numpy(), y.numpy())
        with torch.no_grad():
            self.line.weight.copy_(torch.from_numpy(probe.coef_[None]))
            self.line.bias.fill_(float(probe.intercept_))
        self.network = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(size, _HIDDEN), nn.GELU(), nn.Dropout(dropout), nn.Linear(_HIDDEN, 2)
        )
        last = self.network[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        with torch.no_grad():  # of standardised properties, which a probe explains most of
            last.bias.copy_(torch.tensor([0.0, -2.0]))

    def recentre(self, features: Tensor) -> None:
        """Put the centre where features of the training spectra are now.

        Spectra of one kind of sample are nearly the same, and so are their features: what training moves all of them by
        is many times what they differ by. It says nothing of a property, and is taken out.
        """
        self.centre = features.mean(dim=0)

    def forward(self, features: Tensor) -> Tensor:
        """``(batch, features)`` → mean and logarithm of the variance, ``(batch, 2)``."""
        standard = (features - self.centre) / self.spread
        bent: Tensor = self.network(standard)
        return torch.cat([self.line(standard) + bent[:, :1], bent[:, 1:].clamp(-10.0, 4.0)], dim=1)
