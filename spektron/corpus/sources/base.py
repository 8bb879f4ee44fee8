"""What a corpus source is: something that yields spectra and, by name, everything that could not become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from spektron.spectra.spectrum import Spectrum

__all__ = ["PART_RECORDS", "REJECT_REASONS", "Part", "Reject", "Source", "read_all"]

# Records in a part, about: what one worker reads at a time, and what a killed build reads again. 4096 spectra of 2048
# points are 32 MiB.
PART_RECORDS = 4096

# Every reason there is, and what it means. A reader who meets one in a build report finds it here.
REJECT_REASONS = {
    "ambiguous-layout": "a text table can be read in two ways that give different spectra; a setting says which",
    "ambiguous-modality": "the file names more than one modality and does not say which one this spectrum is",
    "axis-not-finite": "the axis holds NaN or infinities",
    "axis-not-monotonic": "the axis turns back or repeats a position, so that intensities have no single place",
    "constant": "all intensities are the same: nothing was measured",
    "damaged-record": "the record cannot be decoded: cut short, of another notation, or text where numbers belong",
    "duplicate-file": "the same file under a second name: reading it twice would put twins on both sides of a split",
    "gap-inside": "a stretch inside the range was not measured; filling it would invent data",
    "length-mismatch": "axis and intensities differ in length",
    "missing-column": "the file lacks a column that every spectrum needs, or holds another type in it",
    "nan-inside": "intensities are missing between measured ones; filling them would invent data",
    "no-axis": "the publisher gives channel numbers, or nothing, where the axis should be",
    "no-axis-unit": "neither the file nor the README beside it says what the axis is measured in",
    "no-spectrum": "the record holds no spectrum, or none of this modality",
    "not-finite": "an intensity is infinite, or too large for float32",
    "out-of-range": "the axis lies where no instrument of this modality measures: a wrong unit or modality",
    "peaks-only": "the record lists the places of peaks; between them nothing is known, so there is no curve",
    "too-few-points": "fewer measured points than a spectrum needs",
    "too-large": "the record unpacks to far more than any of its kind: refused before it fills the memory",
    "unknown-modality": "the modality is none of those known",
    "unknown-unit": "the unit of the axis is none of those known",
    "unreadable-file": "the file is damaged, truncated, empty, or not what its name says",
    "unsafe-record": "the record is a Python pickle: opening one runs whatever it says, so none is ever opened",
    "unsupported-form": "the record is a table of several variables, or of complex numbers, and not one spectrum",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One spectrum, or one file, that was not taken, and why.

    Attributes
    ----------
    source : str
        As `Spectrum.source`: a source's name, or source and set (``table/openspecy_test_lib``).
    sample_id : str
        The publisher's own name of the spectrum; the file's name where the whole file was refused.
    reason : str
        A key of `REJECT_REASONS`.
    detail : str
        What was expected and what was found.
    """

    source: str
    sample_id: str
    reason: str
    detail: str

    def __post_init__(self) -> None:
        assert self.reason in REJECT_REASONS, f"undocumented reason {self.reason!r}"


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """A run of neighbouring records of a source: what is read by one worker, in one go.

    Plain values, so that it crosses to another machine and means the same there.

    Attributes
    ----------
    file : str
        Name relative to the source's folder, ``/`` between folders; empty where the source has no files, or where the
        records are the (small) files themselves.
    start, stop : int
        First record and the one after the last, counted as the source likes: rows, row groups, entries, files.
    names : str
        Where the records are files: a digest of their names, so that no other files are read in their place.
    """

    file: str
    start: int
    stop: int
    names: str = ""

    def __str__(self) -> str:
        return f"{self.file or 'records'}[{self.start}:{self.stop}]"


@runtime_checkable
class Source(Protocol):
    """A reader of one kind of public or generated data. It crosses to other processes by pickling; it knows no Ray.

    The concatenation of its parts is the source: `read` yields the same items in the same order each time, in whatever
    process and order the parts are read. It holds a bounded number of items at once, and never raises for bad data:
    each record gives one item (one for each modality, where a record holds several), a `Spectrum` or a `Reject`, and
    what of a damaged file cannot be told apart into records gives one `Reject` for the file.
    """

    @property
    def name(self) -> str:
        """A word: ``bundled``, ``chembl``, ``table``."""
        ...

    def parts(self) -> Sequence[Part]:
        """List the parts in the order of the source, each of about `PART_RECORDS` spectra.

        Raises
        ------
        ConfigError
            Where the folder is missing or holds nothing that this source reads.
        """
        ...

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        """Yield every spectrum of a part, kept or refused."""
        ...

    def describe(self) -> dict[str, Any]:
        """Plain values for the manifest.

        Returns
        -------
        dict
            ``name``; ``config``: what bears identity (never a path); ``licences``: ``{set: {"licence": …,
            "citation": …}}``, which does not.
        """
        ...


def read_all(source: Source) -> Iterator[Spectrum | Reject]:
    """Yield every item of a source, one part after the other."""
    for part in source.parts():
        yield from source.read(part)
