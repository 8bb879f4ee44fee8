"""``spektron model``: take a model out of a study, look at it, use it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from spektron.cli.console import console
from spektron.core.errors import ConfigError

__all__ = ["Embed", "Export", "Show"]


@dataclass(frozen=True, kw_only=True)
class Export:
    """Make a model folder of a checkpoint: weights, configuration, trained axis ranges and a card; no code."""

    checkpoint: Annotated[Path, tyro.conf.Positional]
    """A folder step-…, or that of a trial, whose last whole checkpoint is taken."""
    out: Annotated[Path, tyro.conf.Positional]
    """Folder to write."""
    corpus: Path
    """The corpus it was trained on."""
    mlflow: Path | None = None
    """Also write it as an MLflow model to this folder, which must not exist."""

    def run(self) -> int:
        from spektron.corpus import Corpus
        from spektron.pretrain.export import export

        out = console()
        with out.status("reading the checkpoint and the corpus's axes …"):
            model = export(self.checkpoint, Corpus.open(self.corpus))
            model.save_pretrained(self.out)
        out.print(f"{self.out}: {model.dim} numbers a spectrum; look next: {self.out}/README.md", highlight=False)
        if self.mlflow is not None:
            from spektron.serve import save_mlflow_model  # MLflow takes seconds

            with out.status("writing the MLflow model …"):
                save_mlflow_model(self.out, self.mlflow)
            out.print(f"ask it: mlflow models serve -m {self.mlflow} --env-manager local -p 5001", highlight=False)
            out.print("(MLflow starts uvicorn by name: activate the virtual environment first)", highlight=False)
        return 0


@dataclass(frozen=True, kw_only=True)
class Show:
    """Show what a model folder holds, and what it was trained on."""

    folder: Annotated[Path, tyro.conf.Positional]
    """The model."""

    def run(self) -> int:
        from rich.markdown import Markdown

        from spektron.model import Pretrained

        Pretrained.from_pretrained(self.folder)  # whole, and what its configuration says
        card = (self.folder / "README.md").read_text(encoding="utf-8")
        console().print(Markdown(card))
        return 0


@dataclass(frozen=True, kw_only=True)
class Embed:
    """Embed spectra: one row each, with a flag where the axis reaches beyond what the model was trained on."""

    folder: Annotated[Path, tyro.conf.Positional]
    """The model."""
    out: Path
    """Table to write: .parquet or .csv."""
    source: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="SOURCE …")] = ()
    """What to read, as in `spektron corpus build`: table:FOLDER, jcamp:FOLDER, vendor:FOLDER, csv:FOLDER, bundled, …"""

    def run(self) -> int:
        from spektron.cli.embedding import embed_sources

        words = tuple(word for given in self.source for word in given)
        if not words:
            raise ConfigError("expected what to read, found no --source", "for example --source jcamp:FOLDER")
        if self.out.suffix not in (".parquet", ".csv"):
            raise ConfigError(f"--out: expected a name that ends in .parquet or .csv, found {self.out}", "rename it")
        out = console()
        with out.status("reading and embedding …"):
            done, outside, rejects = embed_sources(self.folder, words, self.out)
        out.print(f"{self.out}: {done:,} spectra embedded, {outside:,} beyond the trained range", highlight=False)
        for reason, number in Counter(reject.reason for reject in rejects).most_common():
            first = next(reject for reject in rejects if reject.reason == reason)
            out.print(
                f"  not read: {number:,} {reason}, such as {first.sample_id}: {first.detail}",
                highlight=False,
                markup=False,
            )
        return 0 if done else 1
