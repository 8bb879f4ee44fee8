"""A fine-tuned encoder as a calibration for the child."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from scipy import stats
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted
from torch import Tensor

from spektron.spectra.spectrum import MODALITIES
from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.classical._expected_error import samples
from spektron.transfer.neural.adapters import Adapter, AdapterKind
from spektron.transfer.neural.embedded import fitted_corrections, versions
from spektron.transfer.neural.frozen import encoder_of, on_model_axis
from spektron.transfer.neural.network import Backbone, Convolutions, Encoded, Head
from spektron.transfer.neural.training import Examples, Recipe, learn_noise, train
from spektron.transfer.uncertainty.intervals import Interval

__all__ = ["FineTuned"]

_BATCH = 256
_Features = list[tuple[Head, Tensor]]
_ADAPTERS, _ALL_WEIGHTS, _CONVOLUTIONS = 5e-5, 3e-6, 1e-3
"""Rates of AdamW. The ridge head is steep: at 5e-4 one step took the loss from 0.05 to 1.5, and the other 49 took it
back. Chosen by the training loss and by left-out samples of the parent, and by nothing else (two tasks of corn, 10
standards; highest and last loss over the first, left-out error over the property's deviation):

    probe                            1.00  0.97  0.396
    LoRA, 5e-5, 1e-4, 3e-4           1.02  0.95  0.398;  1.15  0.95  0.401;  1.76  0.95  0.405
    AdaLoRA, 1e-4, 3e-4              1.03  0.96  0.396;  1.24  0.96  0.397
    all weights, 3e-6, 1e-5          1.03  0.96  0.398;  1.33  0.97  0.403
    probe of the untrained twin      1.00  0.98  0.485
    all of its weights, 3e-6, 1e-5   1.46  0.99  0.487;  6.25  1.25  0.489

Convolutions rise 3000-fold at 1e-3, and the best state is better than with 1e-4: 0.59 against 0.68."""


def _says_how_unsure(calibration: FineTuned) -> bool:
    """Whether there is anything that predictions of one sample could differ by."""
    return (
        calibration.members > 1 or calibration.heteroscedastic or (calibration.dropout > 0 and calibration.passes > 1)
    )


class FineTuned(ChildCalibration):
    """An encoder, adapted to the parent's calibration set and to the standards.

    The calibration set is moved by the standards' mean difference; the child's labelled standards count as much as
    samples of it; and one standard is to be predicted alike from both instruments' spectra.

    Parameters
    ----------
    wavenumber_cm1 : array, shape (channels,)
        Axis of all spectra.
    model : Path, optional
        Folder of a pretrained model; without it an encoder is drawn at random.
    network : {"encoder", "random", "cnn"}
        "random": the model's untrained twin. "cnn": a small 1-D convolutional network, trained whole.
    adapter : {"lora", "schedule", "adalora", "full", "probe"}
        What of the encoder is trained: see `spektron.transfer.neural.adapters`.
    rank : int
    steps : int
        Of AdamW, all samples in each.
    learning_rate : float, optional
        Of the encoder's top block; None: 5e-5 for adapters, 3e-6 for all weights, 1e-3 for convolutions.
    head_learning_rate : float
    weight_decay : float
    layer_decay : float
        By how much each block learns more slowly than the one above it; 1: all alike.
    dropout : float
        Of the head's components, features and hidden units.
    heteroscedastic : bool
        Learn how the variance of errors depends on the sample too.
    members : int
        Networks that are averaged, each with a seed of its own (a deep ensemble: Lakshminarayanan et al. 2017).
    passes : int
        Of each network with dropout on, for `predict_interval` (Gal and Ghahramani 2016). The encoder runs once.
    corrections : sequence of SpectrumCorrection or None
        Versions of a child's spectrum, each encoded, side by side; see `Embedded`.
    modality : {"IR", "RAMAN", "NIR"}
    seed : int
    """

    def __init__(
        self,
        wavenumber_cm1: Any,
        model: Path | None = None,
        network: Literal["encoder", "random", "cnn"] = "encoder",
        adapter: AdapterKind = "lora",
        rank: int = 8,
        steps: int = 50,
        learning_rate: float | None = None,
        head_learning_rate: float = 3e-4,
        weight_decay: float = 0.05,
        layer_decay: float = 1.0,
        dropout: float = 0.05,
        heteroscedastic: bool = False,
        members: int = 1,
        passes: int = 30,
        corrections: Sequence[SpectrumCorrection | None] = (None,),
        modality: str = "NIR",
        seed: int = 0,
    ) -> None:
        self.wavenumber_cm1 = wavenumber_cm1
        self.model = model
        self.network = network
        self.adapter = adapter
        self.rank = rank
        self.steps = steps
        self.learning_rate = learning_rate
        self.head_learning_rate = head_learning_rate
        self.weight_decay = weight_decay
        self.layer_decay = layer_decay
        self.dropout = dropout
        self.heteroscedastic = heteroscedastic
        self.members = members
        self.passes = passes
        self.corrections = corrections
        self.modality = modality
        self.seed = seed

    def predict_interval(self, X: Any, confidence: float = 0.9) -> Interval:
        """Predict with intervals: what networks and passes disagree about, and the variance of left-out errors.

        Parameters
        ----------
        X : array of shape (samples, channels)
        confidence : float
            Share of new samples whose property is to lie inside, were all of the error of these kinds. It is not, for
            the way from the parent to the child is not among them: put
            `spektron.transfer.uncertainty.PredictionIntervals` around the calibration for intervals that cover.

        Raises
        ------
        ValueError
            For a confidence that is not between 0 and 1.
        """
        if not 0 < confidence < 1:
            raise ValueError(f"confidence: expected between 0 and 1, found {confidence}")
        found = self._found(X)
        predicted = self._mean(found)
        half = stats.norm.ppf((1 + confidence) / 2) * self._deviation(found)
        return Interval(predicted, predicted - half, predicted + half)

    @available_if(_says_how_unsure)  # type: ignore[untyped-decorator]
    def deviation(self, X: Any) -> Array:
        """How unsure it is of each sample, in the property's unit: what `predict_interval` makes its intervals of.

        Where there are neither members, passes with dropout nor a learned variance, there is no such method.

        Parameters
        ----------
        X : array of shape (samples, channels)

        Returns
        -------
        ndarray, shape (samples,)
        """
        return self._deviation(self._found(X))

    def _fit(self, known: Known) -> None:
        for name in ("rank", "steps", "members", "passes"):
            at_least(name, getattr(self, name), 1)
        for name in ("learning_rate", "head_learning_rate", "weight_decay"):
            at_least(name, getattr(self, name), 0)
        if not 0 < self.layer_decay <= 1:
            raise ValueError(f"layer_decay: expected above 0 and at most 1, found {self.layer_decay}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: expected from 0 to below 1, found {self.dropout}")
        self._axis = np.asarray(self.wavenumber_cm1, dtype=np.float64)
        self._corrections = fitted_corrections(self.corrections, known)
        spread = float(known.y.std())
        self._centre, self._spread = float(known.y.mean()), spread if spread > 0 else 1.0
        examples = self._examples(known)
        self.ranks_: list[dict[str, int]] = []
        self._trained = [self._member(examples, self.seed + number) for number in range(self.members)]

    def _member(self, examples: Examples, seed: int) -> tuple[Backbone, Head]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            backbone, adapter = self._backbone(examples.values, seed)
            with torch.no_grad():
                features = backbone(examples.values[: len(examples.y)])
            head = Head(features, examples.y, self.dropout)
            whole = _ALL_WEIGHTS if self.adapter == "full" else _ADAPTERS
            usual = _CONVOLUTIONS if self.network == "cnn" else whole
            recipe = Recipe(
                steps=self.steps,
                learning_rate=usual if self.learning_rate is None else self.learning_rate,
                head_learning_rate=self.head_learning_rate,
                weight_decay=self.weight_decay,
                layer_decay=self.layer_decay,
            )
            train(backbone, head, adapter, examples, recipe)
            with torch.no_grad():
                features = backbone(examples.values[: len(examples.y)])
            learn_noise(head, features, examples, self.heteroscedastic)
        self.ranks_.append({} if adapter is None else adapter.ranks())
        return backbone, head

    def _backbone(self, values: Tensor, seed: int) -> tuple[Backbone, Adapter | None]:
        if self.network not in ("encoder", "random", "cnn"):
            raise ValueError(f'network: expected "encoder", "random" or "cnn", found {self.network!r}')
        if self.network == "cnn":
            layers = Convolutions(values.shape[1])
            layers.fit_scale(values)
            return layers, None
        encoder = encoder_of(self.model, random=self.network == "random", seed=seed)
        adapter = Adapter(encoder, self.adapter, self.rank, self.steps)
        return Encoded(encoder, self._axis, MODALITIES.index(self.modality)), adapter

    def _examples(self, known: Known) -> Examples:
        """The calibration set as the child would have measured it, labelled standards, and the pairs."""
        moved = (known.child - known.parent).mean(axis=0)
        labels = np.empty(0) if known.labels is None else known.labels
        number, rows = len(known.child), len(known.x)
        of_x, of_standard = samples(known)
        # A standard that is a calibration sample is among these already, and is not encoded again.
        others = np.flatnonzero(of_standard >= rows)
        parent = of_standard.copy()
        parent[others] = rows + number + np.arange(len(others))
        values = [self._child_values(known.x + moved), self._child_values(known.child)]
        if len(others):
            values.append(self._child_values(known.parent[others] + moved))
        y = (np.concatenate([known.y, labels]) - self._centre) / self._spread
        return Examples(
            values=torch.cat(values),
            y=torch.from_numpy(y).float(),
            sample=torch.from_numpy(np.concatenate([of_x, of_standard])[: len(y)]),
            child=torch.arange(rows, rows + number),
            parent=torch.from_numpy(parent),
        )

    def _child_values(self, child: Array) -> Tensor:
        """Versions of the child's spectra on the model's axis, ``(samples, versions, 2048)``."""
        rows = [on_model_axis(version, self._axis) for version in versions(child, self._corrections)]
        return torch.from_numpy(np.stack(rows, axis=1))

    def _predict(self, child: Array) -> Array:
        return self._mean(self._features(child))

    def _mean(self, found: _Features) -> Array:
        mean = torch.stack([head(features) for head, features in found]).mean(dim=0)
        predicted: Array = self._centre + self._spread * mean.detach().double().numpy()
        return predicted

    def _deviation(self, found: _Features) -> Array:
        """Over networks and their passes, and of the errors that none of them can explain; shape (samples,)."""
        means, variances = [], []
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(self.seed)
            for head, features in found:
                means.append(head.passes(features, self.passes) if self.dropout > 0 else head(features)[None])
                variances.append(head.log_variances(features).exp())
        total = torch.cat(means).var(dim=0, correction=0) + torch.stack(variances).mean(dim=0)
        deviation: Array = self._spread * total.sqrt().double().numpy()
        return deviation

    def _found(self, X: Any) -> _Features:
        check_is_fitted(self, "n_features_in_")
        return self._features(check_array(X, dtype=np.float64, input_name="X"))

    def _features(self, child: Array) -> _Features:
        parts = torch.split(self._child_values(child), _BATCH)
        with torch.no_grad():
            return [(head, torch.cat([backbone(part) for part in parts])) for backbone, head in self._trained]
