"""What a benchmark of transfer says of methods whose errors are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spektron.core.errors import StudyError
from spektron.report import Interval
from spektron.study import StudySettings
from spektron.study.outcome import Findings, TrialResult
from spektron.study.space import Choice
from spektron.study.transfer_analysis import transfer_analysis
from spektron.study.transfer_claims import Claim
from spektron.study.transfer_pairs import Pair
from spektron.study.trial import CorpusIdentity
from spektron.transfer.benchmark import TransferConfig

CORPUS = CorpusIdentity(name="c", fingerprint="f", num_train=100, summary={})
SETTINGS = StudySettings[TransferConfig](config=TransferConfig(), space={"seed": Choice(values=(0, 1))})
TASKS = [f"m5-mp{child}/{name}" for child in (5, 6) for name in ("moisture", "oil", "protein", "starch")]


def trial(method: str, seed: int, factor: float, dataset: str = "corn", extra: str | None = None) -> TrialResult:
    """RMSEP is the ceiling times `factor`, and the ceiling another in every task and split."""
    tasks = [*TASKS, *([extra] if extra else [])]
    ceiling = {task: 0.1 * (place + 1) * (1 + seed) for place, task in enumerate(tasks)}
    metrics = {f"ceiling/{task}": value for task, value in ceiling.items()}
    metrics |= {f"untransferred/{task}": 5 * value for task, value in ceiling.items()}
    metrics |= {f"spread/{task}": 2 * value for task, value in ceiling.items()}
    metrics |= {f"samples/{task}": 20.0 for task in ceiling}
    for number in (5, 10, 50):
        errors = {task: factor * value * (10 / number) for task, value in ceiling.items()}
        metrics |= {f"rmsep/{task}/n{number}": error for task, error in errors.items()}
        metrics |= {f"bias/{task}/n{number}": 0.6 * error for task, error in errors.items()}
    if extra:
        metrics |= {f"rmsep/{extra}/n{number}": 1000.0 for number in (5, 10, 50)}
    return TrialResult(
        fingerprint=f"{method}{seed}{dataset}",
        params={"method": method, "dataset": dataset, "seed": seed},
        metrics=metrics,
        wall_s=1.0,
        cpu_s=1.0,
        gpu_s=0.0,
        reused=False,
    )


def analysed(results: list[TrialResult]) -> Findings:
    return transfer_analysis(results, SETTINGS, CORPUS, reference={"method": "sg1+difference_ridge"})


def cell(findings: Findings, method: str, column: str) -> Interval:
    assert findings.results is not None
    found = next(row for row in findings.results.rows if row["method"] == method)[column]
    assert isinstance(found, Interval)
    return found


def test_ratios_are_those_of_rmsep_to_the_ceiling_whatever_the_unit() -> None:
    found = analysed(
        [trial(name, seed, f) for name, f in (("sg1+difference_ridge", 1.2), ("mean", 1.5)) for seed in (0, 1)]
    )
    assert cell(found, "mean", "n10").value == pytest.approx(1.5)
    assert cell(found, "mean", "n5").value == pytest.approx(3.0)
    assert cell(found, "sg1+difference_ridge", "n50").value == pytest.approx(0.24)
    assert found.metrics["transfer/corn/sg1_difference_ridge/n10"] == pytest.approx(1.2)
    assert found.status == "differs"
    assert "the next, mean, has 1.250 [1.250, 1.250] times its error" in found.verdict


def test_a_better_method_is_named_with_its_ratio_to_the_reference() -> None:
    found = analysed(
        [trial(name, seed, f) for name, f in (("sg1+difference_ridge", 1.2), ("pds", 0.9)) for seed in (0, 1)]
    )
    assert found.status == "differs"
    assert "pds is best, 0.900 times the ceiling's RMSEP and 0.750" in found.verdict
    assert "better in 8 of 8 tasks" in found.verdict


def test_the_best_method_is_told_task_by_task() -> None:
    found = analysed([trial("sg1+difference_ridge", seed, 1.2) for seed in (0, 1)])
    card = next(card for card in found.cards if "task by task" in card.title)
    assert card.table is not None
    row = next(row for row in card.table.rows if row["task"] == "m5-mp5/oil")
    # ceilings of 0.2 and 0.4, so errors of 0.24 and 0.48, of which 0.6 is bias; spreads of 0.4 and 0.8
    assert row["rmsep"] == pytest.approx(0.36)
    assert row["bias"] == pytest.approx(0.216)
    assert row["sep"] == pytest.approx(0.36 * 0.8 * (20 / 19) ** 0.5)
    assert row["r2"] == pytest.approx(1 - 0.6**2 * 20 / 19)
    assert row["rpd"] == pytest.approx(1 / (0.6 * 0.8) * (19 / 20) ** 0.5)
    assert row["ratio"] == pytest.approx(1.2)
    assert row["gained"] == pytest.approx((5 - 1.2) / (5 - 1))


def test_p_values_of_many_comparisons_are_adjusted() -> None:
    factors = {"sg1+difference_ridge": 1.2, "pds": 1.3, "mean": 1.4, "none": 1.5}
    found = analysed([trial(name, seed, factor) for name, factor in factors.items() for seed in (0, 1)])
    card = next(card for card in found.cards if "paired" in card.title)
    assert card.table is not None
    for row in card.table.rows:
        assert row["holm_p"] == pytest.approx(3 * 2 / 2**8)  # all signs of 8 tasks alike, three comparisons


def test_to_m5_moisture_does_not_count() -> None:
    results = [trial("sg1+difference_ridge", seed, 1.2, extra="mp5-m5/moisture") for seed in (0, 1)]
    assert cell(analysed(results), "sg1+difference_ridge", "n10").value == pytest.approx(1.2)


def test_methods_of_other_splits_are_not_compared_but_named() -> None:
    results = [trial("sg1+difference_ridge", 0, 1.2), trial("sg1+difference_ridge", 1, 1.2), trial("mean", 0, 1.0)]
    found = analysed(results)
    card = next(card for card in found.cards if card.title.endswith("paired"))
    assert card.status == "not_applicable"
    assert "mean" in card.body
    assert found.status == "cannot_tell"


def test_methods_of_other_splits_are_not_ranked_but_named() -> None:
    """Split 0 is the easy one: what ran on it alone looks good, and is not."""
    methods = (("sg1+difference_ridge", (0, 1), (0.7, 1.5)), ("mean", (0, 1), (0.9, 1.6)), ("pds", (0,), (0.8,)))
    results = [trial(name, seed, f) for name, seeds, factors in methods for seed, f in zip(seeds, factors, strict=True)]
    found = transfer_analysis(
        results, SETTINGS, CORPUS, reference={"method": "sg1+difference_ridge"}, anew="pds", pairs=[("pds", "mean")]
    )
    assert "sg1+difference_ridge is best, 1.025 times" in found.verdict
    assert "the next, mean, has" in found.verdict
    assert "Not ranked, for they finished other splits than these 2: pds (1)." in found.verdict
    assert "A calibration of the child alone" not in found.verdict
    assert "sg1+difference_ridge" in found.headlines[0].note
    assert found.results is not None
    assert [row["method"] for row in found.results.rows] == ["sg1+difference_ridge", "mean", "pds"]


def test_each_set_has_its_own_figures_and_rows() -> None:
    names = ("sg1+difference_ridge", "mean")
    results = [
        trial(name, 0, f, dataset) for dataset in ("corn", "tablets") for name, f in zip(names, (1.0, 2.0), strict=True)
    ]
    found = analysed(results)
    figures = [card.figure.name for card in found.cards if card.figure is not None]
    assert len(figures) == len(set(figures)) == 4
    assert found.results is not None
    assert [row["dataset"] for row in found.results.rows] == ["corn", "corn", "tablets", "tablets"]


def test_nothing_finished_is_an_error() -> None:
    with pytest.raises(StudyError, match="expected finished trials"):
        analysed([])


def test_it_says_from_how_many_standards_on_the_parent_may_be_forgotten() -> None:
    transfer = [trial("sg1+difference_ridge", seed, 1.0) for seed in (0, 1)]
    anew = [trial("recalibration", seed, 1.0) for seed in (0, 1)]
    for result in anew:  # 3, 1.05 and 0.9 times the other's error with 5, 10 and 50 standards
        for name in result.metrics:
            for number, factor in ((5, 3.0), (10, 1.05), (50, 0.9)):
                if name.endswith(f"/n{number}"):
                    result.metrics[name] *= factor
    found = transfer_analysis(
        transfer + anew, SETTINGS, CORPUS, reference={"method": "sg1+difference_ridge"}, anew="recalibration"
    )
    assert "within 10% of the best other method from 10 standards on, and is better than it from 50" in found.verdict


def test_it_says_that_the_parent_is_needed_throughout() -> None:
    results = [trial(name, seed, f) for name, f in (("mean", 1.0), ("recalibration", 2.0)) for seed in (0, 1)]
    found = transfer_analysis(results, SETTINGS, CORPUS, reference={"method": "mean"}, anew="recalibration")
    assert "better than it with none of up to 50 standards" in found.verdict


FACTORS = {"sg1+difference_ridge": 1.2, "hybrid_pds": 1.248, "lora_pds": 1.3, "mean": 1.0}
TOGETHER = [trial(name, seed, f) for name, f in FACTORS.items() for seed in (0, 1) if (name, seed) != ("mean", 1)]


def with_pairs(results: list[TrialResult], pairs: list[Pair], claims: list[Claim]) -> Findings:
    return transfer_analysis(
        results, SETTINGS, CORPUS, reference={"method": "sg1+difference_ridge"}, pairs=pairs, claims=claims
    )


def worse_in(results: list[TrialResult], method: str, task: str, factor: float) -> list[TrialResult]:
    """The same, where one method errs more in one task."""
    return [
        replace(one, metrics={k: v * (factor if f"/{task}/n" in k else 1.0) for k, v in one.metrics.items()})
        if one.params["method"] == method
        else one
        for one in results
    ]


def test_pairs_are_compared_with_each_other_and_not_with_the_reference() -> None:
    results = worse_in(TOGETHER, "hybrid_pds", "m5-mp5/oil", 1.5)
    pairs = [("hybrid_pds", "lora_pds"), ("lora_pds", "hybrid_pds"), ("hybrid_pds", "mean"), ("hybrid_pds", "nobody")]
    card = next(card for card in with_pairs(results, pairs, []).cards if card.title.endswith("pairs"))
    assert card.table is not None
    assert card.figure is not None
    first, second = card.table.rows
    assert isinstance(first["ratio"], Interval)
    assert isinstance(second["ratio"], Interval)
    assert first["ratio"].value == pytest.approx(0.96 * 1.5 ** (1 / 8))
    assert first["ratio"].value * second["ratio"].value == pytest.approx(1)
    assert first["worst"] == pytest.approx(0.96 * 1.5)
    assert second["worst"] == pytest.approx(1 / 0.96)
    assert first["better"] == "7 of 8"
    assert card.figure.y_names == ("hybrid_pds / lora_pds", "lora_pds / hybrid_pds")
    assert "hybrid_pds / mean, hybrid_pds / nobody" in card.body


def test_pairs_of_which_none_was_run_are_not_applicable() -> None:
    card = next(card for card in with_pairs(TOGETHER, [("a", "b")], []).cards if card.title.endswith("pairs"))
    assert card.status == "not_applicable"
    assert "a / b" in card.body


def test_the_worst_task_stands_beside_the_mean() -> None:
    results = worse_in(TOGETHER, "hybrid_pds", "m5-mp6/starch", 1.25)
    card = next(card for card in with_pairs(results, [], []).cards if card.title.endswith("paired"))
    assert card.table is not None
    assert next(r for r in card.table.rows if r["method"] == "hybrid_pds")["worst"] == pytest.approx(1.04 * 1.25)


def test_the_verdict_says_whether_predictions_hold() -> None:
    pairs = [("hybrid_pds", "sg1+difference_ridge"), ("lora_pds", "sg1+difference_ridge"), ("nobody", "lora_pds")]
    claims = [
        Claim(says="none is 5 % worse", pairs=pairs, most=1.05),
        Claim(says="with 10 none is 5 % better", pairs=pairs, least=0.95, numbers=(10, 20)),
        Claim(says="of others", pairs=pairs[2:], most=1.0),
    ]
    found = with_pairs(TOGETHER, [], claims)
    assert (
        '"none is 5 % worse" does not hold: lora_pds / sg1+difference_ridge is 1.083 with 5 standards, lora_pds / '
        "sg1+difference_ridge is 1.083 with 10 standards, lora_pds / sg1+difference_ridge is 1.083 with 50 standards; "
        "it does in 3 of 6 comparisons (not compared: nobody / lora_pds)." in found.verdict
    )
    assert (
        '"with 10 none is 5 % better" holds in 2 of 2 comparisons (not compared: nobody / lora_pds).' in found.verdict
    )
    assert "of others" not in found.verdict
    card = next(card for card in found.cards if card.title.endswith("what was predicted"))
    assert card.table is not None
    assert [row["holds"] for row in card.table.rows] == ["yes"] * 3 + ["no"] * 3 + ["yes"] * 2
