"""What is known to be done, and from which corpus: the journals on this disk, MLflow, and the Optuna storage.

Any of the three that says a trial is finished is believed; together they survive the loss of any two. Nothing here
starts or writes anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spektron.core.errors import DriftError
from spektron.core.identity import differences
from spektron.study.journal import read_events
from spektron.study.tags import KIND, RESULT, TRIAL
from spektron.study.trial import CorpusIdentity

if TYPE_CHECKING:  # MLflow takes seconds to import, and a worker that meets this module never needs it
    from spektron.study.mlflow_store import MlflowStore

__all__ = ["Ledger", "Record"]


@dataclass(kw_only=True)
class Record:
    """What the ledger knows of one trial."""

    status: str = "interrupted"
    """``finished``, ``failed`` or ``interrupted`` (started, and neither)."""
    params: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    error: str = ""
    source_hash: str = ""
    corpus: Mapping[str, Any] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)
    """Its lines in the journals, to tell another tracking store; empty when only MLflow knew."""
    last_seen: float = 0.0
    """When the running try was last heard of; its lost seconds count as cost."""

    @property
    def result(self) -> dict[str, Any]:
        """What a finished trial is told and stored with, as plain JSON values."""
        return {
            "params": dict(self.params),
            "metrics": dict(self.metrics),
            "wall_s": self.wall_s,
            "cpu_s": self.cpu_s,
            "gpu_s": self.gpu_s,
        }


class Ledger:
    """Records by trial fingerprint."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.of_plan: dict[str, dict[str, Mapping[str, Any]]] = {}
        """Plan → fingerprint → parameters of its finished trials, in order: a search has no list of its points."""

    def finished(self, fingerprint: str) -> Record | None:
        """The record of a finished trial, or None."""
        record = self.records.get(fingerprint)
        return record if record is not None and record.status == "finished" else None

    def read_journals(self, folder: Path) -> None:
        """Take in every journal below the study's folder, the oldest first."""
        paths = sorted(folder.glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime)
        for path in paths:
            for event, _ in read_events(path, 0):
                if event["kind"].startswith("trial-"):
                    self._take(event)

    def read_mlflow(self, store: MlflowStore) -> None:
        """Take in finished trials that only MLflow knows (another machine's, or after the disk was lost)."""
        for run in store.runs():
            tags = run.data.tags
            if tags[KIND] != "trial" or RESULT not in tags or run.info.status != "FINISHED":
                continue
            if self.finished(tags[TRIAL]) is None:
                self.records[tags[TRIAL]] = Record(
                    status="finished",
                    source_hash=tags.get("spektron.source_hash", ""),
                    corpus=json.loads(tags.get("spektron.corpus", "{}")),
                    **json.loads(tags[RESULT]),
                )

    def read_optuna(self, plan: str, finished: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take in a plan's finished trials as its Optuna study holds them."""
        for fingerprint, result in finished:
            self.of_plan.setdefault(plan, {})[fingerprint] = result["params"]
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
                new = {"fingerprint": corpus.fingerprint, **corpus.summary}
                changed = differences({"fingerprint": old["fingerprint"], **old.get("summary", {})}, new)
                fields = "; ".join(f"corpus.{name}: expected {a}, found {b}" for name, (a, b) in changed.items())
                raise DriftError(
                    f"finished trials of this study were made from another corpus named {corpus.name!r}: {fields}",
                    "bring that corpus back, or build this one under another name (spektron corpus build --name …), "
                    "or raise the study's version: its trials then start afresh",
                )

    def _take(self, event: Mapping[str, Any]) -> None:
        record = self.records.setdefault(event["trial"], Record())
        record.events.append(event)
        match event["kind"]:
            case "trial-started":
                if record.status != "finished":
                    record.status = "interrupted"
                record.params = event["params"]
                record.corpus = event["corpus"]
                record.source_hash = event["tags"].get("spektron.source_hash", "")
                record.last_seen = event["time"]
            case "trial-metrics":
                record.wall_s += max(0.0, event["time"] - record.last_seen)
                record.last_seen = event["time"]
            case "trial-ended":
                self._end(record, event)

    def _end(self, record: Record, event: Mapping[str, Any]) -> None:
        record.wall_s, record.cpu_s, record.gpu_s = event["wall_s"], event["cpu_s"], event["gpu_s"]
        record.last_seen = 0.0
        if event["status"] == "FINISHED":
            record.status, record.metrics = "finished", event["metrics"]
            self.of_plan.setdefault(event["plan"], {})[event["trial"]] = event["params"]
        elif record.status != "finished":
            record.status = "failed" if event["status"] == "FAILED" else "interrupted"
            record.error = event.get("error", "")
