"""``spektron transfer fit``: a calibration moves to another instrument."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from spektron.cli.printing import told
from spektron.cli.transfer_printing import print_comparison, print_lines
from spektron.cli.transfer_shared import (
    AxisUnit,
    Decimal,
    Kind,
    Layout,
    Replicates,
    as_ours,
    remove_figures,
    require_writable,
    showing,
)
from spektron.core.errors import ConfigError

if TYPE_CHECKING:
    from spektron.transfer.model import Expected

__all__ = ["Fit"]

_T = TypeVar("_T")


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
    """Table of laboratory values: an id, then a property a column; or the parent's own table, where it has them before
    its channels. Without it spectra are corrected, no more."""
    standards: str | None = None
    """Ids between commas, a file with an id a line, or auto:10 (Kennard and Stone); else all that both measured."""
    property: tuple[str, ...] = ()
    """Columns of the table to predict; all of them without."""
    method: str = "auto"
    """What predicts: auto, or a name such as pds, sg1+difference_ridge or recalibration."""
    correction: Literal["pds", "mean", "ds", "sst", "coral"] = "pds"
    """What corrects spectra."""
    axis_unit: tuple[AxisUnit, ...] = ()
    """Unit of the axis where files state none: one, or the parent's and the child's."""
    kind: tuple[Kind, ...] = ()
    """What intensities are, whatever files say: one, or the parent's and the child's."""
    replicates: Replicates = "refuse"
    """What becomes of several spectra of one id."""
    layout: Layout = "auto"
    """Of text tables: the axis in the first row, in the first column, or one spectrum a file; auto finds out."""
    decimal: Decimal = "auto"
    """Sign of text tables."""
    overwrite: bool = False
    """Replace a transfer that is there."""

    def run(self) -> int:
        """Read, choose, fit, compare, write."""
        from spektron.core.files import write_text
        from spektron.datasets import load_pairs
        from spektron.report import save_figure, study_page
        from spektron.transfer.model import (
            ChildFiles,
            TransferModel,
            TransferParts,
            chosen_standards,
            compare_methods,
            save_transfer,
            transfer_figures,
            transfer_report,
        )
        from spektron.transfer.model.folder import CONFIG

        something = self.out.exists() and not (self.out.is_dir() and not any(self.out.iterdir()))
        if something and not (self.overwrite and (self.out / CONFIG).exists()):
            raise ConfigError(
                f"expected nothing at {self.out}, found something",
                "name another folder, or replace a transfer that is there with --overwrite",
            )
        require_writable(self.out)
        units, kinds = _both("axis-unit", self.axis_unit), _both("kind", self.kind)
        with as_ours():
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
        print_lines(read := pairs.report().splitlines())
        with as_ours():
            ids = chosen_standards(pairs, self.standards)
        print_lines([chosen := f"standards: {len(ids)}: {', '.join(ids)}"])
        parts = TransferParts.of(pairs, ids, self.property, self.method, self.correction)
        apply = f"spektron transfer apply {self.out} FILE … --out predictions"
        with showing() as doing, as_ours():
            model = TransferModel.fit(parts, doing)
            compared: dict[str, list[Expected]] = {}
            for name, found in model.properties.items():
                compared[name] = []
                for one in compare_methods(parts, found):
                    compared[name].append(one)
                    doing(f"{name}: compared with {one.method}")
            doing("report and figures")
            report = transfer_report(model, compared, [*read, chosen, *(remarks := model.remarks())], {"apply": apply})
            page = study_page(report)
            files = ChildFiles(
                axis_unit=units[1],
                kind=kinds[1],
                replicates=self.replicates,
                layout=self.layout,
                decimal=self.decimal,
            )
            if something:  # what the new one may not write again
                remove_figures(self.out, _figures(self.out / CONFIG))
                (self.out / "comparison.csv").unlink(missing_ok=True)
            save_transfer(model, self.out, files)
            write_text(self.out / "report.html", page)
            for figure in transfer_figures(model, compared).values():
                save_figure(figure, self.out / "figures" / f"{figure.name}.png")
        print_lines(remarks)
        print_comparison(model, compared, self.out)
        told(report.verdict, f"{self.out / 'report.html'}, {self.out / 'figures'}\n{apply}")
        return 0


def _figures(config: Path) -> list[str]:
    """Names of the figures that belong to a transfer's settings; none where they cannot be read."""
    from spektron.transfer.model.parts import file_names

    try:
        properties = [str(name) for name in json.loads(config.read_text(encoding="utf-8"))["properties"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    kinds = ("expected", "left_out")
    return ["differences", "spectra", *(f"{kind}_{slug}" for slug in file_names(properties).values() for kind in kinds)]


def _both(name: str, said: tuple[_T, ...]) -> tuple[_T | None, _T | None]:
    if len(said) > 2:
        raise ConfigError(f"{name}: expected one, or the parent's and the child's, found {len(said)}")
    return (said[0], said[-1]) if said else (None, None)
