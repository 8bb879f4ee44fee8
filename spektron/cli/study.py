"""``spektron study`` and ``spektron replay``: run studies, and look closely at a step that failed."""

from __future__ import annotations

import runpy
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Annotated, Any

import tyro

from spektron.cli.printing import printed_console
from spektron.core.errors import ConfigError
from spektron.core.words import some_of
from spektron.study.command import RunOptions, run_study
from spektron.study.study import Study

__all__ = ["List", "ReplayStep", "Run"]


@dataclass(frozen=True, kw_only=True)
class Run(RunOptions):
    """Run a study of the studies/ folder."""

    study: Annotated[str, tyro.conf.Positional]
    """Its name (corpus_scaling), or the path of its file."""

    def run(self) -> int:
        return run_study(_load_study(self.study), self)


@dataclass(frozen=True, kw_only=True)
class List:
    """List the studies there are."""

    def run(self) -> int:
        out = printed_console()
        paths = sorted(Path("studies").glob("*.py"))
        if not paths:
            raise ConfigError(
                f"expected studies in {Path('studies').absolute()}, found none", "run this from the project's folder"
            )
        for path in paths:
            study = _load_study(str(path))
            out.print(f"[bold]{path.stem}[/]  {study.question}")
        return 0


@dataclass(frozen=True, kw_only=True)
class ReplayStep:
    """Take a step again that diverged, from the checkpoint before, and say where the first number was lost."""

    record: Annotated[Path, tyro.conf.Positional]
    """diverged-step-….json in a trial's checkpoint folder; the error of the trial names it."""
    corpus: Path
    """Folder of the corpus that the trial was trained on."""
    device: str = "cpu"
    """Where to take the steps: cpu, cuda, …; that of the run meets the same rounding."""
    ray: bool = False
    """Connect to a Ray cluster first (RAY_ADDRESS, else one on this machine): a subset too large for memory is read
    through it, as it was in training."""

    def run(self) -> int:
        from spektron.corpus import Corpus
        from spektron.pretrain.replay import replay  # torch takes seconds

        out = printed_console()
        with ExitStack() as stack:
            if self.ray:
                from spektron.corpus.building.ray_workers import connected

                stack.enter_context(connected(1))
            stack.enter_context(out.status("taking the steps since the checkpoint again …"))
            found = replay(self.record, Corpus.open(self.corpus), device=self.device)
        out.print(
            f"[bold]step {found.step}[/], again from step {found.first_step}: loss {found.loss:.4g}, "
            f"gradient norm {found.grad_norm:.4g}",
            highlight=False,
        )
        out.print(found.sentence, highlight=False, markup=False)
        for title, names in (
            ("outputs", found.modules),
            ("terms of the loss", found.terms),
            ("gradients", found.gradients),
            ("weights", found.weights),
        ):
            if names:
                out.print(f"  {title} that are no numbers: {some_of(names, 6)}", highlight=False)
        for row in sorted(found.rows, key=lambda row: -row.loss if isfinite(row.loss) else -inf):
            told = "" if row.is_finite_as_seen else ", not finite as a view" if row.is_finite else ", not finite"
            out.print(f"  loss {row.loss:.4g}{told}: {row.spectrum_id}", highlight=False, markup=False)
        return 0


def _load_study(word: str) -> Any:
    """The ``STUDY`` of a file under studies/: read as a file, because the package never imports studies."""
    path = Path(word) if word.endswith(".py") else Path("studies") / f"{word}.py"
    if not path.is_file():
        names = ", ".join(sorted(p.stem for p in Path("studies").glob("*.py"))) or "none here"
        raise ConfigError(
            f"expected a study named {word!r} in ./studies, found: {names}",
            "run from the project's folder, or give the path of the study's file",
        )
    try:
        study = runpy.run_path(str(path)).get("STUDY")
    except Exception as error:  # whatever a user's file raises
        raise ConfigError(
            f"expected {path} to run, found {type(error).__name__}: {error}", f"see the whole of it: python {path}"
        ) from error
    if not isinstance(study, Study):
        found = "no such name" if study is None else f"a {type(study).__name__}"
        raise ConfigError(f"expected {path} to define STUDY, a Study; found {found}", "see studies/corpus_scaling.py")
    return study
