"""Delivering the journal to MLflow: a thread that follows the file, in batches, and waits when the server is away."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from spektron.core.identity import canonical_json
from spektron.study.journal import Journal
from spektron.study.ledger import result_of
from spektron.study.mlflow_store import MlflowStore, is_permanent
from spektron.study.tags import KIND, PLAN, TRIAL, result_tags

__all__ = ["Delivery"]

_BATCH = 200  # events between two writes of the offset: a crash repeats at most these
_PAUSE_S = 0.5  # between looks at the journal; batches what trials report meanwhile
_AWAY_PAUSE_S = 5.0  # between tries while the server is away


class Delivery:
    """Feeds one journal to one store.

    Parameters
    ----------
    journal, store
        From and to.
    warn : callable
        Told once when the server goes away, when it is back, and for every event it refuses for good.
    """

    def __init__(self, journal: Journal, store: MlflowStore, warn: Callable[[str], None]) -> None:
        self._journal = journal
        self._store = store
        self._warn = warn
        self._away = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="spektron-delivery", daemon=True)

    def start(self) -> None:
        """Begin to follow the journal."""
        self._thread.start()

    def finish(self) -> int:
        """Stop following, try once more to deliver everything, and return how many events still wait."""
        self._stop.set()
        self._thread.join()
        self._deliver_all()
        return sum(1 for _ in self._journal.undelivered())

    def _follow(self) -> None:
        while not self._stop.wait(_AWAY_PAUSE_S if self._away else _PAUSE_S):
            self._deliver_all()

    def _deliver_all(self) -> None:
        try:
            while batch := list(itertools.islice(self._journal.undelivered(), _BATCH)):
                self._deliver([event for event, _ in batch])
                self._journal.mark_delivered(batch[-1][1])
                if self._away:
                    self._away = False
                    self._warn(f"MLflow at {self._store.tracking_uri} is back; the journal is being delivered")
        except Exception as error:  # whatever the client raises when a server is away: the journal keeps it
            if not self._away:
                self._away = True
                reason = "; ".join(str(error).strip().splitlines()[:2])[:500]
                self._warn(f"MLflow is away, the study goes on and {self._journal.path} keeps everything: {reason}")

    def _deliver(self, events: Iterable[Mapping[str, Any]]) -> None:
        for is_metrics, group in itertools.groupby(events, key=lambda event: event["kind"] == "trial-metrics"):
            if is_metrics:
                self._deliver_metrics(list(group))
            else:
                for event in group:
                    self._deliver_one(event)

    def _deliver_metrics(self, events: list[Mapping[str, Any]]) -> None:
        by_trial: dict[str, list[Mapping[str, Any]]] = {}
        for event in events:
            by_trial.setdefault(event["trial"], []).append(event)
        for trial, reports in by_trial.items():
            points = [
                (name, float(value), _ms(report["time"]), int(report["step"]))
                for report in reports
                for name, value in report["metrics"].items()
            ]
            self._attempt(f"metrics of {trial}", partial(self._log_metrics, trial, points))

    def _deliver_one(self, event: Mapping[str, Any]) -> None:
        handler = {
            "study-started": self._study_started,
            "study-ended": self._study_ended,
            "trial-started": self._trial_started,
            "trial-ended": self._trial_ended,
        }.get(event["kind"])
        if handler is not None:
            self._attempt(event["kind"], lambda: handler(event))

    def _attempt(self, what: str, call: Callable[[], None]) -> None:
        """Do it; a refusal for good is told and passed over, so that it cannot hold up everything behind it."""
        try:
            call()
        except Exception as error:
            if not is_permanent(error):
                raise
            self._store.require_experiment()  # one that was deleted can be restored: wait, nothing is refused for good
            self._warn(f"MLflow refused {what} (kept in {self._journal.path}): {error}")

    def _log_metrics(self, trial: str, points: list[tuple[str, float, int, int]]) -> None:
        self._store.log_metrics(self._store.require_run(TRIAL, trial), points)

    def _study_started(self, event: Mapping[str, Any]) -> None:
        run_id = self._store.ensure_run(
            PLAN,
            event["plan"],
            name=event["name"],
            tags={KIND: "study", **event["tags"]},
            params=event["params"],
            start_ms=_ms(event["time"]),
        )
        self._store.log_corpus(run_id, event["corpus"])
        self._store.describe_study(event["tags"].get("mlflow.note.content", ""))

    def _study_ended(self, event: Mapping[str, Any]) -> None:
        run_id = self._store.require_run(PLAN, event["plan"])
        if event.get("folder"):
            self._store.upload(run_id, Path(event["folder"]), event["table"])
            self._store.log_metrics(
                run_id, [(name, value, _ms(event["time"]), 0) for name, value in event["metrics"].items()]
            )
        self._store.finish(run_id, event["status"], _ms(event["time"]), event["tags"])

    def _trial_started(self, event: Mapping[str, Any]) -> None:
        parent = self._store.run_id(PLAN, event["plan"])
        parent_tag = {"mlflow.parentRunId": parent} if parent and not self._store.run_id(TRIAL, event["trial"]) else {}
        run_id = self._store.ensure_run(
            TRIAL,
            event["trial"],
            name=event["label"],
            tags={KIND: "trial", **parent_tag, **event["tags"]},
            params={key: _text(value) for key, value in _flat(event["config"]).items()},
            start_ms=_ms(event["time"]),
        )
        self._store.log_corpus(run_id, event["corpus"])

    def _trial_ended(self, event: Mapping[str, Any]) -> None:
        run_id = self._store.require_run(TRIAL, event["trial"])
        tags = {"spektron.wall_s": f"{event['wall_s']:.3f}", "spektron.error": event.get("error", "")}
        tags |= {f"spektron.trial_{name}": value for name, value in event.get("hardware", {}).items()}
        if event["status"] == "FINISHED":
            result = json.dumps(result_of(event), separators=(",", ":"))
            tags |= result_tags(result)
            cost = {"cost/wall_s": event["wall_s"], "cost/cpu_s": event["cpu_s"], "cost/gpu_s": event["gpu_s"]}
            self._store.log_metrics(run_id, [(name, value, _ms(event["time"]), 0) for name, value in cost.items()])
        self._store.finish(run_id, event["status"], _ms(event["time"]), tags)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
