"""Studies: an inert value, its trials, the ledger, the runner on Ray Tune, MLflow and cost."""

from spektron.study.command import RunOptions, main, run_study
from spektron.study.outcome import Findings, TrialResult
from spektron.study.study import Placement, Preset, Prices, Study, StudySettings, TrialContext

__all__ = [
    "Findings",
    "Placement",
    "Preset",
    "Prices",
    "RunOptions",
    "Study",
    "StudySettings",
    "TrialContext",
    "TrialResult",
    "main",
    "run_study",
]
