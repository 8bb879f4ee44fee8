"""A trial: one point of the space and one seed, and the name it has wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spektron.core.identity import fingerprint
from spektron.study.study import Study, StudySettings
from spektron.study.tags import CORPUS
from spektron.study.words import leaf, value_text

__all__ = ["CorpusIdentity", "Trial", "trial_at"]


@dataclass(frozen=True, kw_only=True)
class CorpusIdentity:
    """What a trial's fingerprint takes of a corpus (`fingerprint`), and what people call it (`name`)."""

    name: str
    fingerprint: str
    num_train: int
    """Spectra in the training split."""
    summary: Mapping[str, Any]
    """Counts by source and split, to name what changed when the fingerprint did."""
    num_train_by_kind: Mapping[str, int] = field(default_factory=dict)
    """Training spectra of each kind, which a mixture draws on."""

    @property
    def values(self) -> dict[str, Any]:
        """Name, fingerprint and summary, as the journal and MLflow carry them."""
        return {"name": self.name, "fingerprint": self.fingerprint, "summary": dict(self.summary)}

    @property
    def tag(self) -> dict[str, str]:
        """The tag by which a run names its corpus; no parameter, for the same content may get another name."""
        return {CORPUS: json.dumps({"name": self.name, "fingerprint": self.fingerprint})}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A point, the configuration it leads to, and its fingerprint."""

    params: Mapping[str, Any]
    config: Mapping[str, Any]
    fingerprint: str

    @property
    def label(self) -> str:
        """The point in a few characters, for tables and run names: ``num_spectra=200 seed=1``."""
        return " ".join(f"{leaf(path)}={value_text(value)}" for path, value in self.params.items())


def trial_at(
    study: Study[Any], settings: StudySettings[Any], corpus: CorpusIdentity, params: Mapping[str, Any]
) -> Trial:
    """The trial at one point.

    Its fingerprint is that of the study's address, the whole configuration, the corpus's content, the split and the
    seed. Placement, prices, paths and hosts are not among them.
    """
    config = settings.config.with_values(params)
    values = config.model_dump(mode="json")
    identity = {
        "study": study.address,
        "config": config.identity(),
        "corpus": corpus.fingerprint,
        "split": study.split,
        "seed": values.get("seed"),
    }
    return Trial(params=dict(params), config=values, fingerprint=fingerprint(identity))
