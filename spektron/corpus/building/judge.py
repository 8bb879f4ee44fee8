"""Second stage: every spectrum that was read is judged against all others, by the index alone.

In this order, an earlier spectrum always before a later one: equal numbers are kept once; one calculation that two
sources publish is kept once; a near-duplicate of a spectrum of another source is not kept. What is kept gets a name of
its own and a split group: compounds that share a name, a duplicate or a near-duplicate belong to one group, so that no
spectrum has its twin on the other side of a split.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.corpus.building.index import Index, taken
from spektron.corpus.building.shards import RunRows
from spektron.corpus.neighbours.near import candidate_pairs, components

__all__ = ["KEPT", "Judgement", "judge"]

Rows = NDArray[np.intp]
# Given two lists of rows and whether they are of different sources: which pairs are near-duplicates.
CheckPairs = Callable[[RunRows, RunRows, NDArray[np.bool_]], NDArray[np.bool_]]

KEPT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What becomes of each row of an index.

    Attributes
    ----------
    reason : ndarray of object, shape (rows,)
        `KEPT`, or a key of `DUPLICATE_REASONS`.
    twin : ndarray, shape (rows,)
        The row that a duplicate repeats; -1 for the others.
    names : dict
        Row → its name, where an earlier row has the one it came with.
    group : list of str
        Split group of each row: of the compounds that belong together, the one of the earliest row. So a source that is
        added at the end moves no group that was there, unless it shows that two are one.
    num_unchecked : int
        Pairs in crowded groups of look-alikes that were not each other's nearest, and not looked at.
    """

    reason: NDArray[np.object_]
    twin: Rows
    names: dict[int, str]
    group: list[str]
    num_unchecked: int

    @property
    def kept(self) -> Rows:
        """Rows that enter the corpus."""
        return np.flatnonzero(self.reason == KEPT)


def judge(index: Index, check: CheckPairs, tell: Callable[[float], None] = lambda share: None) -> Judgement:
    """Judge all rows of an index.

    Parameters
    ----------
    index : Index
    check : callable
        Looks at the spectra of pairs of rows.
    tell : callable, optional
        Called with the share of the work that is done.
    """
    reason, twin = np.full(len(index), KEPT, dtype=object), np.full(len(index), -1, dtype=np.intp)
    _drop_equals(reason, twin, _first_of(index.digests()), "duplicate-content")
    publisher = _publishers(index)
    _drop_calculations(index, publisher, reason, twin)
    compound, compounds = index.codes("compound_id")
    near, num_unchecked = _near_pairs(index, publisher, compound, reason == KEPT, check, tell)
    for earlier, later in near:
        if publisher[earlier] != publisher[later] and reason[earlier] == KEPT and reason[later] == KEPT:
            reason[later], twin[later] = "near-duplicate", earlier
    dropped = np.flatnonzero(twin >= 0)
    joined = np.concatenate([near, np.stack([twin[dropped], dropped], axis=1)]).astype(np.intp)
    num_names, same = _names_of_compounds(index, compound, compounds)
    group = components(num_names, np.concatenate([compound[joined], same]))[compound]
    return Judgement(
        reason=reason,
        twin=twin,
        names=_names(index, reason),
        group=[compounds[i] for i in compound[_first_of(group)]],
        num_unchecked=num_unchecked,
    )


def _names_of_compounds(index: Index, compound: NDArray[np.int64], compounds: list[str]) -> tuple[int, Rows]:
    """How many names there are, compounds' ids first; and pairs (compound, other name), shape (aliases, 2)."""
    aliases = index.texts("aliases")
    owner = compound[aliases.value_parent_indices().to_numpy()] if len(aliases) else np.empty(0, dtype=np.intp)
    number = {name: place for place, name in enumerate(compounds)}
    alias = [number.setdefault(name, len(number)) for name in aliases.flatten().to_pylist()]
    return len(number), np.stack([owner, np.array(alias, dtype=np.intp)], axis=1).astype(np.intp)


def _first_of(values: NDArray[np.generic]) -> Rows:
    """Place of the first equal value, for each value."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    places: Rows = first[inverse.reshape(-1)]
    return places


def _drop_equals(reason: NDArray[np.object_], twin: Rows, first: Rows, why: str) -> None:
    again = np.flatnonzero((first != np.arange(len(first))) & (reason == KEPT))
    reason[again], twin[again] = why, first[again]


def _publishers(index: Index) -> NDArray[np.int64]:
    """Number of each row's source, sets of one source taken together."""
    source, names = index.codes("source")
    tops = [name.partition("/")[0] for name in names]
    number = {top: place for place, top in enumerate(sorted(set(tops)))}
    of_name = np.array([number[top] for top in tops], dtype=np.int64)
    return of_name[source]


def _drop_calculations(index: Index, publisher: NDArray[np.int64], reason: NDArray[np.object_], twin: Rows) -> None:
    """Drop what an earlier source holds of the same compound by the same method: of several, as many as it holds."""
    metadata, texts = index.codes("metadata")
    methods = [json.loads(text).get("method", "") for text in texts]
    numbers = {method: place for place, method in enumerate(sorted(set(methods)))}
    method = np.array([numbers[word] for word in methods], dtype=np.int64)[metadata]
    kind, kinds = index.codes("kind")
    computed = np.array([name == "computed" for name in kinds], dtype=bool)[kind]
    stated = method != numbers.get("", -1)
    rows = np.flatnonzero(computed & stated & (reason == KEPT))
    columns = [index.codes("compound_id")[0], index.codes("modality")[0], method]
    within = _occurrence(np.stack([*columns, publisher], axis=1)[rows])
    calculation = np.stack([*(column[rows] for column in columns), within], axis=1)
    _, first, inverse = np.unique(calculation, axis=0, return_index=True, return_inverse=True)
    earliest = rows[first[inverse.reshape(-1)]]
    again = publisher[earliest] != publisher[rows]
    reason[rows[again]], twin[rows[again]] = "same-calculation", earliest[again]


def _occurrence(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many earlier rows equal each row, shape (rows,)."""
    _, group = np.unique(values, axis=0, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    first = np.searchsorted(group[order], group[order])
    found = np.empty(len(group), dtype=np.int64)
    found[order] = np.arange(len(group)) - first
    return found


def _near_pairs(
    index: Index,
    publisher: NDArray[np.int64],
    compound: NDArray[np.int64],
    kept: NDArray[np.bool_],
    check: CheckPairs,
    tell: Callable[[float], None],
) -> tuple[NDArray[np.intp], int]:
    """Pairs (earlier, later) that are near-duplicates and matter, sorted by the later; and how many were left out."""
    rows = np.flatnonzero(kept)
    near, num_left_out = [np.empty((0, 2), dtype=np.intp)], 0
    for block in candidate_pairs(index.keys()[rows]):
        num_left_out += block.num_left_out
        pairs = rows[block.pairs]
        across = publisher[pairs[:, 0]] != publisher[pairs[:, 1]]
        # Within one source and compound there is nothing to decide: both are kept, on one side of the split.
        matters = across | (compound[pairs[:, 0]] != compound[pairs[:, 1]])
        pairs, across = pairs[matters], across[matters]
        if len(pairs):
            near.append(pairs[check(taken(index.rows, pairs[:, 0]), taken(index.rows, pairs[:, 1]), across)])
        tell(block.share)
    found = np.unique(np.concatenate(near), axis=0)
    return found[np.lexsort((found[:, 0], found[:, 1]))], num_left_out


def _names(index: Index, reason: NDArray[np.object_]) -> dict[int, str]:
    """Give the second spectrum of a name a suffix: to drop a measurement for its name would lose data."""
    kept = np.flatnonzero(reason == KEPT)
    column = index.texts("spectrum_id").take(kept)
    if len(column.unique()) == len(column):
        return {}
    texts = column.to_pylist()
    num, used, names = Counter(texts), set(texts), {}
    seen: Counter[str] = Counter()
    for row, text in zip(kept.tolist(), texts, strict=True):
        if num[text] == 1 or not seen[text]:
            seen[text] = 1
            continue
        while (candidate := f"{text}~{seen[text] + 1}") in used:
            seen[text] += 1
        used.add(candidate)
        seen[text] += 1
        names[row] = candidate
    return names
