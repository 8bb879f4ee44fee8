"""How masks change over training: stages as data, and a mask for each step that is a function of (step, steps) alone.

A curriculum is what `PretrainConfig.mask` may be instead of one constant mask, so a study sweeps both on one axis::

    space.mask=[{"kind": "random"}, {"kind": "peak"}, "paper"]

Nothing is remembered from step to step: a run that is resumed hides what the run it resumes would have hidden, and a
run of twice as many steps goes through the same stages at half the pace.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from spektron.core.settings import Settings
from spektron.pretrain.masking import MaskConfig
from spektron.spectra.spectrum import NUM_POINTS

__all__ = ["CURRICULA", "PAPER_CURRICULUM", "Curriculum", "Mask", "Stage", "mask_at", "mask_metrics"]


class Stage(MaskConfig):
    """What is hidden from some point of training on, until the next stage begins."""

    begin: float = Field(ge=0.0, lt=1.0)
    """Share of training after which the stage begins: 0.25 of 1000 steps leaves 250 steps to the stages before."""


class Curriculum(Settings):
    """Masks that change over training, stage by stage."""

    stages: tuple[Stage, ...]
    """In the order in which they come; the first begins at 0."""
    ratio_between: Literal["held", "linear"] = "held"
    """Whether a stage keeps its ratio, or moves in a line to the next stage's; the last one keeps it either way. A kind
    changes at once: weights of several kinds in one stage make a gradual change."""

    @model_validator(mode="after")
    def _in_order(self) -> Curriculum:
        begins = [stage.begin for stage in self.stages]
        if not begins:
            raise ValueError("expected stages, found none: give at least one, which begins at 0")
        if begins[0] != 0.0:
            raise ValueError(f"expected a first stage that begins at 0, found {begins[0]}: set stages[0].begin to 0")
        if any(later <= earlier for earlier, later in pairwise(begins)):
            raise ValueError(f"expected stages that begin one after the other, found {begins}: put them in that order")
        return self

    @model_validator(mode="after")
    def _ratios_fit_on_the_way(self) -> Curriculum:
        """Masked points grow with the ratio: where both ends of a line fit a stage's regions, all of it does."""
        for place, (stage, following) in enumerate(pairwise(self.stages)):
            masked = _with_ratio(stage, following.ratio).num_masked
            if self.ratio_between == "linear" and not 0 < masked < NUM_POINTS:
                raise ValueError(
                    f"expected masked and visible points in stages[{place}] up to its end, found {masked} of "
                    f"{NUM_POINTS} masked at the next stage's ratio of {following.ratio}: lower its region_points "
                    "(for contiguous, num_spans), or hold the ratio"
                )
        return self

    def check_steps(self, steps: int) -> None:
        """Refuse a run so short that a stage never comes.

        Raises
        ------
        ValueError
            Naming the first such stage.
        """
        for place, stage in enumerate(self.stages):
            first = _first_step(stage.begin, steps)
            if first > steps or self._place(first, steps) != place:
                raise ValueError(
                    f"expected a mask whose stages all last a step or more, found {steps} steps and none in "
                    f"stages[{place}], which begins at {stage.begin}: raise steps, or leave stages out"
                )

    def at(self, step: int, steps: int) -> MaskConfig:
        """What step 1, 2, …, `steps` hides."""
        place = self._place(step, steps)
        stage = self.stages[place]
        if self.ratio_between == "held" or place + 1 == len(self.stages):
            return stage
        following = self.stages[place + 1]
        way = (_progress(step, steps) - stage.begin) / (following.begin - stage.begin)
        return _with_ratio(stage, stage.ratio + way * (following.ratio - stage.ratio))

    def _place(self, step: int, steps: int) -> int:
        return bisect_right([stage.begin for stage in self.stages], _progress(step, steps)) - 1


def _progress(step: int, steps: int) -> float:
    """Share of training that lies behind when `step` is taken: 0 at step 1."""
    return (step - 1) / steps


def _first_step(begin: float, steps: int) -> int:
    step = max(1, int(begin * steps))  # a product rounds otherwise than the quotient that decides: look again
    while _progress(step, steps) < begin:
        step += 1
    return step


def _with_ratio(stage: Stage, ratio: float) -> Stage:
    return stage.model_copy(update={"ratio": ratio})


# Ratios and the order of kinds are the paper's; it leaves open when they change. Quarters, because none of the four is
# known to matter more; bands stay the aim while the ratio comes back to a quarter.
PAPER_CURRICULUM = Curriculum(
    stages=(
        Stage(begin=0.0, ratio=0.10, kind="random"),
        Stage(begin=0.25, ratio=0.20, kind="contiguous"),
        Stage(begin=0.5, ratio=0.30, kind="peak"),
        Stage(begin=0.75, ratio=0.25, kind="peak"),
    )
)
# What each half of it does alone: its ratios with one kind, and its kinds at the ratio it ends with.
_RATIOS = tuple(stage.model_copy(update={"kind": "random"}) for stage in PAPER_CURRICULUM.stages)
_KINDS = tuple(stage.model_copy(update={"ratio": 0.25}) for stage in PAPER_CURRICULUM.stages)
CURRICULA = {
    "paper": PAPER_CURRICULUM,
    "paper_ratios": Curriculum(stages=_RATIOS),
    "paper_kinds": Curriculum(stages=_KINDS),
}
"""Curricula that go by a name. The name is not kept: a configuration always holds the stages themselves."""


def _by_name(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in CURRICULA:
        raise ValueError(
            f"expected a mask's fields, a curriculum's stages or a curriculum's name ({', '.join(CURRICULA)}), found "
            f"{value!r}: to choose a kind, set mask.kind"
        )
    return CURRICULA[value]


def _form(value: Any) -> str:
    """Tell the two forms apart before either is validated, so that an error speaks of the form that was meant."""
    staged = isinstance(value, Curriculum) or (isinstance(value, dict) and not value.keys().isdisjoint(_STAGED))
    return "curriculum" if staged else "constant"


_STAGED = set(Curriculum.model_fields)

Mask = Annotated[
    Annotated[
        Annotated[MaskConfig, Tag("constant")] | Annotated[Curriculum, Tag("curriculum")],
        Discriminator(_form),
    ],
    BeforeValidator(_by_name),
]
"""One mask throughout, a curriculum, or a curriculum's name."""


def mask_at(mask: MaskConfig | Curriculum, step: int, steps: int) -> MaskConfig:
    """What step 1, 2, …, `steps` hides."""
    return mask.at(step, steps) if isinstance(mask, Curriculum) else mask


def mask_metrics(mask: MaskConfig | Curriculum, step: int, steps: int) -> dict[str, float]:
    """What a step hides, in numbers.

    Returns
    -------
    dict
        ``mask_ratio``, the share of points that is hidden once the ratio is rounded to whole regions, and for every
        kind that comes up in the whole run ``mask_<kind>``, its share of the rows at this step.
    """
    now = mask_at(mask, step, steps)
    stages: tuple[MaskConfig, ...] = mask.stages if isinstance(mask, Curriculum) else (mask,)
    kinds = {kind: None for stage in stages for kind in stage.shares}
    shares = {f"mask_{kind}": now.shares.get(kind, 0.0) for kind in kinds}
    return {"mask_ratio": now.num_masked / NUM_POINTS, **shares}
