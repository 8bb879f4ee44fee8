"""What is known to be done, and from which corpus: the journals on this disk, MLflow, and the Optuna storage.

Any of the three that says a trial is finished is believed; together they survive the loss of any two. Nothing here
starts or writes anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spektron.core.errors import DriftError
from spektron.core.identity import differences
from spektron.study.journal import read_events
from spektron.study.tags import CORPUS, KIND, PLAN, RESULT, TRIAL, result_in
from spektron.study.trial import CorpusIdentity

if TYPE_CHECKING:  # MLflow takes seconds to import, and a worker that meets this module never needs it
    from spektron.study.mlflow_store import MlflowStore

__all__ = ["Ledger", "Record", "result_of"]

_RESULT_FIELDS = ("params", "metrics", "wall_s", "cpu_s", "gpu_s", "source_hashes")


@dataclass(kw_only=True)
class Record:
    """What the ledger knows of one trial."""

    status: str = "interrupted"
    """``finished``, ``failed`` or ``interrupted`` (started, and neither)."""
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    """Of all tries together, those lost to a crash up to when they were last heard of."""
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    error: str = ""
    source_hashes: Sequence[str] = ()
    """The code of every try: a trial that other code resumed was made by both."""
    corpus: Mapping[str, Any] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    """Its lines in the journals, to tell another tracking store; empty when only MLflow knew."""
    last_seen: float | None = None
    """When the running try was last heard of; None when none runs."""
    cpus: float = 0.0
    """What the running try reserves."""
    gpus: float = 0.0

    @property
    def result(self) -> dict[str, Any]:
        """What a finished trial is told and stored with, as plain JSON values."""
        return result_of(vars(self))

    def spend(self, until: float) -> None:
        """Count what the running try reserved since it was last heard of."""
        if self.last_seen is None:
            return
        seconds = max(0.0, until - self.last_seen)
        self.wall_s += seconds
        self.cpu_s += seconds * self.cpus
        self.gpu_s += seconds * self.gpus
        self.last_seen = until


def result_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a finished trial (params, metrics, cost, code), out of an end event or a record."""
    return {name: values[name] for name in _RESULT_FIELDS if name in values}


class Ledger:
    """Records by trial fingerprint.

    Parameters
    ----------
    plan : str
        Fingerprint of the plan at hand.
    """

    def __init__(self, plan: str = "") -> None:
        self.records: dict[str, Record] = {}
        self.points: dict[str, Mapping[str, Any]] = {}
        """Fingerprint → parameters of the plan's finished trials, in order: a search has no list of its points."""
        self._plan = plan
        self._read_bytes: dict[Path, int] = {}

    def finished(self, fingerprint: str) -> Record | None:
        """The record of a finished trial, or None."""
        record = self.records.get(fingerprint)
        return record if record is not None and record.status == "finished" else None

    def read_journals(self, folder: Path) -> None:
        """Take in every journal below the study's folder; called again, what was written since."""
        events = []
        for path in sorted(folder.glob("*/journal.jsonl")):
            for event, end in read_events(path, self._read_bytes.get(path, 0)):
                events.append(event)
                self._read_bytes[path] = end
        # One trial's tries may lie in the journals of several plans: in the order of time they are one story.
        for event in sorted(events, key=lambda event: event["time"]):
            if event["kind"] == "trials-running":
                for fingerprint in event["trials"]:
                    self._record(fingerprint).spend(event["time"])
            elif event["kind"].startswith("trial-"):
                self._record(event["trial"]).events.append(event)
                self.take(event)

    def read_mlflow(self, store: MlflowStore) -> list[str]:
        """Take in finished trials that only MLflow knows (another machine's, or after the disk was lost).

        Returns
        -------
        list of str
            A warning, if tags of some runs cannot be read; their trials count as not done.
        """
        unread = []
        for run in store.runs():
            tags = run.data.tags
            if tags[KIND] != "trial" or RESULT not in tags or run.info.status != "FINISHED":
                continue
            try:
                record = Record(status="finished", corpus=dict(json.loads(tags[CORPUS])), **json.loads(result_in(tags)))
            except (KeyError, TypeError, ValueError):
                unread.append(str(run.info.run_id))
                continue
            if self.finished(tags[TRIAL]) is None:
                self.records[tags[TRIAL]] = record
            self._note(tags.get(PLAN, ""), tags[TRIAL], record.params)
        if not unread:
            return []
        return [
            f"{len(unread)} finished trials in MLflow were passed over: expected JSON in their tags {CORPUS} and "
            f"{RESULT}, found something else in run {unread[0]}; what no journal knows of them runs again"
        ]

    def read_optuna(self, plan: str, finished: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take in a plan's finished trials as its Optuna study holds them."""
        for fingerprint, result in finished:
            self._note(plan, fingerprint, result["params"])
            if self.finished(fingerprint) is None:
                self.records[fingerprint] = Record(status="finished", **result)

    def check_corpus(self, corpus: CorpusIdentity) -> None:
        """Refuse to mix trials made from two contents of one name.

        Raises
        ------
        DriftError
            Naming each field that differs between the corpus of the finished trials and this one.
        """
        for record in self.records.values():
            old = record.corpus
            if record.status != "finished" or old.get("name") != corpus.name:
                continue
            if old["fingerprint"] != corpus.fingerprint:
                counts = old.get("summary", {})  # which MLflow's tag does not hold
                new = {"fingerprint": corpus.fingerprint, **(corpus.summary if counts else {})}
                changed = differences({"fingerprint": old["fingerprint"], **counts}, new)
                fields = "; ".join(f"corpus.{name}: expected {a}, found {b}" for name, (a, b) in changed.items())
                raise DriftError(
                    f"finished trials of this study were made from another corpus named {corpus.name!r}: {fields}",
                    "bring that corpus back, or build this one under another name (spektron corpus build --name …), "
                    "or raise the study's version: its trials then start afresh",
                )

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in one event of a trial."""
        record = self._record(event["trial"])
        match event["kind"]:
            case "trial-started":
                if record.status != "finished":
                    record.status = "interrupted"
                record.params, record.corpus = event["params"], event["corpus"]
                record.cpus, record.gpus = event["cpus"], event["gpus"]
                record.source_hashes = sorted({*record.source_hashes, event["tags"]["spektron.source_hash"]})
                record.last_seen = event["time"]
            case "trial-metrics":
                record.spend(event["time"])
            case "trial-ended":
                self._end(record, event)

    def _end(self, record: Record, event: Mapping[str, Any]) -> None:
        record.wall_s, record.cpu_s, record.gpu_s = event["wall_s"], event["cpu_s"], event["gpu_s"]
        record.source_hashes = event.get("source_hashes", record.source_hashes)
        record.last_seen = None
        if event["status"] == "FINISHED":
            record.status, record.metrics = "finished", event["metrics"]
            self._note(event["plan"], event["trial"], event["params"])
        elif record.status != "finished":
            record.status = "failed" if event["status"] == "FAILED" else "interrupted"
            record.error = event.get("error", "")

    def _record(self, fingerprint: str) -> Record:
        return self.records.setdefault(fingerprint, Record())

    def _note(self, plan: str, fingerprint: str, params: Mapping[str, Any]) -> None:
        if plan == self._plan:
            self.points[fingerprint] = params
