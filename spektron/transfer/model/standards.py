"""Which samples are the standards, as a chemist says it."""

from __future__ import annotations

from pathlib import Path

from spektron.core.errors import ConfigError
from spektron.core.words import some_of
from spektron.datasets import PairedSpectra
from spektron.transfer.model.parts import LEAST_STANDARDS, MEASURE_MORE
from spektron.transfer.selection import KennardStone

__all__ = ["chosen_standards"]

_CHOOSE = "auto:"
# What lists of ids are saved as: such a word is meant as a file.
_LISTS = (".txt", ".csv", ".tsv", ".dat", ".asc", ".lst")
_MOST_BYTES = 1 << 20


def chosen_standards(pairs: PairedSpectra, said: str | None = None) -> tuple[str, ...]:
    """Ids of the standards, among the samples that both instruments measured.

    Parameters
    ----------
    pairs : PairedSpectra
    said : str, optional
        Ids between commas, a text file with an id a line, or ``auto:10`` for Kennard and Stone's choice on the parent's
        spectra. Without it, all samples that both measured.

    Raises
    ------
    ConfigError
        For ids that are not there or not on both, for one twice, and for more than there are.
    """
    if said is None:
        return pairs.ids
    if said.startswith(_CHOOSE):
        return _selected(pairs, said.removeprefix(_CHOOSE))
    ids = _listed(said, pairs)
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise ConfigError(f"standards: expected every id once, found {some_of(twice)} more often")
    if unknown := [name for name in ids if name not in pairs.ids]:
        wrong = {name: f"{note.side}: {why}" for note in pairs.repairs for name, why in note.left_out}
        left_out = [f"{name} ({wrong[name]})" for name in unknown if name in wrong]
        one_side = {*pairs.parent_only.ids, *pairs.child_only.ids}
        on_one = [name for name in unknown if name in one_side and name not in wrong]
        raise ConfigError(
            f"standards: expected samples that both instruments measured, found {some_of(unknown)}"
            + (f"; only one of them measured {some_of(on_one)}" if on_one else "")
            + (f"; left out: {some_of(left_out)}" if left_out else ""),
            f"those on both: {some_of(list(pairs.ids), 10)}",
        )
    return ids


def _selected(pairs: PairedSpectra, number: str) -> tuple[str, ...]:
    if len(pairs.ids) < LEAST_STANDARDS:
        raise ConfigError(
            f"standards: expected at least {LEAST_STANDARDS} samples on both instruments, found {len(pairs.ids)}",
            MEASURE_MORE,
        )
    if not number.isdecimal() or not LEAST_STANDARDS <= int(number) <= len(pairs.ids):
        raise ConfigError(
            f"standards: expected {_CHOOSE} and a number from {LEAST_STANDARDS} to {len(pairs.ids)}, the samples on "
            f"both instruments, found {_CHOOSE}{number}",
            f"for example {_CHOOSE}{min(10, len(pairs.ids))}",
        )
    rows = KennardStone(num_standards=int(number)).fit(pairs.parent).indices_
    return tuple(pairs.ids[row] for row in rows)


def _listed(said: str, pairs: PairedSpectra) -> tuple[str, ...]:
    path = Path(said)
    named_as_file = "/" in said or "\\" in said or path.suffix.lower() in _LISTS
    if "," not in said and said not in pairs.ids and named_as_file and not path.is_file():
        raise ConfigError(
            f"standards: expected ids or a file of them, found no file {said}",
            "look at its name; a file has an id a line, and ids themselves stand between commas",
        )
    if "," not in said and path.is_file():
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"{path}: expected a list of ids, found {path.stat().st_size} bytes")
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        ids = tuple(line.strip() for line in lines if line.strip())
    else:
        ids = tuple(one.strip() for one in said.split(",") if one.strip())
    if not ids:
        raise ConfigError(f"standards: expected ids, found none in {said!r}")
    return ids
