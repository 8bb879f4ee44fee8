"""Running a plan: look up what is done, run the rest on Ray Tune, and leave the answer where people look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spektron.core.errors import TrackingError
from spektron.core.provenance import provenance
from spektron.core.storage import Storage
from spektron.corpus import Corpus
from spektron.corpus.manifest import CARD_FIGURE_NAME, CARD_NAME
from spektron.study.delivery import Delivery
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger
from spektron.study.lock import driver_lock
from spektron.study.mlflow_store import MlflowStore
from spektron.study.outcome import Outcome, TrialResult
from spektron.study.places import Places
from spektron.study.plan import Plan, make_plan
from spektron.study.publish import publish
from spektron.study.study import Study, StudySettings
from spektron.study.tags import PLAN, TRIAL
from spektron.study.trial import CorpusIdentity, Trial

__all__ = ["corpus_identity", "is_known", "look_up", "run_plan"]


def corpus_identity(corpus: Corpus) -> CorpusIdentity:
    """What trials and people know a corpus by."""
    return CorpusIdentity(
        name=corpus.name,
        fingerprint=corpus.fingerprint,
        num_train=corpus.num_spectra("train"),
        summary={"counts": corpus.manifest.counts, "num_spectra": corpus.manifest.num_spectra},
        num_train_by_kind={kind: splits["train"] for kind, splits in corpus.manifest.kinds.items()},
    )


def is_known(plan: Plan, ledger: Ledger) -> bool:
    """Whether the ledger holds every trial, so that nothing need run; a search says so only once it is asked."""
    return bool(plan.trials) and all(ledger.finished(trial.fingerprint) for trial in plan.trials)


def look_up(
    study: Study[Any], settings: StudySettings[Any], corpus: CorpusIdentity, places: Places
) -> tuple[Plan, Ledger, MlflowStore, list[str]]:
    """Make the plan and read the ledger; runs and writes nothing but MLflow's own first tables.

    Returns the plan, the ledger, the store (connected if it could be reached) and warnings.

    Raises
    ------
    DriftError
        When finished trials were made from another content of the same corpus name.
    """
    plan = make_plan(study, settings, corpus)
    ledger = Ledger(plan.fingerprint)
    ledger.read_journals(places.study_dir(study.address))
    places.home.mkdir(parents=True, exist_ok=True)
    store = MlflowStore(places.tracking_uri, study.address, places.artifact_root)
    warnings: list[str] = []
    try:
        store.connect()
        warnings += ledger.read_mlflow(store)
    except TrackingError as error:
        warnings.append(f"{error.message}; {error.hint}")
    ledger.check_corpus(corpus)
    return plan, ledger, store, warnings


def run_plan(plan: Plan, ledger: Ledger, store: MlflowStore, places: Places, corpus_dir: Storage) -> Outcome:
    """Run what is left of a plan and publish the answer.

    Whatever happens, the journal holds every finished trial; running the same plan again goes on from there.

    Raises
    ------
    StudyError
        When another process runs this study, under these settings or others, in the same home.
    ResourceError
        When the cluster is too small for a trial, or the disk is full.
    """
    warnings: list[str] = []
    study_dir = places.study_dir(plan.study.address)
    with driver_lock(study_dir, plan.name), Journal(places.plan_dir(plan), places.tracking_uri) as journal:
        ledger.read_journals(study_dir)  # again: another driver may have ended between the look-up and the lock
        _open_parent(plan, journal, store)
        delivery = Delivery(journal, store, warnings.append)
        delivery.start()
        try:
            ended = _run_trials(plan, ledger, store, journal, places, corpus_dir)
            outcome = _settle(plan, ledger, ended, places, warnings)
            _copy_card(corpus_dir, outcome.report_dir)
            publish(plan, ledger, outcome, journal, store, places)
        except BaseException as error:
            journal.append("study-ended", plan=plan.fingerprint, status=_status_of(error), tags={"error": repr(error)})
            raise
        finally:
            waiting = delivery.finish()
        outcome.undelivered = waiting
    return outcome


def _copy_card(corpus_dir: Storage, report_dir: Path) -> None:
    """Lay the corpus's data card beside the report: what the answer was found on goes with it to MLflow."""
    for name in (CARD_NAME, CARD_FIGURE_NAME):
        if corpus_dir.size(name) is not None:
            Storage.at(report_dir / "corpus").write_bytes(name, corpus_dir.read_bytes(name))


def _open_parent(plan: Plan, journal: Journal, store: MlflowStore) -> None:
    if store.connected and journal.delivered_offset and store.run_id(PLAN, plan.fingerprint) is None:
        journal.mark_delivered(0)  # the store has lost what it was told: tell it all again
    journal.append(
        "study-started",
        plan=plan.fingerprint,
        name=plan.name,
        corpus=plan.corpus.values,
        params={
            "study": plan.study.address,
            "search": plan.settings.search,
            "num_trials": str(plan.num_trials),
            **{f"space.{path}": axis.model_dump_json() for path, axis in plan.settings.space.items()},
        },
        tags={
            **{f"spektron.{name}": value for name, value in provenance().items()},
            **plan.corpus.tag,
            "spektron.study": plan.study.address,
            "mlflow.source.name": plan.study.address,
            "mlflow.source.git.commit": provenance()["git_commit"],
            "spektron.question": plan.study.question,
            "spektron.prediction": plan.study.prediction,
            "spektron.placement": plan.settings.train.model_dump_json(),
            "mlflow.note.content": f"**{plan.study.question}**\n\nPredicted: {plan.study.prediction}",
        },
    )


def _run_trials(
    plan: Plan, ledger: Ledger, store: MlflowStore, journal: Journal, places: Places, corpus_dir: Storage
) -> Mapping[str, Mapping[str, Any]]:
    """Run what is not known to be done; the ledger then knows it. Returns the end events, by fingerprint."""
    _tell_store_of_known(plan.trials, plan, ledger, store, journal)
    if is_known(plan, ledger):
        return {}
    from spektron.study.tuning import tune_trials  # imports Ray, which a run of nothing but known trials does not need

    ended = tune_trials(plan, ledger, journal, places, corpus_dir)
    for event in ended.values():
        ledger.take(event)
    if not plan.trials:  # only now is it known which points the search has drawn
        _tell_store_of_known(_trials_of(plan, ledger), plan, ledger, store, journal)
    return ended


def _trials_of(plan: Plan, ledger: Ledger) -> tuple[Trial, ...]:
    """The plan's trials: all points of a grid, or the finished ones of a search."""
    return plan.trials or tuple(plan.trial_at(params) for params in ledger.points.values())


def _tell_store_of_known(
    trials: Iterable[Trial], plan: Plan, ledger: Ledger, store: MlflowStore, journal: Journal
) -> None:
    """Journal what other plans' journals know of our trials, where this store has no run for them."""
    if not store.connected:
        return
    ours = {event.get("trial") for event in journal.events()}
    for trial in trials:
        record = ledger.finished(trial.fingerprint)
        if record is None or store.run_id(TRIAL, trial.fingerprint) is not None or trial.fingerprint in ours:
            continue
        for event in record.events:
            journal.adopt({**event, "plan": plan.fingerprint}, sync=False)


def _settle(
    plan: Plan, ledger: Ledger, ended: Mapping[str, Mapping[str, Any]], places: Places, warnings: list[str]
) -> Outcome:
    """Put what this run ended and what the ledger knew into one list of results."""
    results = [
        TrialResult(
            fingerprint=trial.fingerprint,
            params=trial.params,
            metrics=record.metrics,
            wall_s=record.wall_s,
            cpu_s=record.cpu_s,
            gpu_s=record.gpu_s,
            reused=trial.fingerprint not in ended,
        )
        for trial in _trials_of(plan, ledger)
        if (record := ledger.finished(trial.fingerprint))
    ]
    failed = {
        plan.trial_at(dict(end["params"])).label: str(end["error"])
        for end in ended.values()
        if end["status"] == "FAILED"
    }
    return Outcome(results=results, failed=failed, report_dir=places.plan_dir(plan) / "report", warnings=warnings)


def _status_of(error: BaseException) -> str:
    return "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
