"""Scaling laws: forms, fits, intervals, hold-out and verdict. Imports no ray, torch or mlflow."""

from spektron.scaling.corpus_fit import CorpusFit
from spektron.scaling.corpus_law import CorpusLaw
from spektron.scaling.estimate import Band, Estimate
from spektron.scaling.fit_corpus import fit_corpus_law
from spektron.scaling.forms import DataConstrainedLaw, corpus_loss, effective_data, joint_loss
from spektron.scaling.holdout import Holdout
from spektron.scaling.joint_fit import JointFit
from spektron.scaling.joint_holdout import JointHoldout
from spektron.scaling.joint_law import JointLaw, fit_joint_law
from spektron.scaling.status import FitStatus
from spektron.scaling.verdict import Verdict

__all__ = [
    "Band",
    "CorpusFit",
    "CorpusLaw",
    "DataConstrainedLaw",
    "Estimate",
    "FitStatus",
    "Holdout",
    "JointFit",
    "JointHoldout",
    "JointLaw",
    "Verdict",
    "corpus_loss",
    "effective_data",
    "fit_corpus_law",
    "fit_joint_law",
    "joint_loss",
]
