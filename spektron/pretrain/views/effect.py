"""What every effect is: a frozen setting that turns random numbers into strengths, and strengths into a signal."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field
from torch import Tensor

from spektron.core.settings import Settings
from spektron.pretrain.views.rows import Rows

__all__ = ["ASCENDING", "Array", "Effect", "between", "log_between", "within"]

Array = NDArray[np.float64]
Pair = tuple[float, float]


def _ascending(pair: Pair) -> Pair:
    if pair[0] > pair[1]:
        raise ValueError(f"expected the lower bound first, found {pair}: swap them")
    return pair


ASCENDING = AfterValidator(_ascending)
"""For a field that is a range: lower bound first."""


class Effect(Settings):
    """One way in which instruments differ.

    Strengths are drawn in NumPy for every row, and zero means "nothing happens": such rows are never touched, so that
    an effect without strength leaves them as they are, bit for bit.
    """

    numbers: ClassVar[int]
    """Random numbers that `strengths` takes for a row."""

    chance: Annotated[float, Field(ge=0.0, le=1.0)] = 0.5
    """Share of the rows that it is drawn for."""

    @abstractmethod
    def strengths(self, uniform: Array) -> Array:
        """Strengths of each row.

        Parameters
        ----------
        uniform : ndarray, shape (rows, numbers)
            In [0, 1).

        Returns
        -------
        ndarray, shape (rows, strengths)
            A row of zeros is one on which nothing happens.
        """

    @abstractmethod
    def apply(self, rows: Rows, strengths: Tensor) -> Rows:
        """Do it to rows that all have some strength, shape (rows, strengths); finite signals stay finite."""

    def draw(self, uniform: Array) -> Array:
        """Strengths, or zeros where chance passes the row by; shape (rows, strengths).

        Parameters
        ----------
        uniform : ndarray, shape (rows, 1 + numbers)
            The first number decides whether it happens.
        """
        happens = uniform[:, :1] < self.chance
        return np.where(happens, self.strengths(uniform[:, 1:]), 0.0)


def within(uniform: Array, most: float) -> Array:
    """Evenly from −most to most."""
    return most * (2.0 * uniform - 1.0)


def between(uniform: Array, pair: Pair) -> Array:
    """Evenly from the lower bound to the upper."""
    low, high = pair
    return low + (high - low) * uniform


def log_between(uniform: Array, pair: Pair) -> Array:
    """Evenly in the logarithm; bounds above zero."""
    low, high = np.log(pair)
    return np.asarray(np.exp(low + (high - low) * uniform))
