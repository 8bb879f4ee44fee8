"""Publishing an answer: analysis → report → files, the journal (and so MLflow), and nothing that a crash can halve."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spektron.core.errors import SpektronError
from spektron.core.files import write_text
from spektron.core.provenance import provenance
from spektron.report import Column, StudyReport, Table, save_figure, study_page, write_csv
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger
from spektron.study.mlflow_store import MlflowStore
from spektron.study.outcome import Findings, Outcome, TrialResult
from spektron.study.places import Places
from spektron.study.plan import Plan
from spektron.study.tags import PLAN
from spektron.study.words import value_text

__all__ = ["publish"]


def publish(
    plan: Plan, ledger: Ledger, outcome: Outcome, journal: Journal, store: MlflowStore, places: Places
) -> StudyReport:
    """Analyse, write the report's files, and journal the end of the study."""
    findings = _analyse(plan, outcome)
    report = _report(plan, ledger, outcome, findings, store, places)
    trials = _trials_table(plan, outcome.results)
    _write_files(report, trials, outcome.report_dir)
    journal.append(
        "study-ended",
        plan=plan.fingerprint,
        status="FAILED" if outcome.failed else "FINISHED",
        folder=str(outcome.report_dir),
        table={c.name: [row.get(c.name) for row in trials.rows] for c in trials.columns if c.name != "reused"},
        metrics={**findings.metrics, **_total_cost(outcome.results)},
        tags={"spektron.status": findings.status, "spektron.verdict": findings.verdict},
    )
    outcome.report = report
    return report


def _analyse(plan: Plan, outcome: Outcome) -> Findings:
    """The study's own analysis; one that does not apply says why, and the trials' table is published all the same."""
    if not outcome.results:
        return Findings(status="not_applicable", verdict="Not applicable, because no trial has finished.")
    try:
        return plan.study.analysis(outcome.results, plan.settings, plan.corpus)
    except SpektronError as error:
        return Findings(status="not_applicable", verdict=f"Not applicable, because {error.message}. {error.hint}")


def _report(
    plan: Plan, ledger: Ledger, outcome: Outcome, findings: Findings, store: MlflowStore, places: Places
) -> StudyReport:
    return StudyReport(
        study=plan.study.address,
        title=plan.study.question,
        prediction=plan.study.prediction,
        status=findings.status,
        verdict=findings.verdict,
        headlines=findings.headlines,
        cards=findings.cards,
        results=findings.results or _trials_table(plan, outcome.results),
        cost=_cost_table(plan, outcome.results),
        provenance={
            "plan": plan.fingerprint,
            "corpus": f"{plan.corpus.name}@{plan.corpus.fingerprint}",
            **provenance(),
        },
        where_to_look=_where(plan, outcome, store, places),
        warnings=_warnings(plan, ledger, outcome),
    )


def _where(plan: Plan, outcome: Outcome, store: MlflowStore, places: Places) -> dict[str, str]:
    run_id = store.run_id(PLAN, plan.fingerprint) if store.connected else None
    look = {
        "report": str(outcome.report_dir / "report.html"),
        "trials": str(outcome.report_dir / "trials.csv"),
        "figures": str(outcome.report_dir / "figures"),
    }
    if places.tracking_uri.startswith("http"):
        look["MLflow"] = store.url(run_id) if store.connected else places.tracking_uri
    else:
        look["MLflow"] = f"mlflow ui --backend-store-uri {places.tracking_uri}   (or: make ui)"
    return look


def _warnings(plan: Plan, ledger: Ledger, outcome: Outcome) -> tuple[str, ...]:
    warnings = [f"{label} failed: {reason}" for label, reason in outcome.failed.items()]
    now = provenance()["source_hash"]
    made_by = [set(ledger.records[result.fingerprint].source_hashes) for result in outcome.results]
    if other := [hashes - {now} for hashes in made_by if hashes - {now}]:
        warnings.append(
            f"{len(other)} of {len(outcome.results)} trials were made by other code, wholly or up to a checkpoint "
            f"(source hash {', '.join(sorted(set().union(*other)))}; now {now}); raise the study's version to run them "
            "again"
        )
    missing = plan.num_trials - len(outcome.results) - len(outcome.failed)
    if missing:
        warnings.append(f"{missing} of {plan.num_trials} trials have no result")
    return (*warnings, *outcome.warnings)


def _trials_table(plan: Plan, results: Sequence[TrialResult]) -> Table:
    axes = list(plan.settings.space)
    metrics = sorted({name for result in results for name in result.metrics})
    metrics.sort(key=lambda name: name != plan.study.metric)
    return Table(
        title="Trials",
        columns=(
            *(Column(axis, axis.rsplit(".", 1)[-1]) for axis in axes),
            *(Column(name, name) for name in metrics),
            Column("wall_s", "Time", format="duration"),
            Column("cpu_s", "Reserved CPU", unit="s"),
            Column("gpu_s", "Reserved GPU", unit="s"),
            Column("reused", "From the ledger"),
            Column("fingerprint", "Fingerprint"),
        ),
        rows=tuple(_row(axes, result) for result in results),
    )


def _cell(value: Any) -> Any:
    """Scalars as they are, lists and stages in words."""
    return value if value is None or isinstance(value, str | bool | int | float) else value_text(value)


def _row(axes: Sequence[str], result: TrialResult) -> dict[str, Any]:
    return {
        **{axis: _cell(result.params[axis]) for axis in axes},
        **result.metrics,
        "wall_s": result.wall_s,
        "cpu_s": result.cpu_s,
        "gpu_s": result.gpu_s,
        "reused": result.reused,
        "fingerprint": result.fingerprint,
    }


def _total_cost(results: Sequence[TrialResult]) -> dict[str, float]:
    return {
        "cost/wall_s": sum(result.wall_s for result in results),
        "cost/cpu_s": sum(result.cpu_s for result in results),
        "cost/gpu_s": sum(result.gpu_s for result in results),
    }


def _cost_table(plan: Plan, results: Sequence[TrialResult]) -> Table:
    """What the answer cost, split into what this run spent and what the ledger had."""
    prices = plan.settings.cost
    priced = prices.cpu_hour is not None or prices.gpu_hour is not None

    def row(label: str, chosen: Sequence[TrialResult]) -> Mapping[str, Any]:
        cost = _total_cost(chosen)
        cells: dict[str, Any] = {
            "part": label,
            "trials": len(chosen),
            "trial_s": cost["cost/wall_s"],
            "cpu_s": cost["cost/cpu_s"],
            "gpu_s": cost["cost/gpu_s"],
        }
        if priced:
            hours = (cost["cost/cpu_s"] / 3600, cost["cost/gpu_s"] / 3600)
            cells["money"] = hours[0] * (prices.cpu_hour or 0.0) + hours[1] * (prices.gpu_hour or 0.0)
        return cells

    columns = [
        Column("part", "Cost"),
        Column("trials", "Trials", format="count"),
        Column("trial_s", "Trial time", format="duration"),
        Column("cpu_s", "Reserved CPU time", format="duration"),
        Column("gpu_s", "Reserved GPU time", format="duration"),
    ]
    if priced:
        columns.append(Column("money", "Money", unit=prices.currency, format=".2f"))
    return Table(
        title="Cost",
        columns=tuple(columns),
        rows=(
            row("this run", [result for result in results if not result.reused]),
            row("from the ledger", [result for result in results if result.reused]),
        ),
        totals=(row("the answer", results),),
        note="CPU and GPU time are what was reserved, lost tries included: what a cluster bills.",
    )


def _write_files(report: StudyReport, trials: Table, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "report.html", study_page(report))
    write_csv(trials, folder / "trials.csv")
    cards = {_slug(card.title): card.table for card in report.cards}
    tables = {"results": report.results, "cost": report.cost, **cards}
    for name, table in tables.items():
        if table is not None:
            write_csv(table, folder / f"{name}.csv")
    for figure in report.figures:
        for suffix in (".png", ".svg"):
            (folder / "figures").mkdir(exist_ok=True)
            save_figure(figure, folder / "figures" / f"{figure.name}{suffix}")


def _slug(title: str) -> str:
    """A card's title as a file's name."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))
