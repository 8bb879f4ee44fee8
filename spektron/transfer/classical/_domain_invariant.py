"""Domain-invariant partial least squares: latent variables that vary alike on several instruments.

Each direction of weights gives up covariance with y for a smaller difference between the covariances of the parent's
and of each child's spectra (Nikzad-Langerodi, Zellinger, Lughofer and Saminger-Platz 2018; the convex bound: 2020;
several children: Mikulasek et al. 2023).

A difference of covariances lives in the row space of the standards, a few dozen dimensions of the hundreds of
channels. It is decomposed there, which gives the same coefficients as in all channels for a hundredth of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["domain_invariant_pls"]

Array = NDArray[np.float64]


def domain_invariant_pls(
    x: Array, y: Array, pairs: Sequence[tuple[Array, Array]], penalty: float | None, max_latent: int
) -> Array:
    """Coefficients for 1, 2, … latent variables, shape (numbers, channels).

    Parameters
    ----------
    x : ndarray, shape (samples, channels)
        The parent's calibration set, centred.
    y : ndarray, shape (samples,)
        Its property, centred.
    pairs : sequence of pairs of ndarray, shapes (rows, channels) and (other rows, channels)
        Spectra of the parent and of a child, each centred on its own.
    penalty : float or None
        Weight λ of the difference of covariances, in units of y² over those of a spectrum². None: the published
        heuristic, which at every latent variable gives the covariance with y and the difference equal parts.
    max_latent : int
    """
    limit = max(1, min(max_latent, *x.shape))
    scores, rotations = np.zeros((limit, len(x))), np.zeros((limit, x.shape[1]))
    slopes, found = np.zeros(limit), 0
    smallest = np.finfo(np.float64).eps * max(x.shape) * np.linalg.norm(x)
    least_covariance, spread = smallest * np.linalg.norm(y), float(np.square(x).sum())
    basis = _row_basis(np.concatenate([rows for pair in pairs for rows in pair]))
    inside = [(parent @ basis.T, child @ basis.T) for parent, child in pairs]
    for number in range(limit):
        covariance = y @ x
        if np.linalg.norm(covariance) <= least_covariance:
            break
        part = basis @ covariance
        strengths, axes = _difference(inside)
        share = _share(penalty, covariance, part, strengths, axes, float(y @ y), spread)
        direction = covariance - (axes @ (share * (axes.T @ part))) @ basis
        direction /= np.linalg.norm(direction)
        score = x @ direction
        held = scores[:number] @ score
        score -= held @ scores[:number]
        again = scores[:number] @ score
        score -= again @ scores[:number]
        power = np.linalg.norm(score)
        if power <= smallest:
            break
        scores[number] = score / power
        rotations[number] = (direction - (held + again) @ rotations[:number]) / power
        slopes[number] = scores[number] @ y
        y = y - slopes[number] * scores[number]
        if penalty is None:
            spread -= float(np.square(scores[number] @ x).sum())
        within = basis @ direction
        inside = [(_without(parent, within), _without(child, within)) for parent, child in inside]
        found = number + 1
    if not found:
        return np.zeros((1, x.shape[1]))
    coefficients: Array = np.cumsum(slopes[:found, None] * rotations[:found], axis=0)
    return coefficients


def _row_basis(rows: Array) -> Array:
    """Orthonormal directions that all rows are made of, shape (directions, channels)."""
    if len(rows) >= rows.shape[1]:
        return np.eye(rows.shape[1])
    directions: Array = np.linalg.qr(rows.T)[0].T
    return directions


def _difference(inside: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Eigenvalues and axes of the sum over children of |covariance of the parent − covariance of the child|."""
    total = None
    for parent, child in inside:
        found, axes = np.linalg.eigh(parent.T @ parent / len(parent) - child.T @ child / len(child))
        if len(inside) == 1:
            return np.abs(found), axes
        bound = (axes * np.abs(found)) @ axes.T
        total = bound if total is None else total + bound
    assert total is not None
    strengths, axes = np.linalg.eigh(total)
    return np.maximum(strengths, 0.0), axes


def _share(
    penalty: float | None, covariance: Array, part: Array, strengths: Array, axes: Array, of_y: float, spread: float
) -> Array:
    """How much of the covariance is given up along each axis, from 0 to 1."""
    if penalty is None:
        length = float(np.linalg.norm(covariance))
        differing = float(strengths @ np.square(axes.T @ part)) / length**2
        # ‖x − y wᵀ‖² for the unit vector w along the covariance.
        fit = float(spread - 2 * length + of_y)
        penalty = fit / differing if differing > 0 else 0.0
    weighed = penalty / of_y * strengths
    kept: Array = weighed / (1 + weighed)
    return kept


def _without(rows: Array, direction: Array) -> Array:
    """Rows less their scores along a direction times their own loadings."""
    score = rows @ direction
    power = score @ score
    return rows - np.outer(score, score @ rows / power) if power > 0 else rows
