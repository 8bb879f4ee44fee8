"""Every study of studies/: an inert value whose presets make plans, and whose arms have a reference."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from spektron.core.identity import canonical_json
from spektron.study.plan import make_plan
from spektron.study.study import Study
from spektron.study.trial import CorpusIdentity

FILES = sorted((Path(__file__).parents[2] / "studies").glob("*.py"))
CORPUS = CorpusIdentity(name="c", fingerprint="0" * 16, num_train=400_000, summary={})


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def study(request: pytest.FixtureRequest) -> Study[Any]:
    found = runpy.run_path(str(request.param))["STUDY"]
    assert isinstance(found, Study)
    assert found.name == request.param.stem
    return found


@pytest.mark.parametrize("preset", ["smoke", "laptop", "cluster"])
def test_every_preset_makes_a_plan(study: Study[Any], preset: str) -> None:
    plan = make_plan(study, study.with_preset(preset), CORPUS)
    assert len({trial.fingerprint for trial in plan.trials}) == plan.num_trials > 1
    if preset == "cluster" and "precision" in type(plan.settings.config).model_fields:  # those that train
        assert plan.settings.train.gpus_per_worker
        assert plan.settings.config.precision == "bf16"


def test_the_reference_of_an_ablation_is_among_its_arms(study: Study[Any]) -> None:
    given = getattr(study.analysis, "keywords", {})
    reference = given.get("reference")
    if reference is None and "judged" in given:
        reference = {"intervals": given["judged"]}
        assert given["baseline"] in study.settings.space["intervals"].values
    if reference is None:
        assert study.name == "corpus_scaling"
        return
    for preset in ("laptop", "cluster"):
        plan = make_plan(study, study.with_preset(preset), CORPUS)
        points = [{axis: canonical_json(trial.params[axis]) for axis in reference} for trial in plan.trials]
        assert {axis: canonical_json(value) for axis, value in reference.items()} in points
    seeds = {trial.params["seed"] for trial in make_plan(study, study.with_preset("laptop"), CORPUS).trials}
    assert len(seeds) >= 3, "fewer seeds have intervals that nobody can use"


def test_a_study_says_what_it_asks_and_what_it_expects(study: Study[Any]) -> None:
    assert study.question.endswith("?")
    assert len(study.prediction) > 20
    text = next(path for path in FILES if path.stem == study.name).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    assert f"studies/{study.name}.py --preset smoke" in text
