"""``spektron model …``: a checkpoint becomes a folder; a folder is shown, asked for embeddings, packed to be served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from spektron.cli.printing import plain, printed_console, told
from spektron.core.errors import ConfigError, SpectrumError

if TYPE_CHECKING:
    from spektron.model import Embedding
    from spektron.spectra import Spectrum

__all__ = ["Embed", "Export", "Package", "Show"]

_Folder = Annotated[Path, tyro.conf.Positional]


@dataclass(frozen=True, kw_only=True)
class Export:
    """Make a model folder of a checkpoint: weights, the axes they know, what they were trained on, a card."""

    checkpoint: _Folder
    """A folder step-…, or the run's folder that holds them (its last whole one is taken)."""
    folder: _Folder
    """Where the model shall lie."""
    corpus: str
    """The corpus that it was trained on: a folder or its address."""
    overwrite: bool = False
    """Replace a model that is there."""

    def run(self) -> int:
        """Export, and say where to look."""
        from spektron.corpus import Corpus
        from spektron.pretrain.export import export_model

        if self.folder.exists() and not (self.overwrite and (self.folder / "config.json").exists()):
            raise ConfigError(
                f"expected nothing at {self.folder}, found something",
                "name another folder, or replace a model that is there with --overwrite",
            )
        model = export_model(self.checkpoint, Corpus.open(self.corpus))
        model.save_pretrained(self.folder)
        about = model.about
        told(
            f"{self.folder}: step {about['steps']:,} of {about['steps_planned']:,}, trained on "
            f"{about['training_spectra']:,} spectra of {about['corpus']}",
            f"{self.folder / 'README.md'}, spektron model show {self.folder}, "
            f"spektron model embed {self.folder} FILE … --out embeddings.csv",
        )
        return 0


@dataclass(frozen=True, kw_only=True)
class Show:
    """Show a model: what it is made of, what it was trained on, which axes it knows. Weights are checked."""

    folder: _Folder
    """The model."""

    def run(self) -> int:
        """Check and print."""
        from spektron.model import Pretrained, num_parameters
        from spektron.report import Column, Table, render_table

        found = Pretrained.from_pretrained(self.folder)
        encoder = found.model.encoder.config
        facts = {
            "parameters": f"{num_parameters(found.model):,}",
            "embedding": f"{found.dim} numbers",
            "encoder": f"{encoder.layers} blocks × {encoder.dim} × {encoder.heads} heads over windows "
            f"{', '.join(encoder.scales)}, merged by {encoder.merge}",
        }
        for name, value in found.about.items():
            if name != "pretraining":
                inner = value.items() if isinstance(value, dict) else ((name, value),)
                facts |= {plain(key): plain(f"{v:.4g}" if isinstance(v, float) else str(v)) for key, v in inner}
        known = Table(
            title=f"Model {self.folder}",
            columns=(Column("what", ""), Column("value", "")),
            rows=tuple({"what": name, "value": value} for name, value in facts.items()),
        )
        axes = Table(
            title="Trained on",
            columns=(Column("modality", "Modality"), Column("low", "From", "cm⁻¹"), Column("high", "To", "cm⁻¹")),
            rows=tuple(
                {"modality": name, "low": float(round(low)), "high": float(round(high))}
                for name, (low, high) in found.trained_axis_cm1.items()
            ),
        )
        console = printed_console()
        console.print(render_table(known))
        console.print(render_table(axes))
        told(
            "weights and configuration are whole",
            f"{self.folder / 'README.md'} for every setting, spektron model embed {self.folder} FILE … --out "
            f"embeddings.csv, spektron model package {self.folder} OUT to serve it",
        )
        return 0


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Embed spectra of files: JCAMP-DX, text tables, Bruker OPUS, SPC, WiRE; one row of CSV for each spectrum."""

    folder: _Folder
    """The model."""
    files: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FILE …")]
    """Files of spectra."""
    out: Path
    """CSV to write: file, spectrum, modality, axis, whether it lies outside the trained range, embedding."""
    modality: Literal["IR", "RAMAN", "NIR"] | None = None
    """Modality where a file states none."""
    x_unit: str | None = None
    """Unit of the axis where a text table states none: cm-1, nm or um."""
    intensity_unit: str | None = None
    """What intensities are where a text table states nothing: absorbance, %T, reflectance, counts, …"""

    def run(self) -> int:
        """Read, embed, write; 1 where a spectrum could not be read, and the others are there all the same."""
        from spektron.cli.printing import told_outside
        from spektron.corpus.one_file import read_file
        from spektron.corpus.sources.base import Reject
        from spektron.model import Pretrained
        from spektron.report import write_csv
        from spektron.spectra.spectrum import SpectrumBatch

        if not self.files:
            raise ConfigError("expected files of spectra, found none", "name one or more, for example FOLDER/*.jdx")
        stated = {"modality": self.modality, "x_unit": self.x_unit, "intensity_unit": self.intensity_unit}
        given = {name: text for name, text in stated.items() if text is not None}
        model = Pretrained.from_pretrained(self.folder)
        items = [(path, item) for path in self.files for item in read_file(path, given)]
        refused = [(path, item) for path, item in items if isinstance(item, Reject)]
        kept = [(path, item) for path, item in items if not isinstance(item, Reject)]
        console = printed_console()
        for path, reject in refused:
            text = f"not read: {path}: {reject.sample_id}: {reject.reason}: {reject.detail}"
            console.print(plain(text), style="yellow", markup=False, highlight=False, soft_wrap=True)
        if not kept:
            raise SpectrumError(
                f"expected a spectrum in {len(self.files)} files, found none that could be read",
                "what each lacks is said above; --modality, --x-unit and --intensity-unit state what files do not",
            )
        with told_outside(console):
            found = model.embed(SpectrumBatch.of([spectrum for _, spectrum in kept]))
        write_csv(_table(kept, found), self.out)
        told(
            f"{len(kept):,} spectra of {len(self.files):,} files in {self.out}, {int(found.outside.sum()):,} outside "
            f"the trained range, {len(refused):,} not read",
            f"the columns e0 to e{model.dim - 1} of {self.out}; the column outside says which rows to trust less",
        )
        return 1 if refused else 0


@dataclass(frozen=True, kw_only=True)
class Package:
    """Pack a model as an MLflow model, which `mlflow models serve` answers with."""

    folder: _Folder
    """The model."""
    out: _Folder
    """Folder to make."""

    def run(self) -> int:
        """Pack, and say how to serve."""
        from spektron.serve.save import save_mlflow_model

        save_mlflow_model(self.folder, self.out)
        told(
            f"{self.out}: an MLflow model with signature and input example; serve it where Spektron is installed",
            f"mlflow models serve -m {self.out} --env-manager local --host 127.0.0.1 --port 5001\n"
            "curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' "
            f"-d @{self.out}/serving_input_example.json",
        )
        return 0


def _table(kept: list[tuple[Path, Spectrum]], found: Embedding) -> Any:
    from spektron.report import Column, Table

    names = ("file", "spectrum", "modality", "wavenumber_start_cm1", "wavenumber_stop_cm1", "outside")
    columns = (*names, *(f"e{place}" for place in range(found.values.shape[1])))
    rows = []
    for (path, spectrum), outside, values in zip(kept, found.outside.tolist(), found.values, strict=True):
        facts = (str(path), spectrum.spectrum_id, spectrum.modality)
        # The shortest text that is this float32 again.
        numbers = (str(value) for value in values)
        ends = (spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1)
        rows.append(dict(zip(columns, (*facts, *ends, outside, *numbers), strict=True)))
    return Table(title="Embeddings", columns=tuple(Column(name, name) for name in columns), rows=tuple(rows))
