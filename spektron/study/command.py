"""The command line of a study: the same for ``python studies/x.py`` and ``spektron study run x``."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from spektron.core.errors import ConfigError, CorpusError, ResourceError, SpektronError
from spektron.core.provenance import gpu_names
from spektron.core.settings import parse_assignments
from spektron.corpus import Corpus
from spektron.corpus.checking.unaltered import require_unaltered
from spektron.corpus.default import ensure_bundled
from spektron.corpus.streaming.mixture import parse_mix
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
    home: str | None = None
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
        return _refuse(console, error.message, error.hint)
    except OSError as error:
        if error.filename is None:  # a bug, or a place that names itself in no way a user could mend
            raise
        hint = "check that the path exists, that you may read and write there, or name another one"
        return _refuse(console, f"{error.strerror or error}: {error.filename}", hint)
    except KeyboardInterrupt:
        console.print("[yellow]stopped; the same command goes on where this one was[/]")
        return 130


def _refuse(console: Console, message: str, hint: str) -> int:
    console.print(f"[bold red]error:[/] {_escape(message)}", highlight=False)
    if hint:
        console.print(f"[bold]  hint:[/] {_escape(hint)}", highlight=False)
    return 2


def run_study(study: Study[Any], options: RunOptions) -> int:
    """Run a study once; everything it prints and leaves behind is described in the README."""
    # MLflow's import takes seconds: say hello first
    from spektron.study.runner import corpus_identity, is_known, look_up, run_plan

    console = Console(width=console_width())
    _require_words(options)
    assignments = parse_assignments(word for words in options.set for word in words)
    if options.mix is not None:
        assignments["config.mix"] = parse_mix(options.mix)
    settings = study.with_preset(options.preset, assignments)
    places = _places(options)
    console.print(f"[bold]{_escape(study.question)}[/]")
    with console.status("opening the corpus …"):
        corpus = _open_corpus(study, options, places)
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
    if not settings.train.gpus_per_worker and not is_known(plan, ledger):
        _slots_here(settings.train)  # Ray would refuse the same, much later; GPUs are for Ray to find
    outcome = run_plan(plan, ledger, store, places, corpus.folder)
    assert outcome.report is not None
    console.print(render_report(outcome.report))
    if outcome.undelivered:
        console.print(
            f"[yellow]{outcome.undelivered} events wait for MLflow in {places.plan_dir(plan)}; run the same command "
            "again when the server is back: it delivers them and runs nothing twice[/]"
        )
    return 1 if outcome.failed else 0


def _require_words(options: RunOptions) -> None:
    for name in ("corpus", "mix", "tracking_uri", "storage", "home"):
        if getattr(options, name) == "":
            raise ConfigError(
                f"--{name.replace('_', '-')}: expected a value, found an empty one",
                "leave the option out to take its default; an unset shell variable is the usual cause",
            )


def _open_corpus(study: Study[Any], options: RunOptions, places: Places) -> Corpus:
    corpus = Corpus.open(ensure_bundled(places.home / "corpora") if options.corpus is None else options.corpus)
    require_unaltered(corpus, places.home / "verified.json")
    if not corpus.num_spectra(study.split):
        raise CorpusError(
            f"expected spectra to judge on in the {study.split} split of {corpus.folder}, found none",
            f"build the corpus with a larger --{study.split}, another --seed or more compounds",
        )
    return corpus


def _expected_slots(placement: Placement, console: Console) -> int | None:
    """Trials at a time as a run from here would have them; None for a cluster, which only the run asks."""
    try:
        return _slots_here(placement)
    except ResourceError as error:
        console.print(f"[yellow]warning:[/] not on this machine: {_escape(error.message)}", highlight=False)
        return placement.max_concurrent


def _slots_here(placement: Placement) -> int | None:
    """As `_expected_slots`; raises `ResourceError` where this machine is too small and no cluster is named."""
    if os.environ.get("RAY_ADDRESS", "local") != "local":
        return placement.max_concurrent
    return num_slots(placement, (os.cpu_count() or 1) + DATA_CPUS, len(gpu_names()))


def _places(options: RunOptions) -> Places:
    home = Path(options.home or os.environ.get("SPEKTRON_HOME") or ".spektron")
    return Places.under(home, options.tracking_uri or os.environ.get("MLFLOW_TRACKING_URI"), options.storage)


def _escape(text: str) -> str:
    return text.replace("[", "\\[")
