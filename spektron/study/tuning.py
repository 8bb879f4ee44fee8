"""Trials on Ray Tune. The only module of the engine that knows how Tune is driven."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray import tune

from spektron.core.errors import SpektronError, StudyError
from spektron.core.provenance import provenance
from spektron.core.storage import Storage
from spektron.report import StudyProgress
from spektron.study.cluster import living_nodes, ray_cluster, stoppable
from spektron.study.dashboard import check_dashboard
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger
from spektron.study.places import Places
from spektron.study.plan import Plan
from spektron.study.resources import cluster_slots
from spektron.study.scribe import Scribe
from spektron.study.search import OptunaSearcher
from spektron.study.storage import finished_in, open_storage, open_study
from spektron.study.study import Placement
from spektron.study.trainable import make_trainable
from spektron.study.waiting import NodesWatch

__all__ = ["tune_trials"]


def tune_trials(
    plan: Plan, ledger: Ledger, journal: Journal, places: Places, corpus_dir: Storage
) -> Mapping[str, Mapping[str, Any]]:
    """Run what the ledger does not hold; return the end event of every trial that ended, by fingerprint.

    Finished trials of the Optuna storage are added to the ledger.
    """
    study = plan.study
    storage = open_storage(places.storage)
    optuna_study = open_study(storage, f"{study.address}/{plan.fingerprint}", study.direction, plan.settings)
    ledger.read_optuna(plan.fingerprint, finished_in(optuna_study))
    searcher = OptunaSearcher(optuna_study, plan.settings, plan.trial_at, ledger, study.metric, study.direction)
    if searcher.exhausted:
        return {}
    placement = plan.settings.train
    with ray_cluster(nested=placement.num_workers > 1) as may_grow, stoppable():
        slots = cluster_slots(placement, living_nodes(), may_grow=may_grow)
        if placement.num_workers > 1:
            check_dashboard()
        known = sum(1 for trial in plan.trials if ledger.finished(trial.fingerprint)) or searcher.num_settled
        with StudyProgress(total=plan.num_trials, reused=known, slots=slots, metric=study.metric) as progress:
            scribe = Scribe(plan, journal, searcher, ledger, progress, provenance())
            watch = NodesWatch(placement, progress.say)
            _fit(_tuner(plan, searcher, [scribe, watch], places, corpus_dir, slots), scribe)
    return scribe.ended


def _fit(tuner: tune.Tuner, scribe: Scribe) -> None:
    try:
        tuner.fit()
    except BaseException as error:
        scribe.interrupt()
        raise _ours(error) from error


def _tuner(
    plan: Plan,
    searcher: OptunaSearcher,
    callbacks: list[tune.Callback],
    places: Places,
    corpus_dir: Storage,
    slots: int,
) -> tune.Tuner:
    placement = plan.settings.train
    trainable = make_trainable(plan.study, type(plan.settings.config), corpus_dir, places.home / "trials", placement)
    return tune.Tuner(
        tune.with_resources(trainable, _resources(placement)),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            num_samples=plan.num_trials,  # an upper bound: the searcher says when it is done
            max_concurrent_trials=slots,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            name=plan.fingerprint,
            storage_path=str(places.home / "tune"),
            callbacks=callbacks,
            verbose=0,
            failure_config=tune.FailureConfig(max_failures=placement.max_failures),
        ),
    )


def _resources(placement: Placement) -> tune.PlacementGroupFactory:
    """What Tune reserves for a trial.

    A nested trainer's workers reserve for themselves, in a placement group of their own: the trial that starts them
    takes none, or two trials on two CPUs would wait for each other for ever.
    """
    if placement.num_workers > 1:
        return tune.PlacementGroupFactory([{"node:__internal_head__": 0.001}])
    bundle = {"CPU": placement.cpus_per_worker}
    if placement.gpus_per_worker:
        bundle["GPU"] = placement.gpus_per_worker
    return tune.PlacementGroupFactory([bundle])


def _ours(error: BaseException) -> BaseException:
    """The error a user can act on, dug out of what Tune wrapped it in."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, SpektronError | KeyboardInterrupt):
            return cause
        cause = cause.__cause__
    return (
        StudyError(f"Ray Tune stopped: {error}", "the trials' own errors stand above")
        if isinstance(error, Exception)
        else error
    )
