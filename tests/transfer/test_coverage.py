"""Ways to make intervals by name, what they are judged by, and what a study says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from spektron.core.errors import ConfigError, StudyError
from spektron.model import EncoderConfig, Pretrained
from spektron.model.reconstruction import MaskedReconstructor
from spektron.study import StudySettings
from spektron.study.coverage_analysis import coverage_analysis
from spektron.study.outcome import Findings, TrialResult
from spektron.study.space import Choice
from spektron.study.threads import limited_threads
from spektron.study.trial import CorpusIdentity
from spektron.transfer.coverage import CoverageConfig, intervals_named
from spektron.transfer.methods import Measured
from spektron.transfer.metrics import interval_quality
from spektron.transfer.neural import FineTuned
from spektron.transfer.uncertainty import PredictionIntervals, SplitConformal

CORPUS = CorpusIdentity(name="c", fingerprint="f", num_train=100, summary={})
SETTINGS = StudySettings[CoverageConfig](config=CoverageConfig(), space={"seed": Choice(values=(0, 1))})


def test_names_say_what_intervals_are() -> None:
    assert isinstance(intervals_named("sg1+pds"), PredictionIntervals)
    conformal = intervals_named("conformal:mean")
    assert isinstance(conformal, PredictionIntervals)
    assert conformal.kind == "conformal"
    assert isinstance(intervals_named("split:mean"), SplitConformal)
    with pytest.raises(ConfigError, match='expected "conformal:" or "split:" before a method, found \'bayes:\''):
        intervals_named("bayes:mean")
    with pytest.raises(ConfigError, match="expected a method of"):
        intervals_named("split:magic")
    with pytest.raises(ValidationError, match="ascending"):
        CoverageConfig(num_standards=(10, 5))


def test_quality_of_known_intervals() -> None:
    low, high = np.array([0.0, 0.0, -np.inf]), np.array([1.0, 1.0, np.inf])
    found = interval_quality(low[:2], high[:2], np.array([0.5, 1.2]), 0.9)
    assert found.coverage == 0.5
    assert found.width == 1.0
    assert found.score == pytest.approx(1.0 + 20 * 0.2 / 2)
    assert interval_quality(low, high, np.array([0.5, 0.5, 9.0]), 0.9).width == np.inf
    with pytest.raises(ConfigError, match="low ends below high ones, found 2"):
        interval_quality(high[:2], low[:2], np.zeros(2), 0.9)
    with pytest.raises(ConfigError, match="as many intervals as measured values"):
        interval_quality(low, high, np.zeros(2), 0.9)


def trial(intervals: str, seed: int, covered: float, width: float | None = 1.0) -> TrialResult:
    metrics: dict[str, float] = {}
    for direction in ("a-b", "b-a"):
        for number in (10, 30):
            at = f"{direction}/oil/n{number}"
            metrics |= {f"coverage/{at}/c{percent}": covered * percent / 90 for percent in (50, 80, 90, 95)}
            if width is not None:
                metrics |= {f"width/{at}": width, f"score/{at}": 2 * width}
    params = {"intervals": intervals, "dataset": "corn", "seed": seed}
    return TrialResult(
        fingerprint=f"{intervals}{seed}", params=params, metrics=metrics, wall_s=1.0, cpu_s=1.0, gpu_s=0.0, reused=False
    )


def analysed(*results: TrialResult) -> Findings:
    return coverage_analysis(results, SETTINGS, CORPUS, baseline="split:mean", judged="mean")


def test_intervals_that_cover_everywhere_are_enough_and_compared_in_width() -> None:
    found = analysed(
        trial("mean", 0, 0.92, 0.8),
        trial("mean", 1, 0.88, 0.8),
        trial("split:mean", 0, 0.9),
        trial("split:mean", 1, 0.9),
    )
    assert found.status == "enough"
    assert "cover 90.0% to 90.0%" in found.verdict
    assert found.results is not None
    row = next(row for row in found.results.rows if row["intervals"] == "mean" and row["number"] == 10)
    assert row["against"] == pytest.approx(0.8)
    assert {card.title for card in found.cards} >= {"corn, 10 standards: reliability"}


def test_calibration_error_is_not_cancelled_between_directions() -> None:
    result = trial("mean", 0, 0.9)
    uneven = {
        name: value * (1.1 if "/a-b/" in name else 0.9) if name.startswith("coverage/") else value
        for name, value in result.metrics.items()
    }
    found = analysed(replace(result, metrics=uneven))
    assert found.results is not None
    for row in found.results.rows:
        assert row["calibration"] == pytest.approx(0.1 * (0.5 + 0.8 + 0.9 + 0.95) / 4)


def test_what_covers_too_little_is_named() -> None:
    found = analysed(trial("mean", 0, 0.7), trial("split:mean", 0, 0.9, None))
    assert found.status == "not_enough"
    assert "corn a-b with 10: 70.0%" in found.verdict
    assert "in 4 of 4 directions" in found.verdict


def test_nothing_is_said_of_what_was_not_run() -> None:
    assert analysed(trial("split:mean", 0, 0.9)).status == "not_applicable"
    with pytest.raises(StudyError, match="found none"):
        analysed()


def test_networks_have_intervals_too(tmp_path: Path) -> None:
    measured = Measured(wavenumber_cm1=np.linspace(4000.0, 9000.0, 50))
    intervals = intervals_named("lora_8_variance", measured)
    assert isinstance(intervals, PredictionIntervals)
    assert isinstance(intervals.calibration, FineTuned)
    assert intervals.folds == 3
    with pytest.raises(ConfigError, match="axis"):
        intervals_named("conformal:lora_8")
    config = CoverageConfig(intervals="conformal:lora_8")
    assert config.is_network
    torch.manual_seed(0)
    small = EncoderConfig(dim=16, layers=1, heads=2, scales=("coarse",))
    Pretrained(model=MaskedReconstructor(small)).save_pretrained(tmp_path / "m")
    with_model = config.with_values({"model": str(tmp_path / "m")})
    assert with_model.folder == (tmp_path / "m").resolve()
    assert with_model.identity() != config.identity()
    assert "model" not in with_model.identity()


def test_a_trial_without_a_network_is_what_it_was_before_there_were_any() -> None:
    assert set(CoverageConfig().identity()) == {"dataset", "intervals", "num_standards", "seed"}


def test_torch_is_held_to_a_trials_threads_and_let_go() -> None:
    before = torch.get_num_threads()
    with limited_threads(before + 1, network=True):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
