"""Predict the largest runs of a joint study from the smaller ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import FitError
from spektron.scaling._joint_projection import project_joint
from spektron.scaling.forms import joint_loss
from spektron.scaling.joint_points import JointPoints

__all__ = ["JointHoldout", "hold_out_joint"]

Floats = NDArray[np.float64]

_FRACTION = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class JointHoldout:
    """What the law (by variable projection), fitted without the largest N · D, predicts for them.

    Errors are means of ``|predicted − observed| / observed``, as fractions.

    Attributes
    ----------
    num_heldout, num_fitted : int
        Points left out, and kept.
    error, in_sample_error : float
        Of the law on the points left out, and on those it was fitted to.
    power_law_error : float
        Baseline: ``C · N^(−α) · D^(−β)`` without a floor, fitted to the same points.
    last_point_error : float
        Baseline: the loss of the largest fitted point, carried forward.
    """

    num_heldout: int
    num_fitted: int
    error: float
    in_sample_error: float
    power_law_error: float
    last_point_error: float

    @property
    def beats_baselines(self) -> bool:
        """Whether the law predicts better than both baselines."""
        return self.error < min(self.power_law_error, self.last_point_error)

    @property
    def sentence(self) -> str:
        """The comparison in one sentence."""
        return (
            f"Fitted without the {self.num_heldout} largest of {self.num_heldout + self.num_fitted} points, the law "
            f"predicts them with {self.error:.2%} error (in-sample {self.in_sample_error:.2%}; a power law without "
            f"floor {self.power_law_error:.2%}; the last point carried forward {self.last_point_error:.2%})."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**asdict(self), "sentence": self.sentence}


def hold_out_joint(points: JointPoints) -> JointHoldout | None:
    """Leave out the tenth with the largest N · D; None where what is left cannot be fitted."""
    work = np.log(points.num_params) + np.log(points.num_tokens)
    left_out = work > np.quantile(work, 1.0 - _FRACTION)
    kept, rest = points.rows(~left_out), points.rows(left_out)
    try:
        JointPoints.of(kept.num_params, kept.num_tokens, kept.loss)
    except FitError:
        return None
    (floor, model_scale, alpha, data_scale, beta), _, _ = project_joint(kept.logs, kept.loss)

    def law(at: JointPoints) -> Floats:
        n, d = np.stack([at.num_params, at.num_tokens]) / kept.references[:, None]
        return joint_loss(n, d, E=floor, A=model_scale, B=data_scale, alpha=alpha, beta=beta)

    return JointHoldout(
        num_heldout=len(rest.loss),
        num_fitted=len(kept.loss),
        error=_relative_error(law(rest), rest.loss),
        in_sample_error=_relative_error(law(kept), kept.loss),
        power_law_error=_relative_error(_power_law(kept, rest), rest.loss),
        last_point_error=_relative_error(kept.loss[[int(work[~left_out].argmax())]], rest.loss),
    )


def _relative_error(predicted: Floats, observed: Floats) -> float:
    return float(np.mean(np.abs(predicted - observed) / observed))


def _power_law(kept: JointPoints, rest: JointPoints) -> Floats:
    def design(points: JointPoints) -> Floats:
        columns = [np.ones_like(points.loss), np.log(points.num_params), np.log(points.num_tokens)]
        return np.column_stack(columns)

    solution = np.linalg.lstsq(design(kept), np.log(kept.loss), rcond=None)[0]
    return np.asarray(np.exp(design(rest) @ solution))
