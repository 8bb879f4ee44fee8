"""A study as an inert value: building one runs nothing, opens nothing and reads nothing.

What bears identity is `StudySettings.config` (and, through the trial, the corpus's fingerprint, the split and the
seed). What never does is `StudySettings.train` and `StudySettings.cost`: how many workers, CPUs and GPUs, and what
they cost. The two live in different classes so that neither can slip into the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, Protocol, TypeVar

from pydantic import Field, SerializeAsAny, model_validator

from spektron.core.errors import ConfigError
from spektron.core.settings import Settings
from spektron.core.storage import Storage
from spektron.study.outcome import Findings, TrialResult
from spektron.study.space import Axis, Choice, Sizes

__all__ = ["Placement", "Preset", "Prices", "Study", "StudySettings", "TrialContext"]

ConfigT = TypeVar("ConfigT", bound=Settings)


class Placement(Settings):
    """Where and how wide trials run. Never part of a trial's identity."""

    num_workers: int = Field(default=1, ge=1)
    """Workers of one trial: 1 trains inline in a Tune actor, more is a nested TorchTrainer (about 20 s dearer)."""
    cpus_per_worker: float = Field(default=1.0, gt=0)
    """CPUs a worker reserves; Ray Data always keeps one CPU of the cluster beside all of them."""
    gpus_per_worker: float = Field(default=0.0, ge=0)
    """GPUs a worker reserves; fractions share one GPU."""
    max_concurrent: int | None = Field(default=None, ge=1)
    """Trials at a time; None takes as many as the cluster holds."""
    autoscaling: bool = False
    """The cluster one is connected to grows on demand: with `max_concurrent`, wait for CPUs and GPUs that are not there
    yet. The cluster that a run starts on its own machine never grows, and is refused as ever."""
    threads_per_worker: int = Field(default=1, ge=1)
    """Threads of each worker's tensor operations: as many as the cores a worker really has."""
    accumulation: int = Field(default=1, ge=1)
    """Parts that each worker's share of a batch is cut into, so that it fits the memory."""
    compile: bool = False
    """Compile the model: minutes at the start of each trial, for long ones."""
    recompute: bool = False
    """Compute blocks again in the backward pass instead of keeping what is in them: less memory, more time."""
    checkpoint_every: int = Field(default=200, ge=1)
    """Steps between checkpoints; the last step is always one. A crash costs at most these."""
    max_failures: int = Field(default=1, ge=0)
    """How often one trial is tried again, from its last checkpoint, before it counts as failed."""

    @model_validator(mode="after")
    def _whole_gpus_for_many_workers(self) -> Placement:
        if self.num_workers > 1 and self.gpus_per_worker not in (0.0, 1.0):
            raise ValueError(f"several workers take whole GPUs: expected 0 or 1 each, found {self.gpus_per_worker:g}")
        return self

    @property
    def cpus_per_trial(self) -> float:
        """CPUs one trial reserves."""
        return self.num_workers * self.cpus_per_worker

    @property
    def gpus_per_trial(self) -> float:
        """GPUs one trial reserves."""
        return self.num_workers * self.gpus_per_worker


class Prices(Settings):
    """What an hour costs, to turn seconds into money; None leaves the cost in seconds."""

    cpu_hour: float | None = Field(default=None, ge=0)
    """Price of one reserved CPU for an hour."""
    gpu_hour: float | None = Field(default=None, ge=0)
    """Price of one reserved GPU for an hour."""
    currency: str = "USD"
    """Shown beside the amounts."""


class StudySettings(Settings, Generic[ConfigT]):
    """Everything ``--set`` can reach."""

    config: SerializeAsAny[ConfigT]
    """What every trial does, before the axes are set; bears identity."""
    space: dict[str, Axis]
    """What varies: dotted path in `config` → values or range."""
    search: Literal["grid", "tpe", "random"] = "grid"
    """How points are chosen."""
    num_trials: int | None = Field(default=None, ge=1)
    """How many points a search draws; a grid has its own number."""
    search_seed: int = 0
    """Seed of the search (not of a trial)."""
    train: Placement = Placement()
    """Where trials run; never bears identity."""
    cost: Prices = Prices()
    """Prices per hour; never bears identity."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    """Values over a study's base settings, and how long to expect."""

    expect: str
    """How long it takes and on what, in words."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Dotted path in `StudySettings` → value."""


class TrialContext(Protocol):
    """What a trial function is given; everything in it may be used on any node."""

    config: Any
    """The trial's validated configuration: base settings with this point's values."""
    corpus_dir: Storage
    """The corpus to open."""
    checkpoint_dir: Path
    """This trial's own folder: what is left there by an interrupted try is there again."""
    split: str
    """The split to judge on."""
    placement: Placement
    """How many workers, and how wide."""

    def report(self, step: int, metrics: Mapping[str, float], checkpoint: Path | None = None) -> None:
        """Say how it is going; metrics are kept by step."""


TrialFunction = Callable[[Any], Mapping[str, float]]


Analysis = Callable[[Sequence[TrialResult], Any, Any], Findings]
Check = Callable[[Any, Any], None]


@dataclass(frozen=True, kw_only=True)
class Study(Generic[ConfigT]):
    """A question, and everything needed to answer it.

    Attributes
    ----------
    name, version : str, int
        ``name@version`` is the address. The version goes up when the same configuration means something else.
    question, prediction : str
        What is asked, and what was expected before anything ran.
    settings : StudySettings
        Base settings, before a preset.
    trial : callable
        ``trial(context) -> metrics``; importable on every node, so it lives in the package, not in the study's file.
    metric, direction : str
        What is compared, and whether less is better.
    presets : mapping
        ``smoke`` (< 60 s), ``laptop`` (minutes on 2 cores), ``cluster`` (the real scale).
    analysis : callable
        ``analysis(results, settings, corpus) -> Findings``: cards, figures and a verdict.
    split : str
        The split that trials are judged on.
    check : callable
        ``check(config, corpus)`` raises `ConfigError` for a trial that cannot run on this corpus, before any starts.
    """

    name: str
    version: int
    question: str
    prediction: str
    settings: StudySettings[ConfigT]
    trial: TrialFunction
    metric: str
    direction: Literal["minimize", "maximize"]
    presets: Mapping[str, Preset]
    analysis: Analysis
    check: Check = lambda config, corpus: None
    split: Literal["validation", "test"] = "validation"

    @property
    def address(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    def with_preset(self, preset: str, values: Mapping[str, Any] | None = None) -> StudySettings[ConfigT]:
        """Base settings under a preset and then `values` (what ``--set`` gave).

        Raises
        ------
        ConfigError
            For a preset, a setting or an axis that does not exist, or a value that does not fit.
        """
        if preset not in self.presets:
            raise ConfigError(
                f"expected one of the presets {', '.join(self.presets)}, found {preset!r}",
                f"for example --preset {next(iter(self.presets), 'laptop')}",
            )
        settings = self.settings.with_values({**self.presets[preset].values, **(values or {})})
        if swept := [path for path in settings.space if f"config.{path}" in (values or {})]:
            raise ConfigError(
                f"expected settings that the study does not sweep, found config.{swept[0]}, which its space overrides",
                f"give its values instead: --set space.{swept[0]}=[…]",
            )
        _check_axes(settings)
        return settings


def _check_axes(settings: StudySettings[Any]) -> None:
    """Try the first value of every axis, so that a wrong axis fails now and not in a worker."""
    if not settings.space:
        raise ConfigError("expected at least one axis in the study's space, found none", "leave the space as it is")
    first = {
        path: axis.values[0] if isinstance(axis, Choice) else axis.smallest if isinstance(axis, Sizes) else axis.low
        for path, axis in settings.space.items()
    }
    settings.config.with_values(first)
