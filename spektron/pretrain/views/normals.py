"""Normal numbers on any device that depend on a row's seed and a place alone, not on how many rows there are.

A generator with a state deals out numbers in the order of the batch, and differs between devices. A hash of (seed,
place) does not: rows can be cut, joined or moved. Two rounds of Wellons's 32-bit mixer (lowbias32, 2018), one for
each half of the seed, then Box and Muller (1958, Ann. Math. Stat. 29, 610). CPU and GPU agree to the rounding of log
and cos.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["normals"]

_BITS = 24  # a float32 in [0.5, 1) has no more; the largest normal is sqrt(2 ln 2²⁵) = 5.9


def normals(seed: Tensor, count: int) -> Tensor:
    """Standard normal numbers, shape (rows, count), float32.

    Parameters
    ----------
    seed : Tensor, shape (rows, 2), int32
    count : int
        Even.
    """
    assert count % 2 == 0, count
    places = torch.arange(count, dtype=torch.int32, device=seed.device)
    bits = _mixed(_mixed(places + seed[:, :1]) ^ seed[:, 1:])
    # The middle of each of 2²⁴ cells: never 0, whose logarithm has no end.
    uniform = (_right(bits, 32 - _BITS).float() + 0.5) * 2.0**-_BITS
    first, second = uniform.chunk(2, dim=1)
    radius = (-2.0 * first.log()).sqrt()
    angle = (2.0 * math.pi) * second
    return torch.cat((radius * angle.cos(), radius * angle.sin()), dim=1)


def _mixed(bits: Tensor) -> Tensor:
    # int32 wraps around in products, as the mixer's uint32 does.
    bits = (bits ^ _right(bits, 16)) * 0x7FEB352D
    bits = (bits ^ _right(bits, 15)) * (0x846CA68B - 2**32)
    return bits ^ _right(bits, 16)


def _right(bits: Tensor, by: int) -> Tensor:
    """Shift to the right with zeros coming in, where int32 brings in its sign."""
    return (bits >> by) & ((1 << (32 - by)) - 1)
