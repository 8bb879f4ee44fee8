"""Networks of a few spectra: an encoder or a small convolution, and a head that starts as a linear probe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import RidgeCV
from torch import Tensor, nn

from spektron.model import SpectrumEncoder
from spektron.model.encoder import EncoderOutput
from spektron.transfer.classical._calibration import Array
from spektron.transfer.neural.frozen import features_of, pooled

__all__ = ["Backbone", "Convolutions", "Encoded", "Head"]

_PROBE_PENALTIES = 10.0 ** np.arange(-3.0, 4.1, 0.5)
_HIDDEN = 64
_VARIED = 5
"""Principal components that the logarithm of the variance is learned from: a few dozen errors teach no more."""
_STEEPEST = 2.0
"""How far the logarithm of the variance goes from its usual value: a deviation 2.7 times as large, or as small."""


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

    def prepared(self, values: Tensor) -> Callable[[], Tensor]:
        """Features of the same spectra again and again, while the blocks learn.

        What comes before the blocks is computed once, unless it learns too.
        """
        if any(one.requires_grad for name, one in self.encoder.named_parameters() if not name.startswith("merge.")):
            return lambda: self(values)
        given: list[tuple[Any, ...]] = []
        hook = self.encoder.merge.register_forward_pre_hook(lambda _, arguments: given.append(arguments))
        found: list[EncoderOutput] = []
        last = self.encoder.register_forward_hook(lambda _, arguments, out: found.append(out))
        with torch.no_grad():
            self(values)
        hook.remove()
        last.remove()
        (arguments,), (start,) = given, found

        def again() -> Tensor:
            tokens, whole = self.encoder.merge(*arguments)
            summary = whole[:, 0] if self.encoder.config.embedding == "cls" else tokens.mean(dim=1)
            return pooled(start._replace(tokens=tokens, cls=summary)).reshape(len(values), -1)

        return again


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

    def prepared(self, values: Tensor) -> Callable[[], Tensor]:
        """Features of the same spectra again and again, while all learns."""
        return lambda: self(values)


Backbone = Encoded | Convolutions


class Head(nn.Module):
    """A line through principal components of the features, and beside it a small network that starts at nothing.

    Fine-tuning starts at the ridge regression of the features as they are (linear probing, then fine-tuning: Kumar et
    al. 2022): a head drawn at random would send its noise into the encoder first.

    Dropout hides components from the line, and features and hidden units from the network. Features themselves are
    strongly correlated and have large coefficients that cancel: with a tenth of them hidden, corn's predictions scatter
    by 17 times their left-out error. With a tenth of the components hidden, they scatter by 1.2 times. In training the
    line's dropout is not drawn: of squared errors its mean is known, and is a penalty (Wager, Wang and Liang 2013).

    Parameters
    ----------
    features, y : Tensor, shapes (samples, features) and (samples,)
        Of the encoder before training, and standardised properties.
    dropout : float
        Share of what is hidden.
    """

    def __init__(self, features: Tensor, y: Tensor, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.centre: Tensor
        self.register_buffer("centre", features.mean(dim=0))
        spread = features.std(dim=0, correction=0)
        self.spread: Tensor
        self.register_buffer("spread", spread.clamp_min(1e-2 * float(spread.max()) + torch.finfo(spread.dtype).tiny))
        standard = (features - self.centre) / self.spread
        _, strengths, directions = torch.linalg.svd(standard.double(), full_matrices=False)
        self.directions: Tensor
        self.register_buffer("directions", directions.float())
        scores = standard @ self.directions.T
        self.line = nn.Linear(scores.shape[1], 1)
        probe = RidgeCV(_PROBE_PENALTIES).fit(scores.double().numpy(), y.numpy())
        self.penalty = float(probe.alpha_)
        with torch.no_grad():
            self.line.weight.copy_(torch.from_numpy(probe.coef_[None]))
            self.line.bias.fill_(float(probe.intercept_))
        self.enter = nn.Linear(features.shape[1], _HIDDEN)
        self.leave = nn.Linear(_HIDDEN, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        self.scale: Tensor
        varied = strengths[:_VARIED] / max(len(features), 1) ** 0.5
        self.register_buffer("scale", varied.float().clamp_min(torch.finfo(torch.float32).tiny))
        self.log_variance = nn.Linear(2 * len(self.scale), 1)
        nn.init.zeros_(self.log_variance.weight)
        nn.init.zeros_(self.log_variance.bias)
        self.log_variance.requires_grad_(False)  # learned when the mean has been

    def recentre(self, features: Tensor) -> None:
        """Put the centre where features of the training spectra are now.

        Spectra of one kind of sample are nearly the same, and so are their features: what training moves all of them by
        is many times what they differ by. It says nothing of a property, and is taken out.
        """
        self.centre = features.mean(dim=0)

    def forward(self, features: Tensor) -> Tensor:
        """``(batch, features)`` → ``(batch,)``; in training the small network is hidden something of every sample."""
        standard, scores = self._seen(features)
        hide = lambda values: F.dropout(values, self.dropout, self.training)  # noqa: E731
        return self._mean(scores, standard, hide)

    def hidden_variance(self, features: Tensor) -> Tensor:
        """Mean variance of the line's predictions with components hidden: what dropout adds to a squared error."""
        parts = self.scores(features) * self.line.weight
        return self.dropout / (1 - self.dropout) * parts.square().sum(dim=1).mean()

    def passes(self, features: Tensor, number: int) -> Tensor:
        """``(batch, features)`` → ``(number, batch)``, in each pass the same hidden from all samples.

        So what a sample's passes differ by does not depend on which others are asked about with it.
        """
        standard, scores = self._seen(features)

        def hide(values: Tensor) -> Tensor:
            return values * F.dropout(torch.ones(number, 1, values.shape[-1]), self.dropout)

        return self._mean(hide(scores), standard, hide)

    def log_variances(self, features: Tensor) -> Tensor:
        """Logarithm of the variance, ``(batch,)``: a line in components and their squares (Harvey 1976)."""
        unit = self.scores(features)[:, : len(self.scale)] / self.scale
        # Beyond three deviations nothing has been learned.
        unit = unit.clamp(-3.0, 3.0)
        learned: Tensor = self.log_variance(torch.cat([unit, (unit.square() - 1) / 2**0.5], dim=1))[:, 0]
        usual = self.log_variance.bias
        return usual + (learned - usual).clamp(-_STEEPEST, _STEEPEST)

    def scores(self, features: Tensor) -> Tensor:
        """Principal components, ``(batch, components)``."""
        return self._seen(features)[1]

    def _seen(self, features: Tensor) -> tuple[Tensor, Tensor]:
        standard = (features - self.centre) / self.spread
        return standard, standard @ self.directions.T

    def _mean(self, scores: Tensor, standard: Tensor, hide: Callable[[Tensor], Tensor]) -> Tensor:
        bent = self.leave(hide(F.gelu(self.enter(hide(standard)))))
        mean: Tensor = (self.line(scores) + bent)[..., 0]
        return mean
