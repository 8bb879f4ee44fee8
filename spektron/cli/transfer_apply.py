"""``spektron transfer apply``: new spectra of the child are corrected and predicted."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from spektron.cli.printing import told
from spektron.cli.transfer_printing import print_known, print_lines, print_predictions
from spektron.cli.transfer_read import read_new, together
from spektron.cli.transfer_shared import (
    AxisUnit,
    Decimal,
    Kind,
    Layout,
    Replicates,
    as_ours,
    as_typed,
    remove_figures,
    require_writable,
    showing,
)
from spektron.core.errors import ConfigError

if TYPE_CHECKING:
    from spektron.transfer.model import Applied, ChildFiles

__all__ = ["Apply"]


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
    axis_unit: AxisUnit | None = None
    """Unit of the axis where files state none. This and what follows: else as said when the transfer was made."""
    kind: Kind | None = None
    """What intensities are, whatever files say."""
    replicates: Replicates | None = None
    """What becomes of several spectra of one id."""
    layout: Layout | None = None
    """Of text tables: the axis in the first row, in the first column, or one spectrum a file; auto finds out."""
    decimal: Decimal | None = None
    """Sign of text tables."""

    def run(self) -> int:
        """Make the transfer again, read, correct, predict; 1 where a file could not be read, or nothing be used."""
        from spektron.report import save_figure, write_csv
        from spektron.transfer.model import apply_transfer, load_transfer

        if not self.files:
            raise ConfigError("expected files of spectra, found none", "name one or more, for example FOLDER/*.csv")
        if not 0 < self.confidence < 1:
            raise ConfigError(f"confidence: expected between 0 and 1, found {self.confidence}", "0.9 is usual")
        require_writable(self.out)
        with showing() as doing, as_ours():
            model, said = load_transfer(self.transfer, doing)
            form = self._form(said)
            found = read_new(self.files, model, form)
            samples = together(found, len(model.parts.axis), form.replicates)
            applied = apply_transfer(model, samples, self.confidence, [*found.left_out, *found.unread])
        parts = model.parts
        write_csv(applied.corrected_table(parts.axis, parts.unit), self.out / "corrected.csv")
        remove_figures(self.out, _figures(self.out / "predictions.csv"))
        write_csv(applied.table(), self.out / "predictions.csv")
        for name in applied.predictions if applied.ids else ():
            figure = applied.figure(name)
            save_figure(figure, self.out / "figures" / f"{figure.name}.png")
        print_predictions(applied)
        print_known(applied)
        told(
            _counts(applied, len(found.left_out), len(found.unread)),
            f"{self.out / 'predictions.csv'} (flag, reason), {self.out / 'corrected.csv'}"
            + (f", {self.out / 'figures'}" if applied.ids and applied.predictions else ""),
        )
        return 1 if found.unread or not applied.ids else 0

    def _form(self, said: ChildFiles) -> ChildFiles:
        """How files are to be read: as was said, but for what is said now; what is only remembered is told."""
        now = {
            "axis_unit": self.axis_unit,
            "kind": self.kind,
            "replicates": self.replicates,
            "layout": self.layout,
            "decimal": self.decimal,
        }
        if remembered := [as_typed(f'{name}="{value}"') for name, value in said.remembered(**now).items()]:
            print_lines([f"files are read as when the transfer was made: {' '.join(remembered)}"])
        return said.but(**now)


def _figures(predictions: Path) -> list[str]:
    """Names of the figures that belong to a table of predictions; none where it cannot be read."""
    from spektron.transfer.model.parts import file_names

    try:
        with predictions.open(encoding="utf-8", newline="") as file:
            properties = dict.fromkeys(row["property"] for row in csv.DictReader(file))
    except (OSError, ValueError, KeyError, csv.Error):
        return []
    return [f"predictions_{slug}" for slug in file_names(filter(None, properties)).values()]


def _counts(applied: Applied, left_out: int, unread: int) -> str:
    beyond = sum(int(found.sum()) for found in applied.beyond.values())
    known = int(applied.known.sum())
    return (
        f"{len(applied.ids)} spectra corrected, {len(applied.predictions)} properties predicted; "
        f"{int(applied.flagged.sum())} spectra unlike the calibration's, {beyond} predictions beyond its values, "
        + (f"{known} samples of the calibration set, " if known else "")
        + f"{left_out} spectra left out, {unread} files not read"
    )
