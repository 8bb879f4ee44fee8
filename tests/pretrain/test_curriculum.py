from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from spektron.core.errors import ConfigError
from spektron.core.identity import canonical_json, fingerprint
from spektron.core.settings import parse_assignments
from spektron.pretrain import (
    PAPER_CURRICULUM,
    Curriculum,
    MaskConfig,
    MaskKind,
    PretrainConfig,
    Stage,
    Worker,
    draw_masks,
    pretrain,
)
from spektron.pretrain.curriculum import mask_at, mask_metrics
from spektron.study.space import Choice, grid_values
from tests.pretrain.conftest import small
from tests.pretrain.stand_in import MemoryCorpus, make_batch

INTENSITY = make_batch(8).intensity
MIXED = {
    "ratio_between": "linear",
    "stages": [
        {"begin": 0.0, "ratio": 0.1},
        {"begin": 0.5, "ratio": 0.4, "kind": {"random": 1, "contiguous": 1, "peak": 1}},
    ],
}


def staged(*begins: float, **fields: Any) -> Curriculum:
    return Curriculum(stages=tuple(Stage(begin=begin) for begin in begins), **fields)


@pytest.mark.parametrize(
    ("step", "ratio", "kind"),
    [
        (1, 0.10, "random"),
        (250, 0.10, "random"),
        (251, 0.20, "contiguous"),
        (500, 0.20, "contiguous"),
        (501, 0.30, "peak"),
        (750, 0.30, "peak"),
        (751, 0.25, "peak"),
        (1000, 0.25, "peak"),
    ],
)
def test_the_papers_curriculum_at_the_borders_of_its_stages(step: int, ratio: float, kind: MaskKind) -> None:
    mask = mask_at(PAPER_CURRICULUM, step, 1000)
    assert (mask.ratio, mask.kind) == (ratio, kind)


def test_a_linear_ratio_runs_from_stage_to_stage_and_stays_in_the_last() -> None:
    stages = (Stage(begin=0.0, ratio=0.1), Stage(begin=0.5, ratio=0.3), Stage(begin=0.75, ratio=0.2))
    line = Curriculum(stages=stages, ratio_between="linear")
    # (step - 1) / 8 of the run lies behind: four steps up by 0.05, two down by 0.05, then no change.
    found = [mask_at(line, step, 8).ratio for step in range(1, 9)]
    assert found == pytest.approx([0.1, 0.15, 0.2, 0.25, 0.3, 0.25, 0.2, 0.2])
    held = Curriculum(stages=stages)
    assert [mask_at(held, step, 8).ratio for step in range(1, 9)] == [0.1] * 4 + [0.3] * 2 + [0.2] * 2


@given(steps=st.integers(2, 5000), data=st.data())
def test_a_stage_begins_after_its_share_of_the_steps_to_the_step(steps: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(1, steps - 1))
    curriculum = Curriculum(stages=(Stage(begin=0.0, ratio=0.1), Stage(begin=before / steps, ratio=0.2)))
    assert mask_at(curriculum, before, steps).ratio == 0.1
    assert mask_at(curriculum, before + 1, steps).ratio == 0.2


def test_a_curriculum_of_one_stage_is_the_constant_mask() -> None:
    one = Curriculum(stages=(Stage(begin=0.0, kind="contiguous", ratio=0.3, num_spans=5),), ratio_between="linear")
    constant = MaskConfig(kind="contiguous", ratio=0.3, num_spans=5)
    for step in (1, 17, 40):
        np.testing.assert_array_equal(
            draw_masks(mask_at(one, step, 40), INTENSITY, (0, step)), draw_masks(constant, INTENSITY, (0, step))
        )


@pytest.mark.parametrize("world_size", [2, 4])
@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_row_has_one_mask_in_every_stage_whatever_the_number_of_workers(step: int, world_size: int) -> None:
    for curriculum in (PAPER_CURRICULUM, Curriculum.model_validate(MIXED)):
        mask = mask_at(curriculum, step, 4)
        alone = draw_masks(mask, INTENSITY, (7, step))
        assert set(alone.sum(axis=1)) == {mask.num_masked}
        for rank in range(world_size):
            share = INTENSITY[rank::world_size]
            found = draw_masks(mask, share, (7, step), rank=rank, world_size=world_size)
            np.testing.assert_array_equal(found, alone[rank::world_size])


def losses(mask: Any, directory: Path | None = None, crash_at: int | None = None) -> list[tuple[int, float]]:
    """Step and loss of every step of 8 that this call took."""
    taken: list[tuple[int, float]] = []

    def report(step: int, metrics: dict[str, float], checkpoint: Path | None) -> None:
        del checkpoint
        taken.append((step, metrics["train_loss"]))
        if step == crash_at:
            raise KeyboardInterrupt

    config = small(steps=8, eval_every=1).with_values({"mask": mask})
    corpus = MemoryCorpus(make_batch(16), make_batch(4, seed=1))
    try:
        pretrain(config, corpus, checkpoint_dir=directory, report=report, worker=Worker(checkpoint_every=1))
    except KeyboardInterrupt:
        assert crash_at is not None
    return taken


@pytest.mark.parametrize("mask", ["paper", MIXED])
@pytest.mark.parametrize("crash_at", [3, 4, 5])  # a stage begins with step 5
def test_a_run_resumed_across_a_border_has_the_same_losses(mask: Any, crash_at: int, tmp_path: Path) -> None:
    expected = losses(mask)
    assert len(expected) == 8
    assert losses(mask, tmp_path, crash_at) + losses(mask, tmp_path) == expected


def test_training_follows_the_curriculum() -> None:
    first = {"begin": 0.0, "ratio": 0.1}
    whole, constant = losses({"stages": [first, {"begin": 0.5, "ratio": 0.4}]}), losses({"ratio": 0.1})
    assert whole[:4] == constant[:4]
    assert all(one != other for one, other in zip(whole[4:], constant[4:], strict=True))


def test_metrics_name_the_share_hidden_and_every_kind_that_comes_up() -> None:
    # Regions of 64 in 2048 points: 10 % is 3.2 of them, 3 are taken; 20 % are three spans of 137 points.
    paper = PAPER_CURRICULUM
    assert mask_metrics(paper, 1, 4) == {
        "mask_ratio": 3 / 32,
        "mask_random": 1.0,
        "mask_contiguous": 0.0,
        "mask_peak": 0.0,
    }
    assert mask_metrics(paper, 2, 4)["mask_ratio"] == 411 / 2048
    assert mask_metrics(paper, 4, 4) == {
        "mask_ratio": 0.25,
        "mask_random": 0.0,
        "mask_contiguous": 0.0,
        "mask_peak": 1.0,
    }
    mixed = MaskConfig(kind={"peak": 3, "random": 1})
    assert mask_metrics(mixed, 1, 4) == {"mask_ratio": 0.25, "mask_random": 0.25, "mask_peak": 0.75}


def test_a_run_reports_what_it_hides_at_that_step() -> None:
    corpus = MemoryCorpus(make_batch(16), make_batch(4, seed=1))
    reported: list[tuple[float, float]] = []
    pretrain(
        small(steps=4, eval_every=2, mask="paper"),
        corpus,
        checkpoint_dir=None,
        report=lambda step, metrics, _: reported.append((metrics["mask_ratio"], metrics["mask_peak"])),
    )
    assert reported == [(411 / 2048, 0.0), (0.25, 1.0)]


def test_a_name_the_stages_and_the_command_line_make_one_configuration() -> None:
    base = PretrainConfig()
    named = base.with_values({"mask": "paper"})
    text = canonical_json(PAPER_CURRICULUM)
    assert named == base.with_values(parse_assignments([f"mask={text}"]))
    assert named == PretrainConfig(mask=PAPER_CURRICULUM)
    assert named == PretrainConfig.model_validate_json(named.model_dump_json())
    assert fingerprint(named) == fingerprint(json.loads(canonical_json(named)))
    assert named.with_values({"mask.ratio_between": "linear"}).mask != PAPER_CURRICULUM


def test_constant_masks_keep_the_names_of_the_runs_that_were_made_with_them() -> None:
    kept = {"kind": "random", "ratio": 0.25, "region_points": 64, "num_spans": 3}
    assert PretrainConfig().model_dump(mode="json")["mask"] == kept
    assert PretrainConfig().with_values({"mask.ratio": 0.3}).mask == MaskConfig(ratio=0.3)


def test_a_study_sweeps_constant_masks_and_curricula_on_one_axis() -> None:
    axis = Choice(values=({"kind": "peak"}, "paper", PAPER_CURRICULUM.model_dump(mode="json")))
    stored = grid_values({"mask": axis})["mask"]
    assert stored[1] == "paper"
    assert all(isinstance(value, str) for value in stored)
    masks = [PretrainConfig().with_values({"mask": value}).mask for value in axis.values]
    assert masks == [MaskConfig(kind="peak"), PAPER_CURRICULUM, PAPER_CURRICULUM]


TWO = {"begin": 0.5, "ratio": 0.95, "region_points": 16}


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ({"stages": []}, "expected stages, found none: give at least one"),
        ({"stages": [{"begin": 0.1}]}, r"begins at 0, found 0.1: set stages\[0\].begin to 0"),
        (
            {"stages": [{"begin": 0}, {"begin": 0.5}, {"begin": 0.2}]},
            r"one after the other, found \[0.0, 0.5, 0.2\]: put",
        ),
        ({"stages": [{"begin": 0}, {"begin": 0.5}, {"begin": 0.5}]}, "one after the other"),
        ({"stages": [{"begin": 0}, {"begin": 1.0}]}, "stages.1.begin: .*less than 1, found 1"),
        ({"stages": [{"begin": 0, "ratio": 1.5}]}, r"stages.0.ratio: .*less than 1, found 1.5\n"),
        ({"stages": [{"begin": 0, "ratio": 0.99}]}, "found 2048 of 2048 masked: move ratio away from 0 and 1"),
        ({"stages": [{"begin": 0, "kind": {}}]}, "expected kinds with weights above 0, found {}: name at least one of"),
        ({"stages": [{"begin": 0, "kind": {"peak": 0}}]}, "weights above 0, found {'peak': 0.0}"),
        ({"stages": [{"begin": 0, "kind": "peaks"}]}, "'random', 'contiguous' or 'peak'"),
        ({"stages": [{"ratio": 0.1}]}, "stages.0.begin: Field required"),
        (
            {"stages": [{"begin": 0, "ratio": 0.1, "region_points": 256}, TWO], "ratio_between": "linear"},
            r"in stages\[0\] up to its end, found 2048 of 2048 masked at the next stage's ratio of 0.95: lower",
        ),
        (
            "peak",
            "or a curriculum's name \\(paper, .*\\), found 'peak': to choose a kind, set mask.kind",
        ),
        ({"kind": "random", "begin": 0.0}, "begin: Extra inputs are not permitted"),
    ],
)
def test_schedules_that_cannot_be_are_refused(mask: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PretrainConfig().with_values({"mask": mask})


def test_a_jump_that_a_line_could_not_make_is_taken() -> None:
    held = {"stages": [{"begin": 0, "ratio": 0.1, "region_points": 256}, TWO]}
    assert mask_at(PretrainConfig().with_values({"mask": held}).mask, 1000, 1000).num_masked == 122 * 16


@pytest.mark.parametrize(("begins", "steps", "missed"), [((0, 0.25, 0.5), 2, 1), ((0, 0.9), 5, 1), ((0, 0.9), 1, 1)])
def test_a_run_too_short_for_a_stage_is_refused(begins: tuple[float, ...], steps: int, missed: int) -> None:
    with pytest.raises(ValidationError, match=rf"found {steps} steps and none in stages\[{missed}\].*: raise steps"):
        PretrainConfig(steps=steps, mask=staged(*begins))
    PretrainConfig(steps=10 * steps, mask=staged(*begins))


@settings(max_examples=50)
@given(steps=st.integers(1, 60), begins=st.sets(st.integers(1, 99), max_size=5))
def test_exactly_the_runs_that_meet_every_stage_are_taken(steps: int, begins: set[int]) -> None:
    curriculum = staged(0.0, *(begin / 100 for begin in sorted(begins)))
    met = {id(mask_at(curriculum, step, steps)) for step in range(1, steps + 1)}
    if len(met) == len(curriculum.stages):
        PretrainConfig(steps=steps, mask=curriculum)
    else:
        with pytest.raises(ValidationError, match="last a step or more"):
            PretrainConfig(steps=steps, mask=curriculum)
