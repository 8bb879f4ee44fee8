"""A calibration for the child by rules that were learned on simulated instruments."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from torch import Tensor

from spektron.transfer._samples import Rows, same_sample, sample_folds
from spektron.transfer.classical._calibration import Array, ChildCalibration, Known, at_least
from spektron.transfer.meta.maml import Episodes, Standards, adapted, meta_train
from spektron.transfer.meta.simulated import simulated_children
from spektron.transfer.neural.frozen import frozen_encoder
from spektron.transfer.preprocessing import check_preprocessing, preprocessing
from spektron.transfer.selection import KennardStone

__all__ = ["MetaLearned"]

_FOLDS = 10
_PENALTIES = 10.0 ** np.arange(-7.0, 0.1, 0.5)
_DIRECTIONS = 64


class MetaLearned(ChildCalibration):
    """Adapt the parent's ridge regression to the standards, by steps whose rates were learned.

    The parent's calibration set is measured by simulated instruments. Again and again some of its samples are left out,
    Kennard and Stone's choice of the others are the standards, the parent's coefficients are adapted to them, and rates
    and shares are changed so that the samples left out are predicted better from the simulated child's spectra. Then
    the rules are applied to the real standards. There is no ready-made network: rules are learned anew for each
    property and number of standards, in seconds.

    Parameters
    ----------
    wavenumber_cm1 : array, shape (channels,)
        Axis of all spectra.
    model : Path, optional
        Folder of a pretrained model, for `representation` "encoder".
    representation : {"derivative", "encoder"}
        What is linear in the coefficients: the first derivative, or features of a frozen encoder, where only the head
        is adapted (Raghu et al. 2020 find that this is what meta-learning does).
    instruments : int
        How many are simulated.
    steps : int
        Of each adaptation.
    epochs : int
        Of learning the rules.
    modality : {"IR", "RAMAN", "NIR"}
    seed : int

    Attributes
    ----------
    learner_ : Learner
        What was learned.
    history_ : list of float
        Mean squared error of samples left out over the property's variance, geometric mean over simulated instruments,
        epoch by epoch.
    """

    _needs_labels = True

    def __init__(
        self,
        wavenumber_cm1: Any,
        model: Path | None = None,
        representation: Literal["derivative", "encoder"] = "derivative",
        instruments: int = 24,
        steps: int = 5,
        epochs: int = 60,
        modality: str = "NIR",
        seed: int = 0,
    ) -> None:
        self.wavenumber_cm1 = wavenumber_cm1
        self.model = model
        self.representation = representation
        self.instruments = instruments
        self.steps = steps
        self.epochs = epochs
        self.modality = modality
        self.seed = seed

    def _fit(self, known: Known) -> None:
        for name in ("instruments", "steps", "epochs"):
            at_least(name, getattr(self, name), 1)
        assert known.labels is not None
        self._axis = np.asarray(self.wavenumber_cm1, dtype=np.float64)
        children = simulated_children(known.x, self._axis, self.instruments, seed=self.seed, modality=self.modality)
        parent = self._represented(known.x)
        simulated = np.stack([self._represented(child) for child in children])
        self._centre, spread = parent.mean(axis=0), float(known.y.std())
        self._y_centre, self._y_spread = float(known.y.mean()), spread if spread > 0 else 1.0
        self._directions = _directions(parent - self._centre, simulated - parent)
        x, y = self._coordinates(parent), (known.y - self._y_centre) / self._y_spread
        sample = same_sample(known.x)
        penalty = _penalty(x, y, sample)
        episodes = _episodes(known.x, x, y, self._coordinates(simulated), penalty, len(known.child), sample)
        self.learner_, self.history_ = meta_train(episodes, self.steps, self.epochs, len(known.x))
        on_parent = self._coordinates(self._represented(known.parent))
        on_child = self._coordinates(self._represented(known.child))
        self._shift = (on_child - on_parent).mean(axis=0)
        standards = Standards(
            _tensor(on_child - self._shift),
            _tensor(on_parent),
            _tensor((known.labels - self._y_centre) / self._y_spread),
        )
        weights = adapted(self.learner_, _tensor(_ridge(x, y, penalty)), standards, self.steps)
        self._weights = weights.double().numpy()

    def _predict(self, child: Array) -> Array:
        at = self._coordinates(self._represented(child)) - self._shift
        predicted: Array = self._y_centre + self._y_spread * (at @ self._weights)
        return predicted

    def _represented(self, spectra: Array) -> Array:
        if self.representation == "derivative":
            check_preprocessing("sg1", spectra.shape[1])
            found: Array = preprocessing("sg1").fit(spectra).transform(spectra)
            return found
        if self.representation == "encoder":
            return frozen_encoder(self._axis, self.model, modality=self.modality)(spectra)
        raise ValueError(f'representation: expected "derivative" or "encoder", found {self.representation!r}')

    def _coordinates(self, represented: Array) -> Array:
        found: Array = (represented - self._centre) @ self._directions
        return found


def _directions(parent: Array, changes: Array) -> Array:
    """What samples and instruments vary in, in units of the strongest, shape (features, directions).

    An instrument's mean change is left out: standards take it away.
    """
    within = changes - changes.mean(axis=1, keepdims=True)
    rows: Array = np.vstack([parent / np.sqrt(len(parent)), *(within / np.sqrt(within.shape[0] * within.shape[1]))])
    _, strengths, directions = np.linalg.svd(rows, full_matrices=False)
    kept = min(_DIRECTIONS, int((strengths > 1e-6 * strengths[0]).sum()))
    return directions[:kept].T / max(float(strengths[0]), np.finfo(np.float64).tiny)


def _ridge(x: Array, y: Array, penalty: float) -> Array:
    return np.asarray(np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y), dtype=np.float64)


def _penalty(x: Array, y: Array, sample: Rows) -> float:
    """That with the least error of samples left out one by one, all rows of a sample together."""
    alone = len(np.unique(sample)) == len(sample)  # then in closed form
    folds = None if alone else sample_folds(sample, len(sample))
    scoring = None if alone else "neg_mean_squared_error"
    found: float = RidgeCV(_PENALTIES * float(np.square(x).sum()), cv=folds, scoring=scoring).fit(x, y).alpha_
    return found


def _episodes(
    spectra: Array, x: Array, y: Array, children: Array, penalty: float, number: int, sample: Rows
) -> Episodes:
    """Every simulated instrument with every fold of samples left out, all rows of a sample together."""
    found: list[tuple[Tensor, ...]] = []
    folds = sample_folds(sample, _FOLDS)
    widest = max(len(left) for _, left in folds)
    # Episodes are stacked, so all have as many standards as the smallest can.
    number = min(number, *(len(kept) for kept, _ in folds))
    for kept, left in folds:
        standards = kept[KennardStone(number).fit(spectra[kept]).indices_]
        start = _ridge(x[kept] - x[kept].mean(axis=0), y[kept] - y[kept].mean(), penalty)
        centre, middle = x[kept].mean(axis=0), y[kept].mean()
        asked = np.resize(left, widest)
        counts = np.arange(widest) < len(left)
        for child in children:
            shift = (child - x)[standards].mean(axis=0) + centre
            parts = (
                *(child[standards] - shift, x[standards] - centre, y[standards] - middle),
                *(start, child[asked] - shift, y[asked] - middle, counts),
            )
            found.append(tuple(_tensor(part) for part in parts))
    *standards_, start_, asked_, y_, counts_ = (torch.stack(each) for each in zip(*found, strict=True))
    return Episodes(
        instruments=len(children),
        standards=Standards(*standards_),
        start=start_,
        asked=asked_,
        y=y_,
        counts=counts_,
    )


def _tensor(values: Any) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
