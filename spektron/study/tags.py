"""Names of the tags by which runs are found again in MLflow. Changing one orphans every ledger there is."""

from __future__ import annotations

__all__ = ["CORPUS", "KIND", "MAX_TAG_CHARS", "PLAN", "RESULT", "TRIAL"]

MAX_TAG_CHARS = 8000
"""MLflow's limit, behind which it cuts. Free text may be cut; a tag that is read back must fit."""

CORPUS = "spektron.corpus"
"""Name and fingerprint of the corpus, as JSON. Its counts, which grow with its sets, are in the dataset input."""
KIND = "spektron.kind"
"""``study`` or ``trial``."""
PLAN = "spektron.plan"
"""Fingerprint of the plan; on the parent, and on its trials for searching."""
TRIAL = "spektron.trial"
"""Fingerprint of the trial."""
RESULT = "spektron.result"
"""What a finished trial returned and cost, as JSON."""
