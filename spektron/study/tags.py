"""Names of the tags by which runs are found again in MLflow. Changing one orphans every ledger there is."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CORPUS", "KIND", "MAX_TAG_CHARS", "PLAN", "RESULT", "TRIAL", "result_in", "result_tags"]

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
"""What a finished trial returned and cost, as JSON; what does not fit goes on in ``spektron.result.1``, ``.2`` and so
on, and is over where a part is not full."""


def result_tags(result: str) -> dict[str, str]:
    """Cut a result into tags that MLflow takes whole."""
    parts = [result[at : at + MAX_TAG_CHARS] for at in range(0, len(result) + 1, MAX_TAG_CHARS)]
    return {_part(number): part for number, part in enumerate(parts)}


def result_in(tags: Mapping[str, str]) -> str:
    """Put a result's tags together again.

    Raises
    ------
    KeyError
        Where a part is missing.
    """
    parts = [tags[RESULT]]
    while len(parts[-1]) == MAX_TAG_CHARS:
        # One that ended where a tag does has no next part in runs of before there were parts.
        parts.append(tags.get(_part(1), "") if len(parts) == 1 else tags[_part(len(parts))])
    return "".join(parts)


def _part(number: int) -> str:
    return f"{RESULT}.{number}" if number else RESULT
