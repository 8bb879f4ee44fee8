"""Names of the tags by which runs are found again in MLflow. Changing one orphans every ledger there is."""

from __future__ import annotations

__all__ = ["KIND", "PLAN", "RESULT", "TRIAL"]

KIND = "spektron.kind"
"""``study`` or ``trial``."""
PLAN = "spektron.plan"
"""Fingerprint of the plan; on the parent, and on its trials for searching."""
TRIAL = "spektron.trial"
"""Fingerprint of the trial."""
RESULT = "spektron.result"
"""What a finished trial returned and cost, as JSON."""
