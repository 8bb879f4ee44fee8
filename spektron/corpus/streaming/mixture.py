"""Batches mixed of several kinds of spectra in stated shares, whatever the corpus's own shares are.

The policy of repetition: each kind goes through its own subset, every row once, before any of it comes again; a kind
whose share of the batches is larger than its share of the rows comes round more often than the others. `KindShare` says
how many different spectra that is and how often they are seen, so that a comparison of mixtures can say it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spektron.core.errors import ConfigError
from spektron.corpus.streaming.reading import empty_batch
from spektron.spectra.spectrum import KINDS, SpectrumBatch

__all__ = ["KindShare", "batch_counts", "kind_shares", "mixed_batches", "parse_mix"]

# Opens the stream of one kind: (place of the kind, first batch) → endless batches.
OpenStream = Callable[[int, int], Iterator[SpectrumBatch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KindShare:
    """One kind's part in a mixture.

    Attributes
    ----------
    kind : str
        One of `spektron.spectra.KINDS`.
    weight : float
        Share of the rows of every batch, on average; all weights add up to 1.
    available, unique : int
        Rows of the kind in the training split, and how many of them, first in rank order, the mixture uses.
    """

    kind: str
    weight: float
    available: int
    unique: int

    def epochs(self, rows_seen: int) -> float:
        """How often each of the kind's spectra was seen after so many rows of the whole mixture."""
        return self.weight * rows_seen / self.unique


def kind_shares(
    available: Mapping[str, int], mix: Mapping[str, float], num_spectra: int | None
) -> tuple[KindShare, ...]:
    """Work out what a mixture is made of.

    Parameters
    ----------
    available : mapping
        Kind → rows in the training split.
    mix : mapping
        Kind → weight; they are brought to a sum of 1.
    num_spectra : int or None
        Different spectra of the mixture: each kind gives its share of them, or all it has where that is less. None
        takes all of every kind named.

    Raises
    ------
    ConfigError
        For kinds that do not exist or that the corpus has not, and weights that are not positive.
    """
    if not mix or not all(np.isfinite(weight) and weight > 0 for weight in mix.values()):
        raise ConfigError(
            f"expected positive weights of kinds, found {dict(mix)}", "for example computed=0.8,experimental=0.2"
        )
    if missing := [kind for kind in mix if not available.get(kind)]:
        has = ", ".join(f"{kind} ({num:,})" for kind, num in sorted(available.items()) if num) or "none"
        raise ConfigError(
            f"expected kinds the corpus has training spectra of, found {', '.join(missing)}",
            f"the corpus has: {has}; there are the kinds {', '.join(KINDS)}",
        )
    total = sum(mix.values())
    shares = []
    for kind in sorted(mix):
        weight = mix[kind] / total
        wanted = available[kind] if num_spectra is None else max(1, round(weight * num_spectra))
        unique = min(wanted, available[kind])
        shares.append(KindShare(kind=kind, weight=weight, available=available[kind], unique=unique))
    return tuple(shares)


def parse_mix(text: str) -> dict[str, float]:
    """Read ``computed=0.8,experimental=0.2``.

    Raises
    ------
    ConfigError
        For anything else.
    """
    mix: dict[str, float] = {}
    for word in text.split(","):
        kind, _, weight = (part.strip() for part in word.partition("="))
        if kind in mix:
            raise ConfigError(f"expected each kind once, found {text!r}", f"give {kind} one share")
        try:
            mix[kind] = float(weight)
        except ValueError:
            kind = ""
        if kind not in KINDS or mix.keys() - KINDS:
            raise ConfigError(
                f"expected shares of {', '.join(KINDS)}, found {text!r}",
                "for example --mix computed=0.8,experimental=0.2",
            )
    return mix


def batch_counts(weights: Sequence[float], batch_size: int) -> Iterator[list[int]]:
    """Yield how many rows of each kind batch 0, 1, 2, … takes, endlessly.

    What a kind is owed is carried over, so that after any number of batches it has had its share to within one row.
    """
    owed = np.zeros(len(weights))
    while True:
        owed += np.asarray(weights) * batch_size
        counts = np.maximum(np.floor(owed), 0).astype(int)
        # The kinds that are owed most of a row get the rows that are left, or give those that are too many.
        for place in np.argsort(counts - owed, kind="stable")[: batch_size - counts.sum()]:
            counts[place] += 1
        owed -= counts
        yield counts.tolist()


def mixed_batches(
    shares: Sequence[KindShare], batch_size: int, start_batch: int, open_stream: OpenStream
) -> Iterator[SpectrumBatch]:
    """Yield endless batches of a mixture, from batch `start_batch` on.

    Parameters
    ----------
    shares : sequence of KindShare
    batch_size : int
        Rows per batch, of the mixture and of each stream.
    start_batch : int
        Batches to skip; ``start_batch=k`` gives exactly the batches that follow the first k.
    open_stream : callable
        ``open_stream(place, k)`` gives the batches of the kind at `place` from its k-th on, `batch_size` rows each.
    """
    counts = batch_counts([share.weight for share in shares], batch_size)
    taken = np.zeros(len(shares), dtype=int)
    for _ in range(start_batch):
        taken += next(counts)
    rows = [_Rows(open_stream(place, num // batch_size), num % batch_size) for place, num in enumerate(taken.tolist())]
    for wanted in counts:
        batch, filled = empty_batch(batch_size), 0
        for kind, num in zip(rows, wanted, strict=True):
            kind.fill(batch, filled, num)
            filled += num
        yield batch


class _Rows:
    """An endless stream of batches, taken from in portions of any size."""

    def __init__(self, batches: Iterator[SpectrumBatch], skip: int) -> None:
        self._batches = batches
        self._rest = next(batches).take(slice(skip, None))

    def fill(self, batch: SpectrumBatch, first: int, num_rows: int) -> None:
        """Copy the next rows into `batch` from row `first` on."""
        while num_rows:
            if not len(self._rest):
                self._rest = next(self._batches)
            some = self._rest.take(slice(0, num_rows))
            for name in SpectrumBatch.__dataclass_fields__:
                getattr(batch, name)[first : first + len(some)] = getattr(some, name)
            self._rest = self._rest.take(slice(len(some), None))
            first, num_rows = first + len(some), num_rows - len(some)
