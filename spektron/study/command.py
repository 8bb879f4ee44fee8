"""The command line of a study: the same for ``python studies/x.py`` and ``spektron study run x``."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from spektron.core.errors import ResourceError, SpektronError
from spektron.core.provenance import gpu_names
from spektron.core.settings import parse_assignments
from spektron.corpus import Corpus
from spektron.corpus.default import ensure_bundled
from spektron.corpus.mixture import parse_mix
from spektron.corpus.unaltered import require_unaltered
from spektron.report import console_width, render_report, render_table
from spektron.study.places import Places
from spektron.study.plan import plan_table
from spektron.study.resources import DATA_CPUS, num_slots
from spektron.study.study import Placement, Study

__all__ = ["RunOptions", "main", "run_study"]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run a study."""

    preset: str = "laptop"
    """smoke (under a minute), laptop (minutes on 2 cores), or cluster (the real scale)."""
    corpus: str | None = None
    """Folder of a corpus; without it the 1,710 real spectra inside the chemotools package, built once under --home."""
    mix: str | None = None
    """Shares of kinds of spectra in every batch, as computed=0.8,experimental=0.2; without it the corpus's own."""
    plan: bool = False
    """Print trials, identities, what is already done and the expected cost; run nothing."""
    tracking_uri: str | None = None
    """MLflow's tracking store (sqlite:///…, http://…); by default MLFLOW_TRACKING_URI, or a database under --home."""
    storage: str | None = None
    """Optuna's storage: an RDB URL, or the path of a journal file (the default, under --home)."""
    home: Path | None = None
    """Journals, checkpoints, reports: by default SPEKTRON_HOME, or .spektron here. Shared by all nodes of a cluster."""
    set: Annotated[tuple[tuple[str, ...], ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="KEY=VALUE …")] = ()
    """Settings by dotted path, as JSON: config.steps=200 space.seed=[0,1,2] train.num_workers=2."""


def main(study: Study[Any], argv: list[str] | None = None) -> int:
    """Parse the command line, run the study, and return the exit status: 0 answered, 1 trials failed, 2 refused."""
    options = tyro.cli(
        RunOptions, args=argv, prog=Path(sys.argv[0]).name, description=f"{study.question}\n\n{study.prediction}"
    )
    return guarded(lambda: run_study(study, options))


def guarded(call: Any) -> int:
    """Run a command; an error that a user can act on is printed, not thrown."""
    console = Console(stderr=True)
    try:
        return int(call() or 0)
    except SpektronError as error:
        console.print(f"[bold red]error:[/] {_escape(error.message)}", highlight=False)
        if error.hint:
            console.print(f"[bold]  hint:[/] {_escape(error.hint)}", highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("[yellow]stopped; the same command goes on where this one was[/]")
        return 130


def run_study(study: Study[Any], options: RunOptions) -> int:
    """Run a study once; everything it prints and leaves behind is described in the README."""
    from spektron.study.runner import (
        corpus_identity,
        look_up,
        run_plan,
    )  # MLflow's import takes seconds: say hello first

    console = Console(width=console_width())
    assignments = parse_assignments(word for words in options.set for word in words)
    if options.mix is not None:
        assignments["config.mix"] = parse_mix(options.mix)
    settings = study.with_preset(options.preset, assignments)
    places = _places(options)
    console.print(f"[bold]{_escape(study.question)}[/]")
    with console.status("opening the corpus …"):
        corpus = Corpus.open(options.corpus or ensure_bundled(places.home / "corpora"))
        require_unaltered(corpus, places.home / "verified.json")
    console.print(
        f"{study.address}, preset {options.preset} ({study.presets[options.preset].expect}); corpus {corpus.name}: "
        f"{corpus.num_spectra('train'):,} training spectra, fingerprint {corpus.fingerprint}",
        highlight=False,
    )
    with console.status("reading the ledger …"):
        plan, ledger, store, warnings = look_up(study, settings, corpus_identity(corpus), places)
    for warning in warnings:
        console.print(f"[yellow]warning:[/] {_escape(warning)}", highlight=False)
    if options.plan:
        console.print(render_table(plan_table(plan, ledger, _expected_slots(settings.train, console))))
        return 0
    outcome = run_plan(plan, ledger, store, places, corpus.folder)
    assert outcome.report is not None
    console.print(render_report(outcome.report))
    if outcome.undelivered:
        console.print(
            f"[yellow]{outcome.undelivered} events wait for MLflow in {places.plan_dir(plan)}; run the same command "
            "again when the server is back: it delivers them and runs nothing twice[/]"
        )
    return 1 if outcome.failed else 0


def _expected_slots(placement: Placement, console: Console) -> int | None:
    """Trials at a time as a run from here would have them; None for a cluster, which only the run asks."""
    if os.environ.get("RAY_ADDRESS", "local") != "local":
        return placement.max_concurrent
    try:
        return num_slots(placement, (os.cpu_count() or 1) + DATA_CPUS, len(gpu_names()))
    except ResourceError as error:
        console.print(f"[yellow]warning:[/] not on this machine: {_escape(error.message)}", highlight=False)
        return placement.max_concurrent


def _places(options: RunOptions) -> Places:
    home = options.home or Path(os.environ.get("SPEKTRON_HOME", ".spektron"))
    return Places.under(home, options.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI"), options.storage)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
