"""``spektron transfer apply``: new spectra of the child are corrected and predicted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import tyro

from spektron.cli.printing import told
from spektron.cli.transfer_printing import print_lines, print_predictions
from spektron.cli.transfer_shared import AxisUnit, Decimal, Kind, Layout, Replicates, as_ours, showing
from spektron.core.errors import ConfigError, SpectrumError, SpektronError

if TYPE_CHECKING:
    from spektron.datasets import Samples
    from spektron.transfer.model import Applied, TransferModel

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
    """Unit of the axis where files state none; else what was said when the transfer was made."""
    kind: Kind | None = None
    """What intensities are, whatever files say; else what was said when the transfer was made."""
    replicates: Replicates = "refuse"
    """What becomes of several spectra of one id."""
    layout: Layout = "auto"
    """Of text tables: the axis in the first row, in the first column, or one spectrum a file; auto finds out."""
    decimal: Decimal = "auto"
    """Sign of text tables."""

    def run(self) -> int:
        """Make the transfer again, check it, read, correct, predict; 1 where a file could not be read."""
        from spektron.report import save_figure, write_csv
        from spektron.transfer.model import apply_transfer, load_transfer

        if not self.files:
            raise ConfigError("expected files of spectra, found none", "name one or more, for example FOLDER/*.csv")
        if not 0 < self.confidence < 1:
            raise ConfigError(f"confidence: expected between 0 and 1, found {self.confidence}", "0.9 is usual")
        with showing() as doing, as_ours():
            model, said = load_transfer(self.transfer, doing)
            samples, left_out, refused = self._read(model, self.axis_unit or said.axis_unit, self.kind or said.kind)
            applied = apply_transfer(model, samples, self.confidence, [*left_out, *refused])
        parts = model.parts
        write_csv(applied.corrected_table(parts.axis, parts.unit), self.out / "corrected.csv")
        write_csv(applied.table(), self.out / "predictions.csv")
        for name in applied.predictions:
            figure = applied.figure(name)
            save_figure(figure, self.out / "figures" / f"{figure.name}.png")
        if seen := [name for name in samples.ids if name in {*parts.calibration_ids}]:
            print_lines([f"{len(seen)} of these samples are in the calibration set: predicting them is no test"])
        print_predictions(applied)
        told(
            _counts(applied, len(left_out), len(refused)),
            f"{self.out / 'predictions.csv'} (flag, reason), {self.out / 'corrected.csv'}, {self.out / 'figures'}",
        )
        return 1 if refused else 0

    def _read(
        self, model: TransferModel, axis_unit: str | None, kind: str | None
    ) -> tuple[Samples, list[tuple[str, str]], list[tuple[str, str]]]:
        """Samples; those that cannot be used, and files that cannot be read, each with what is wrong."""
        import numpy as np

        from spektron.datasets import Samples, load_spectra

        read: list[Samples] = []
        left_out: list[tuple[str, str]] = []
        refused: list[tuple[str, str]] = []
        for path in self.files:
            try:
                found, repairs = load_spectra(
                    path,
                    model.parts.axis,
                    "nm" if model.parts.unit == "nm" else "cm-1",
                    axis_unit=axis_unit,
                    kind=next((one for one in get_args(Kind) if one == kind), None),
                    replicates=self.replicates,
                    layout=self.layout,
                    decimal=self.decimal,
                )
            except (SpektronError, OSError) as error:
                refused.append((path.name, error.message if isinstance(error, SpektronError) else str(error)))
                print_lines([f"not read: {path}: {error}"])
                continue
            read.append(found)
            left_out += [one for repair in repairs for one in repair.left_out]
            print_lines([f"{path}: {repair}" for repair in repairs])
        if not read:
            raise SpectrumError(f"expected spectra in {len(self.files)} files, found none that could be read")
        ids = tuple(name for one in read for name in one.ids)
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise SpectrumError(
                f"expected every sample in one file, found {', '.join(twice[:5])} in several",
                "name each file once, and give samples names of their own",
            )
        return Samples(ids=ids, spectra=np.vstack([one.spectra for one in read])), left_out, refused


def _counts(applied: Applied, left_out: int, refused: int) -> str:
    beyond = sum(int(found.sum()) for found in applied.beyond.values())
    return (
        f"{len(applied.ids)} spectra corrected, {len(applied.predictions)} properties predicted; "
        f"{int(applied.flagged.sum())} spectra unlike the calibration's, {beyond} predictions beyond its values, "
        f"{left_out} spectra left out, {refused} files not read"
    )
