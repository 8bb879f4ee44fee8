"""A study without spectra, for tests of the engine: real trials, cheap bodies."""

from __future__ import annotations

import time

from spektron.core.errors import ConfigError
from spektron.core.settings import Settings
from spektron.study.outcome import Findings
from spektron.study.space import Choice
from spektron.study.study import Preset, Study, StudySettings
from spektron.study.trial import CorpusIdentity

CORPUS = CorpusIdentity(
    name="toy", fingerprint="0123456789abcdef", num_train=100, summary={"num_spectra": {"train": 100}}
)


class ToyConfig(Settings):
    """A loss that can be computed by hand: x² + seed / 100."""

    x: float = 0.0
    seed: int = 0
    steps: int = 3
    step_s: float = 0.0
    fail_at: float | None = None
    refuse_at: float | None = None
    silent_at: float | None = None
    nan_at: float | None = None


def toy_trial(context) -> dict[str, float]:
    config = context.config
    if config.fail_at == config.x:
        raise RuntimeError("this point fails")
    if config.refuse_at == config.x:
        raise ConfigError("this point is refused", "choose another")
    if config.silent_at == config.x:
        return {}
    loss = config.x**2 + config.seed / 100
    if config.nan_at == config.x:
        loss = float("nan")
    for step in range(1, config.steps + 1):
        time.sleep(config.step_s)
        context.report(step, {"loss": loss + 1 / step})
    return {"loss": loss}


def toy_analysis(results, settings, corpus) -> Findings:
    best = min(results, key=lambda result: result.metrics["loss"])
    return Findings(status="enough", verdict=f"best x is {best.params['x']}", metrics={"best": best.metrics["loss"]})


def toy_study(version: int = 1, **config: object) -> Study[ToyConfig]:
    return Study(
        name="toy",
        version=version,
        question="Where is the minimum?",
        prediction="At zero.",
        settings=StudySettings[ToyConfig](
            config=ToyConfig(**config),
            space={"x": Choice(values=(0.0, 1.0, 2.0)), "seed": Choice(values=(0, 1))},
        ),
        trial=toy_trial,
        metric="loss",
        direction="minimize",
        presets={"smoke": Preset(expect="seconds")},
        analysis=toy_analysis,
    )
