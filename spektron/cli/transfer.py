"""``spektron transfer …``: a calibration moves to another instrument; new spectra of it are corrected and predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import tyro

from spektron.cli.printing import printed_console, told
from spektron.cli.transfer_printing import print_comparison, print_lines, print_predictions
from spektron.core.errors import ConfigError, SpectrumError, SpektronError

if TYPE_CHECKING:
    from spektron.datasets import Samples
    from spektron.transfer.model import Expected, TransferModel

__all__ = ["Apply", "Fit"]

_Kind = Literal["absorbance", "transmittance", "reflectance", "arbitrary"]
_T = TypeVar("_T")
_Unit = Literal["nm", "um", "cm-1"]
_Replicates = Literal["refuse", "mean"]
_Layout = Literal["auto", "xy", "rows", "columns"]
_Decimal = Literal["auto", "point", "comma"]


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Make a transfer from two instruments' files: a folder with a report, ready to be applied."""

    parent: Path
    """Spectra of the instrument that holds the calibration: a file or a folder of files."""
    child: Path
    """Spectra of the new instrument."""
    out: Path
    """Folder to write: the transfer, report.html, comparison.csv, figures."""
    reference: Path | None = None
    """Table of laboratory values: an id, then a property a column. Without it spectra are corrected, no more."""
    standards: str | None = None
    """Ids between commas, a file with an id a line, or auto:10 (Kennard and Stone); else all that both measured."""
    property: tuple[str, ...] = ()
    """Columns of the table to predict; all of them without."""
    method: str = "auto"
    """What predicts: auto, or a name such as pds, sg1+difference_ridge or recalibration."""
    correction: Literal["pds", "mean", "ds", "sst", "coral"] = "pds"
    """What corrects spectra."""
    axis_unit: tuple[_Unit, ...] = ()
    """Unit of the axis where files state none: one, or the parent's and the child's."""
    kind: tuple[_Kind, ...] = ()
    """What intensities are, whatever files say: one, or the parent's and the child's."""
    replicates: _Replicates = "refuse"
    """What becomes of several spectra of one id."""
    layout: _Layout = "auto"
    """How text tables lie: a sample a file in two columns (xy), a sample a row or a sample a column."""
    decimal: _Decimal = "auto"
    """Decimal sign of text tables."""
    overwrite: bool = False
    """Replace a transfer that is there."""

    def run(self) -> int:
        """Read, choose, fit, compare, write."""
        from spektron.core.files import write_text
        from spektron.datasets import load_pairs
        from spektron.report import save_figure, study_page
        from spektron.transfer.model import (
            TransferModel,
            TransferParts,
            chosen_standards,
            compare_methods,
            save_transfer,
            transfer_figures,
            transfer_report,
        )
        from spektron.transfer.model.folder import CONFIG, ChildFiles

        something = self.out.exists() and not (self.out.is_dir() and not any(self.out.iterdir()))
        if something and not (self.overwrite and (self.out / CONFIG).exists()):
            raise ConfigError(
                f"expected nothing at {self.out}, found something",
                "name another folder, or replace a transfer that is there with --overwrite",
            )
        units, kinds = _both("axis-unit", self.axis_unit), _both("kind", self.kind)
        pairs = load_pairs(
            self.parent,
            self.child,
            reference=self.reference,
            axis_unit=units,
            kind=kinds,
            replicates=self.replicates,
            layout=self.layout,
            decimal=self.decimal,
        )
        ids = chosen_standards(pairs, self.standards)
        notes = [*pairs.report().splitlines(), f"standards: {len(ids)}: {', '.join(ids)}"]
        print_lines(notes)
        parts = TransferParts.of(pairs, ids, self.property, self.method, self.correction)
        with _doing() as doing, _as_ours():
            model = TransferModel.fit(parts, doing)
            compared: dict[str, list[Expected]] = {}
            for name, found in model.properties.items():
                compared[name] = []
                for one in compare_methods(parts, found):
                    compared[name].append(one)
                    doing(f"{name}: compared with {one.method}")
            doing("report and figures")
            report = transfer_report(model, compared, notes, {"apply": f"spektron transfer apply {self.out} FILES"})
            page = study_page(report)
            save_transfer(model, self.out, ChildFiles(axis_unit=units[1], kind=kinds[1]))
            write_text(self.out / "report.html", page)
            for figure in transfer_figures(model, compared).values():
                save_figure(figure, self.out / "figures" / f"{figure.name}.png")
        print_comparison(model, compared, self.out)
        told(
            report.verdict,
            f"{self.out / 'report.html'}, {self.out / 'figures'}\n"
            f"spektron transfer apply {self.out} FILE … --out predictions",
        )
        return 0


@dataclass(frozen=True, kw_only=True)
class Apply:
    """Correct new spectra of the child and predict from them, with intervals and flags, as tables and figures."""

    transfer: Annotated[Path, tyro.conf.Positional]
    """A folder that `spektron transfer fit` wrote."""
    files: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE …")]
    """Files of spectra, or folders of files."""
    out: Path
    """Folder to write to; files of the same names there are replaced."""
    confidence: float = 0.9
    """Share of new samples whose value is to lie in its interval."""
    axis_unit: _Unit | None = None
    """Unit of the axis where files state none; else what was said when the transfer was made."""
    kind: _Kind | None = None
    """What intensities are, whatever files say; else what was said when the transfer was made."""
    replicates: _Replicates = "refuse"
    """What becomes of several spectra of one id."""
    layout: _Layout = "auto"
    """How text tables lie: a sample a file in two columns (xy), a sample a row or a sample a column."""
    decimal: _Decimal = "auto"
    """Decimal sign of text tables."""

    def run(self) -> int:
        """Make the transfer again, check it, read, correct, predict; 1 where a file could not be read."""
        from spektron.report import save_figure, write_csv
        from spektron.transfer.model import apply_transfer, load_transfer

        if not self.files:
            raise ConfigError("expected files of spectra, found none", "name one or more, for example FOLDER/*.csv")
        if not 0 < self.confidence < 1:
            raise ConfigError(f"confidence: expected between 0 and 1, found {self.confidence}", "0.9 is usual")
        with _doing() as doing, _as_ours():
            model, said = load_transfer(self.transfer, doing)
            samples, refused = self._read(model, self.axis_unit or said.axis_unit, self.kind or said.kind)
            applied = apply_transfer(model, samples, self.confidence)
        parts = model.parts
        write_csv(applied.corrected_table(parts.axis, parts.unit), self.out / "corrected.csv")
        write_csv(applied.table(), self.out / "predictions.csv")
        for name in applied.predictions:
            figure = applied.figure(name)
            save_figure(figure, self.out / "figures" / f"{figure.name}.png")
        if seen := [name for name in samples.ids if name in {*parts.calibration_ids}]:
            print_lines([f"{len(seen)} of these samples are in the calibration set: predicting them is no test"])
        print_predictions(applied)
        strange = int(applied.flagged.sum())
        told(
            f"{len(samples.ids)} spectra corrected, {len(applied.predictions)} properties predicted; {strange} spectra "
            f"unlike the calibration's, {refused} files not read",
            f"{self.out / 'predictions.csv'} (flag, reason), {self.out / 'corrected.csv'}, {self.out / 'figures'}",
        )
        return 1 if refused else 0

    def _read(self, model: TransferModel, axis_unit: str | None, kind: str | None) -> tuple[Samples, int]:
        import numpy as np

        from spektron.datasets import Samples, load_spectra

        read: list[Samples] = []
        refused = 0
        for path in self.files:
            try:
                found, repairs = load_spectra(
                    path,
                    model.parts.axis,
                    "nm" if model.parts.unit == "nm" else "cm-1",
                    axis_unit=axis_unit,
                    kind=next((one for one in _kinds() if one == kind), None),
                    replicates=self.replicates,
                    layout=self.layout,
                    decimal=self.decimal,
                )
            except (SpektronError, OSError) as error:
                refused += 1
                print_lines([f"not read: {path}: {error}"])
                continue
            read.append(found)
            print_lines([f"{path}: {repair}" for repair in repairs])
        if not read:
            raise SpectrumError(f"expected spectra in {len(self.files)} files, found none that could be read")
        ids = tuple(name for one in read for name in one.ids)
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise SpectrumError(
                f"expected every sample in one file, found {', '.join(twice[:5])} in several",
                "name each file once, and give samples names of their own",
            )
        return Samples(ids=ids, spectra=np.vstack([one.spectra for one in read])), refused


def _kinds() -> tuple[_Kind, ...]:
    return ("absorbance", "transmittance", "reflectance", "arbitrary")


def _both(name: str, said: tuple[_T, ...]) -> tuple[_T | None, _T | None]:
    if len(said) > 2:
        raise ConfigError(f"{name}: expected one, or the parent's and the child's, found {len(said)}")
    return (said[0], said[-1]) if said else (None, None)


@contextmanager
def _doing() -> Iterator[Callable[[str], None]]:
    console = printed_console()
    with console.status("reading") as status:
        yield lambda what: status.update(what)


@contextmanager
def _as_ours() -> Iterator[None]:
    """What a method says of data that it cannot use is said to the user, not as a bug."""
    try:
        yield
    except SpektronError:
        raise
    except ValueError as error:
        raise SpectrumError(str(error), "see what was read, above") from error
