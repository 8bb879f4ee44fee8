"""Where a spectrum goes: its rank from its id, its split from its group. Both are hashes, so neither depends on what
else is in the corpus, and a source that is added after the others moves no compound from train into validation.

Two exceptions: a compound too large to hold out (see `GroupSplitter`), and two that the new source shows to be one (a
record that holds the names of both, a copy), of which the later goes where the earlier is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from hashlib import blake2b

from spektron.corpus.manifest import BuildConfig

__all__ = ["GroupSplitter", "spectrum_rank"]


def spectrum_rank(spectrum_id: str, seed: int) -> int:
    """Seeded 63-bit hash of a spectrum's id: its place in the corpus's random order."""
    # 63 bits of 64, so that a rank is a non-negative int64 in every tool that reads Parquet.
    return _hash64(spectrum_id, seed, b"rank") >> 1


class GroupSplitter:
    """Assign each split group, a compound or several that share a spectrum, with all of its spectra to one split.

    A group's hash, uniform in [0, 1), is below `test_fraction` for test, below the sum of both fractions for
    validation, and train otherwise. A group with more spectra than ``max_compound_share`` of the split's expected
    size goes to train instead: a corpus with 700 spectra of one product would otherwise be validated on that product.

    Parameters
    ----------
    config : BuildConfig
        Seed, fractions and share.
    num_by_group : mapping
        Number of spectra of each group; their sum sets the splits' expected sizes.
    """

    def __init__(self, config: BuildConfig, num_by_group: Mapping[str, int]) -> None:
        self._config = config
        self._num_by_group = num_by_group
        total = sum(num_by_group.values())
        # A single spectrum is never too large, or a corpus of ten could hold nothing out.
        self._largest = {
            "test": max(1.0, config.max_compound_share * config.test_fraction * total),
            "validation": max(1.0, config.max_compound_share * config.validation_fraction * total),
        }
        self.forced_to_train: Counter[str] = Counter()

    def split_of(self, group: str) -> str:
        """``train``, ``validation`` or ``test``; the same answer for every spectrum of the group."""
        split = self._hashed(group)
        num = self._num_by_group[group]
        if split != "train" and num > self._largest[split]:
            self.forced_to_train[group] = num
            return "train"
        return split

    def _hashed(self, group: str) -> str:
        place = _hash64(group, self._config.seed, b"split") / 2**64
        if place < self._config.test_fraction:
            return "test"
        return "validation" if place < self._config.test_fraction + self._config.validation_fraction else "train"


def _hash64(text: str, seed: int, purpose: bytes) -> int:
    # The purpose keeps ranks and splits independent when a spectrum and its compound share a name.
    key = str(seed).encode()
    return int.from_bytes(blake2b(text.encode(), digest_size=8, key=key, person=purpose).digest(), "big")
