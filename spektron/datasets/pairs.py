"""A chemist's own two instruments: their files in, the same samples on one axis out, and what was mended told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np

from spektron.core.errors import ConfigError
from spektron.corpus.sources._csv.layout import Layout
from spektron.corpus.sources._csv.text import Decimal
from spektron.datasets._pairs.agreement import require_pairs, tell_agreement
from spektron.datasets._pairs.axis import Array, Unit, converted, curves_of, on_one_axis
from spektron.datasets._pairs.clean import Instrument, Replicates, cleaned, covering, without_copies
from spektron.datasets._pairs.kind import KINDS, Kind, as_absorbance
from spektron.datasets._pairs.overlap import on_channels, overlap_of, resampled
from spektron.datasets._pairs.reading import FileForm, read_instrument
from spektron.datasets._pairs.references import References, read_references
from spektron.datasets._pairs.repairs import NothingUsable, Repair, Repairs, named
from spektron.datasets.paired_spectra import PairedSpectra, Samples

__all__ = ["NothingUsable", "load_pairs", "load_spectra"]

_T = TypeVar("_T")


def load_pairs(
    parent: str | Path,
    child: str | Path,
    *,
    reference: str | Path | None = None,
    axis_unit: str | tuple[str | None, str | None] | None = None,
    kind: Kind | tuple[Kind | None, Kind | None] | None = None,
    replicates: Replicates = "refuse",
    layout: Layout | Literal["auto"] = "auto",
    decimal: Decimal | Literal["auto"] = "auto",
) -> PairedSpectra:
    """Read the files of two instruments and bring the child's spectra to the parent's axis.

    Samples are matched by id: the name of a row or column in wide tables, else the file's, without its ending.

    Parameters
    ----------
    parent, child : path
        A file, or a folder of files: text tables (wide, or one sample a file in two columns), JCAMP-DX, Parquet.
    reference : path, optional
        A table of laboratory values: an id, then a property a column.
    axis_unit : str, optional
        ``nm``, ``um`` or ``cm-1`` where files state none; two of them for parent and child.
    kind : str, optional
        ``absorbance``, ``transmittance``, ``reflectance`` or ``arbitrary``, whatever files say; two for parent and
        child. Shares of light become absorbance.
    replicates : {"refuse", "mean"}
        What becomes of several spectra of one id.
    layout, decimal : str
        Of text tables where it cannot be told.

    Raises
    ------
    ConfigError
        Where something has to be said first: the unit of an axis, the kind of intensities.
    SpectrumError
        Where nothing can be read, or spectra cannot be paired: no range or no sample in common, several spectra of one
        id, the very same spectra on both, or nothing but missing values.
    """
    units, kinds = _each(axis_unit), _each(kind)
    _require_known(kinds, replicates)
    if Path(parent).resolve() == Path(child).resolve():
        raise ConfigError(
            f"expected the files of two instruments, found {parent} for both", "give the child's own file or folder"
        )
    form = FileForm(layout=layout, decimal=decimal)
    table = None if reference is None else Path(reference)
    notes = Repairs("parent"), Repairs("child"), Repairs("both"), Repairs("reference")
    ours = _instrument(Path(parent), form, units[0], kinds[0], replicates, notes[0], table)
    theirs = _instrument(Path(child), form, units[1], kinds[1], replicates, notes[1], table)
    values = References() if table is None else read_references(table, notes[3])
    both, leave = notes[2], without_copies(ours, theirs, notes[2])
    overlap, channels = overlap_of(ours, theirs, both)
    axis = ours.axis[channels]
    on_parent = _chosen(ours.ids, ours.spectra[:, channels], leave)
    on_child = _chosen(theirs.ids, resampled(theirs.axis, theirs.unit, theirs.spectra, axis, ours.unit), leave)
    ids = tuple(name for name in on_parent if name in on_child)
    require_pairs(ids, on_parent, on_child, both)
    values.tell([*on_parent, *(name for name in on_child if name not in on_parent)], notes[3])
    pair = (np.array([on_parent[name] for name in ids]), np.array([on_child[name] for name in ids]))
    tell_agreement(ids, *pair, both)
    only = [_left(side, set(ids), values, len(axis)) for side in (on_parent, on_child)]
    for note, samples in zip(notes, only, strict=False):
        note.note("samples that the other instrument did not measure", len(samples.ids), named(samples.ids))
    return PairedSpectra(
        ids=ids,
        parent=pair[0],
        child=pair[1],
        axis=axis,
        unit=ours.unit,
        overlap=overlap,
        references=values.of(ids),
        parent_only=only[0],
        child_only=only[1],
        repairs=tuple(repair for note in notes for repair in note),
    )


def load_spectra(
    path: str | Path,
    axis: Array,
    unit: Unit,
    *,
    axis_unit: str | None = None,
    kind: Kind | None = None,
    replicates: Replicates = "refuse",
    layout: Layout | Literal["auto"] = "auto",
    decimal: Decimal | Literal["auto"] = "auto",
) -> tuple[Samples, tuple[Repair, ...]]:
    """Read new files of the child onto an axis that is given: those of samples to predict.

    Channels are not judged by how samples differ, as `load_pairs` does: it may be one sample. A spectrum that cannot
    be used, or has a gap where the axis has channels, is left out and named, with what is wrong, in a repair's
    `left_out`.

    Parameters
    ----------
    path, axis_unit, kind, replicates, layout, decimal
        As in `load_pairs`.
    axis : ndarray, shape (channels,)
        Ascending, in `unit`.
    unit : {"nm", "cm-1"}

    Raises
    ------
    ConfigError, SpectrumError
        As `load_pairs` does, and for an axis that does not ascend or is in another unit.
    NothingUsable
        Where no spectrum can be used; its `repairs` name them all.
    """
    _require_known((kind,), replicates)
    _require_axis(axis, unit)
    notes = Repairs("child")
    form = FileForm(layout=layout, decimal=decimal)
    found = _instrument(Path(path), form, axis_unit, kind, replicates, notes, None, needed=(axis, unit))
    theirs = np.sort(converted(found.axis, found.unit, unit))
    if not on_channels(theirs, axis):
        notes.note(
            f"spectra resampled onto {len(axis)} channels from {axis[0]:.6g} to {axis[-1]:.6g} {unit}",
            len(found.ids),
            f"measured on {len(theirs)} from {theirs[0]:.6g} to {theirs[-1]:.6g} {unit}",
        )
    spectra = resampled(found.axis, found.unit, found.spectra, axis, unit)
    return Samples(ids=found.ids, spectra=spectra), tuple(notes)


def _instrument(
    path: Path,
    form: FileForm,
    axis_unit: str | None,
    kind: Kind | None,
    replicates: Replicates,
    repairs: Repairs,
    table: Path | None,
    needed: tuple[Array, Unit] | None = None,
) -> Instrument:
    raw = read_instrument(path, form, repairs, leave_out=table)
    curves, unit = curves_of(raw, axis_unit, repairs)
    channels = None if needed is None else np.sort(converted(*needed, unit))
    # Before the axes are made one: it may be the usual one that has a gap.
    curves = curves if channels is None else covering(curves, unit, channels, repairs)
    ids, axis, spectra = on_one_axis(curves, unit, repairs)
    stated = list({spectrum.intensity_unit: spectrum.where for spectrum in raw}.items())
    measured = np.isfinite(spectra)
    spectra = as_absorbance(spectra, converted(axis, unit, "nm"), stated, kind, repairs)
    dark = "" if np.isfinite(spectra[measured]).all() else f'kind="{kind}"' if kind else "the kind that files state"
    if channels is not None:  # after light became absorbance: where none came through, there is none
        curves = covering(
            [(name, axis, y) for name, y in zip(ids, spectra, strict=True)], unit, channels, repairs, dark
        )
        ids, spectra = [name for name, _, _ in curves], np.array([y for _, _, y in curves])
        if on_channels(axis, channels):  # others are not used, and may be blank
            axis, spectra = channels, resampled(axis, unit, spectra, channels, unit)
    return cleaned(ids, axis, unit, spectra, replicates, repairs, judge_channels=needed is None)


def _require_known(kinds: tuple[str | None, ...], replicates: str) -> None:
    if unknown := [one for one in kinds if one is not None and one not in KINDS]:
        raise ConfigError(f"kind: expected one of {', '.join(KINDS)}, found {unknown[0]!r}")
    if replicates not in ("refuse", "mean"):
        raise ConfigError(f'replicates: expected "refuse" or "mean", found {replicates!r}')


def _require_axis(axis: Array, unit: str) -> None:
    if unit not in ("nm", "cm-1"):
        raise ConfigError(f'unit: expected "nm" or "cm-1", found {unit!r}', "files may be in others; the axis is not")
    if axis.ndim != 1 or len(axis) < 2 or not np.isfinite(axis).all() or axis[0] <= 0 or not (np.diff(axis) > 0).all():
        raise ConfigError(
            "axis: expected two or more positions above 0 that ascend, found others",
            "turn a descending axis round, and spectra with it",
        )


def _each(value: _T | tuple[_T, _T]) -> tuple[_T, _T]:
    return value if isinstance(value, tuple) else (value, value)


def _chosen(ids: tuple[str, ...], spectra: Array, leave: set[str]) -> dict[str, Array]:
    return {name: values for name, values in zip(ids, spectra, strict=True) if name not in leave}


def _left(side: Mapping[str, Array], paired: set[str], values: References, num_channels: int) -> Samples:
    ids = tuple(name for name in side if name not in paired)
    spectra = np.array([side[name] for name in ids]).reshape(len(ids), num_channels)
    return Samples(ids=ids, spectra=spectra, references=values.of(ids))
