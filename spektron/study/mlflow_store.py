"""What Spektron writes to MLflow and how it finds it again: one run a trial, one parent a plan.

Every operation here can be done twice: runs are looked up by their tags before they are created, parameters and tags
are set to the same values, and a metric point that is already there is the same point. So the journal may be delivered
from any earlier offset, and a half-made run is adopted.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from spektron.core.errors import TrackingError
from spektron.core.identity import fingerprint
from spektron.study.sqlite_file import require_openable
from spektron.study.tags import KIND, MAX_TAG_CHARS, PLAN, TRIAL

# A server that is away must be found out in seconds, not in MLflow's default of 7 retries × 120 s.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_ENABLE_TELEMETRY", "false")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("DO_NOT_TRACK", "true")

from mlflow.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    InputTag,
    LifecycleStage,
    Metric,
    Param,
    Run,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

__all__ = ["MissingRunError", "MlflowStore", "is_permanent"]

_PAGE = 500
_MAX_METRICS_A_CALL = 1000  # MLflow's own limit for one log_batch
_MAX_PARAM_CHARS = 6000  # likewise; parameters are shown, never read back
_PERMANENT = {"INVALID_PARAMETER_VALUE", "RESOURCE_ALREADY_EXISTS", "BAD_REQUEST", "MALFORMED_REQUEST"}

for _name in ("alembic", "mlflow.store.db.utils", "mlflow.utils.requests_utils"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class MissingRunError(TrackingError):
    """An event speaks of a run that MLflow does not hold: deleted there, or its start was refused."""


def is_permanent(error: Exception) -> bool:
    """Whether the server understood and refused, so that trying again cannot help."""
    refused = isinstance(error, MlflowException) and error.error_code in _PERMANENT
    return refused or isinstance(error, MissingRunError)


class MlflowStore:
    """The runs of one study in one tracking store.

    Parameters
    ----------
    tracking_uri : str
        ``sqlite:///…``, ``http(s)://…`` or whatever MLflow takes.
    experiment : str
        The study's address.
    artifact_root : Path or None
        Where artifacts go when the store is a local database; a server decides for itself.
    """

    def __init__(self, tracking_uri: str, experiment: str, artifact_root: Path | None = None) -> None:
        self.tracking_uri = tracking_uri
        self._experiment = experiment
        self._artifact_root = artifact_root
        self._client_or_none: MlflowClient | None = None
        self._experiment_id = ""
        self._run_ids: dict[tuple[str, str], str] = {}

    def connect(self) -> None:
        """Open the store, make the experiment if need be, and learn which runs there are.

        Raises
        ------
        TrackingError
            When the store cannot be reached, or the experiment was deleted there.
        """
        require_openable(self.tracking_uri)
        try:
            client = MlflowClient(tracking_uri=self.tracking_uri)
            self._experiment_id = self._find_experiment(client)
            self._client_or_none = client
            for run in self.runs():
                self._remember(run)
        except TrackingError:
            raise
        except Exception as error:
            self._client_or_none = None
            raise TrackingError(
                f"expected an MLflow tracking store at {self.tracking_uri}, found {_first_line(error)}",
                "start it or pass another --tracking-uri; until then everything is kept in the journal",
            ) from error

    @property
    def connected(self) -> bool:
        """Whether `connect` has succeeded."""
        return self._client_or_none is not None

    def runs(self) -> Iterable[Run]:
        """Every run Spektron made in this experiment, oldest first."""
        token: str | None = None
        while True:
            page = self._client.search_runs(
                [self._experiment_id],
                run_view_type=ViewType.ACTIVE_ONLY,
                max_results=_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from (run for run in page if KIND in run.data.tags)
            token = page.token
            if not token:
                return

    def run_id(self, key: str, value: str) -> str | None:
        """The run whose tag `key` is `value`, if there is one."""
        return self._run_ids.get((key, value))

    def require_run(self, key: str, value: str) -> str:
        """The id of the run tagged ``key=value``.

        Raises
        ------
        MissingRunError
            When there is none.
        """
        run_id = self.run_id(key, value)
        if run_id is None:
            raise MissingRunError(f"expected an MLflow run with {key} = {value}, found none")
        return run_id

    def require_experiment(self) -> None:
        """Raise `TrackingError` if the experiment was deleted: MLflow then refuses everything, until it is restored."""
        _refuse_deleted(self._client.get_experiment(self._experiment_id))

    def ensure_run(
        self, key: str, value: str, *, name: str, tags: Mapping[str, str], params: Mapping[str, str], start_ms: int
    ) -> str:
        """The run tagged ``key=value``: found, or created. It is RUNNING afterwards."""
        run_id = self.run_id(key, value) or self._search(key, value)
        if run_id is None:
            run = self._client.create_run(
                self._experiment_id, start_time=start_ms, run_name=name, tags={key: value, **tags}
            )
            run_id = str(run.info.run_id)
        else:
            self._client.update_run(run_id, status=RunStatus.to_string(RunStatus.RUNNING))
        self._run_ids[key, value] = run_id
        self._client.log_batch(
            run_id,
            params=[Param(name, text[:_MAX_PARAM_CHARS]) for name, text in params.items()],
            tags=_run_tags(tags),
            synchronous=True,
        )
        return run_id

    def log_corpus(self, run_id: str, corpus: Mapping[str, Any]) -> None:
        """Record the corpus as the run's dataset input: name, fingerprint as digest, counts as profile."""
        dataset = Dataset(
            name=corpus["name"],
            digest=corpus["fingerprint"],
            source_type="local",
            source=json.dumps({"uri": f"spektron-corpus:{corpus['name']}@{corpus['fingerprint']}"}),
            profile=json.dumps(corpus["summary"]),
        )
        self._client.log_inputs(run_id, datasets=[DatasetInput(dataset, [InputTag("mlflow.data.context", "training")])])

    def log_metrics(self, run_id: str, points: Iterable[tuple[str, float, int, int]]) -> None:
        """Write ``(name, value, time in ms, step)`` points."""
        metrics = [Metric(name, value, time_ms, step) for name, value, time_ms, step in points]
        for start in range(0, len(metrics), _MAX_METRICS_A_CALL):
            self._client.log_batch(run_id, metrics=metrics[start : start + _MAX_METRICS_A_CALL], synchronous=True)

    def finish(self, run_id: str, status: str, end_ms: int, tags: Mapping[str, str]) -> None:
        """Set final tags and the final status (``FINISHED``, ``FAILED`` or ``KILLED``)."""
        self._client.log_batch(run_id, tags=_run_tags(tags))
        self._client.set_terminated(run_id, status=status, end_time=end_ms)

    def upload(self, run_id: str, folder: Path, table: Mapping[str, list[Any]]) -> None:
        """Upload a report's folder, and its trials as a table that MLflow compares across runs.

        ``log_table`` appends to a table that is there, so each content has a name of its own and is written once.
        """
        self._client.log_artifacts(run_id, str(folder))
        name = f"tables/trials-{fingerprint(dict(table))[:8]}.json"
        if name not in {artifact.path for artifact in self._client.list_artifacts(run_id, "tables")}:
            self._client.log_table(run_id, data=dict(table), artifact_file=name)

    def describe_study(self, text: str) -> None:
        """Put the question on the experiment's page."""
        self._client.set_experiment_tag(self._experiment_id, "mlflow.note.content", text)

    def url(self, run_id: str | None) -> str:
        """Where a person looks at a run."""
        base = self.tracking_uri if self.tracking_uri.startswith("http") else "http://127.0.0.1:5000"
        path = f"{base.rstrip('/')}/#/experiments/{self._experiment_id}"
        return f"{path}/runs/{run_id}" if run_id else path

    @property
    def _client(self) -> MlflowClient:
        if self._client_or_none is None:
            self.connect()
        assert self._client_or_none is not None
        return self._client_or_none

    def _find_experiment(self, client: MlflowClient) -> str:
        found = client.get_experiment_by_name(self._experiment)
        if found is not None:
            _refuse_deleted(found)
            return str(found.experiment_id)
        location = self._artifact_root.absolute().as_uri() if self._artifact_root else None
        try:
            # Without its kind the UI takes an experiment of plain runs for an evaluation of language models.
            kind = {"mlflow.experimentKind": "custom_model_development"}
            return str(client.create_experiment(self._experiment, artifact_location=location, tags=kind))
        except MlflowException:  # another driver made it meanwhile
            found = client.get_experiment_by_name(self._experiment)
            if found is None:
                raise
            return str(found.experiment_id)

    def _search(self, key: str, value: str) -> str | None:
        found = self._client.search_runs([self._experiment_id], f"tags.`{key}` = '{value}'", max_results=1)
        return str(found[0].info.run_id) if found else None

    def _remember(self, run: Run) -> None:
        for key in (TRIAL, PLAN):
            # A child carries both tags: only its own kind's tag names it.
            if key in run.data.tags and run.data.tags[KIND] == key.rsplit(".", 1)[-1].replace("plan", "study"):
                self._run_ids.setdefault((key, run.data.tags[key]), str(run.info.run_id))


def _refuse_deleted(experiment: Experiment) -> None:
    if experiment.lifecycle_stage != LifecycleStage.ACTIVE:
        raise TrackingError(
            f"expected an active MLflow experiment {experiment.name}, found a deleted one",
            f"restore it (mlflow experiments restore --experiment-id {experiment.experiment_id}) or remove it for good "
            "(mlflow gc); until then everything is kept in the journal",
        )


def _run_tags(tags: Mapping[str, str]) -> list[RunTag]:
    return [RunTag(name, text[:MAX_TAG_CHARS]) for name, text in tags.items()]


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200] if text else ''}"
