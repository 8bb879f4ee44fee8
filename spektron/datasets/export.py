"""A public set as the files a chemist would have: what the commands are shown with, and tried on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spektron.core.errors import ConfigError
from spektron.core.files import write_text
from spektron.datasets.instrument_set import InstrumentSet
from spektron.datasets.splits import Rows, Split

__all__ = ["PairFiles", "sample_ids", "write_pairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFiles:
    """What was written.

    Attributes
    ----------
    parent, child : Path
        Wide tables: a sample a row, wavelengths in the first one.
    reference : Path
        An id and every property, for the samples of `parent`.
    new : Path or None
        Spectra of test samples on the child.
    standards : Path or None
        Ids of the standards, one a line.
    """

    parent: Path
    child: Path
    reference: Path
    new: Path | None = None
    standards: Path | None = None


def sample_ids(instruments: InstrumentSet) -> tuple[str, ...]:
    """Name the samples, in the order of the rows: ``corn-01``, ``corn-02`` and so on."""
    digits = len(str(instruments.num_samples))
    return tuple(f"{instruments.name}-{row + 1:0{digits}d}" for row in range(instruments.num_samples))


def write_pairs(
    instruments: InstrumentSet,
    parent: str,
    child: str,
    folder: str | Path,
    *,
    split: Split | None = None,
    num_standards: int = 10,
) -> PairFiles:
    """Write two instruments of a set as CSV files that `load_pairs` reads to the very same numbers.

    Without a split, all samples are on both instruments. With one it is the chemist's situation: the parent measured
    its calibration samples, the child the standards among them, and later samples nobody knows, in another file.

    Parameters
    ----------
    instruments : InstrumentSet
    parent, child : str
        Two of its instruments.
    folder : path
        Made where it is not there; files in it of the names that are written are somebody's, and never replaced.
    split : Split, optional
    num_standards : int
        The first so many of the split's.

    Raises
    ------
    ConfigError
        For an instrument that the set does not have, one as both, or a folder that holds any of the files.
    """
    if unknown := {parent, child} - set(instruments.instruments):
        raise ConfigError(f"expected two of {', '.join(instruments.instruments)}, found {', '.join(sorted(unknown))}")
    if parent == child:
        raise ConfigError(f"expected two instruments, found {parent} as both")
    out, rows = Path(folder), np.arange(instruments.num_samples)
    on_parent = rows if split is None else np.sort(split.calibration)
    on_child = rows if split is None else split.standards_of(parent, num_standards)
    files = PairFiles(
        parent=out / "parent.csv",
        child=out / "child.csv",
        reference=out / "reference.csv",
        new=None if split is None else out / "new.csv",
        standards=None if split is None else out / "standards.txt",
    )
    _refuse_to_replace(files)
    write_text(files.parent, _wide(instruments, parent, on_parent))
    write_text(files.child, _wide(instruments, child, on_child))
    write_text(files.reference, _references(instruments, on_parent))
    if split is not None and files.new is not None and files.standards is not None:
        write_text(files.new, _wide(instruments, child, split.test))
        write_text(files.standards, "".join(f"{sample_ids(instruments)[row]}\n" for row in on_child))
    return files


def _refuse_to_replace(files: PairFiles) -> None:
    wanted = (files.parent, files.child, files.reference, files.new, files.standards)
    if there := [path.name for path in wanted if path is not None and (path.exists() or path.is_symlink())]:
        raise ConfigError(
            f"{files.parent.parent}: expected a folder without files of these names, found {', '.join(there)}",
            "name another folder, or move them away",
        )


def _wide(instruments: InstrumentSet, instrument: str, rows: Rows) -> str:
    ids, spectra = sample_ids(instruments), instruments.spectra[instrument]
    lines = [",".join(["wavelength (nm)", *(f"{x:g}" for x in instruments.wavelength_nm.tolist())])]
    # `repr` is the shortest text that is this number again.
    lines += [",".join([ids[row], *map(repr, spectra[row].tolist())]) for row in rows]
    return "\n".join(lines) + "\n"


def _references(instruments: InstrumentSet, rows: Rows) -> str:
    ids, values = sample_ids(instruments), instruments.reference
    lines = [",".join(["id", *values])]
    lines += [",".join([ids[row], *(repr(float(column[row])) for column in values.values())]) for row in rows]
    return "\n".join(lines) + "\n"
