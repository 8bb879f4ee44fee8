"""The measured points of a joint scaling study, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spektron.core.errors import FitError
from spektron.scaling.points import MIN_SIZES, positive_column, require_same_length

__all__ = ["NUM_PARAMETERS", "JointPoints"]

Floats = NDArray[np.float64]

NUM_PARAMETERS = 5
_MIN_POINTS = 8  # three degrees of freedom for the noise
_MIN_CLUSTERS = 6  # one more than parameters: the wild bootstrap's sign patterns are too few below
# At a fixed ratio of D to N one power law explains both terms; 0.999 is a ratio that hardly moves.
_MAX_CORRELATION = 0.999


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointPoints:
    """Points of (model size, data size, loss).

    Attributes
    ----------
    num_params, num_tokens, loss : ndarray, shape (points,)
    cluster : ndarray of int, shape (points,), or None
        Run of each point, where one run gave several.
    """

    num_params: Floats
    num_tokens: Floats
    loss: Floats
    cluster: NDArray[np.intp] | None = None

    @classmethod
    def of(
        cls, num_params: ArrayLike, num_tokens: ArrayLike, loss: ArrayLike, run: Sequence[object] | None = None
    ) -> JointPoints:
        """Check the columns; see `spektron.scaling.fit_joint_law` for what is raised."""
        names = {"num_params": num_params, "num_tokens": num_tokens, "loss": loss}
        columns = {name: positive_column(values, name) for name, values in names.items()}
        lengths = {name: len(column) for name, column in columns.items()}
        require_same_length(**lengths, **({} if run is None else {"run": len(run)}))
        _require_spread(columns["num_params"], columns["num_tokens"])
        return cls(**columns, cluster=None if run is None else _clusters(run))

    @property
    def references(self) -> Floats:
        """Geometric means of N and D, by which they are divided before fitting; shape (2,)."""
        return np.array([np.exp(np.log(column).mean()) for column in (self.num_params, self.num_tokens)])

    @property
    def logs(self) -> Floats:
        """``ln(N / reference)`` and ``ln(D / reference)``, shape (2, points)."""
        return np.asarray(np.log(np.stack([self.num_params, self.num_tokens]) / self.references[:, None]))

    def rows(self, keep: NDArray[np.bool_]) -> JointPoints:
        """Keep some of the points, unchecked and without their runs."""
        return JointPoints(num_params=self.num_params[keep], num_tokens=self.num_tokens[keep], loss=self.loss[keep])


def _clusters(run: Sequence[object]) -> NDArray[np.intp] | None:
    names = {name: i for i, name in enumerate(dict.fromkeys(map(str, run)))}
    if len(names) == len(run):
        return None
    if len(names) < _MIN_CLUSTERS:
        raise FitError(
            f"expected points of at least {_MIN_CLUSTERS} runs, found {len(names)}: {', '.join(names)}",
            "checkpoints of one run are not independent; train more runs",
        )
    return np.array([names[str(name)] for name in run])


def _require_spread(num_params: Floats, num_tokens: Floats) -> None:
    for name, column in (("model sizes", num_params), ("data sizes", num_tokens)):
        distinct = np.unique(column)
        if len(distinct) < MIN_SIZES:
            found = ", ".join(f"{size:,.0f}" for size in distinct) or "none"
            raise FitError(
                f"expected at least {MIN_SIZES} distinct {name}, found {len(distinct)}: {found}",
                f"add {MIN_SIZES - len(distinct)} or more {name}, each about twice the one before",
            )
    if len(num_params) < _MIN_POINTS:
        raise FitError(
            f"expected at least {_MIN_POINTS} points for {NUM_PARAMETERS} parameters, found {len(num_params)}",
            "a grid of 5 model sizes × 5 data sizes is a good design",
        )
    correlation = float(np.corrcoef(np.log(num_params), np.log(num_tokens))[0, 1])
    if abs(correlation) > _MAX_CORRELATION:
        raise FitError(
            f"expected model and data sizes that vary independently, found log N, log D correlated {correlation:.4f}",
            "at a fixed ratio of data to parameters the two terms cannot be told apart; vary one at a time",
        )
