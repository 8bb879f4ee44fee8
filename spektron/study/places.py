"""Where things lie. Never part of any identity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spektron.study.plan import Plan

__all__ = ["Places"]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things lie; never part of any identity.

    Attributes
    ----------
    home : Path
        Journals, checkpoints, reports and the default stores. On a cluster of several nodes, a shared filesystem.
    tracking_uri : str
        MLflow's tracking store.
    storage : str
        Optuna's storage: RDB URL, or path of a journal file.
    """

    home: Path
    tracking_uri: str
    storage: str

    @classmethod
    def under(cls, home: Path, tracking_uri: str | None = None, storage: str | None = None) -> Places:
        """All places below one folder, except those given."""
        home = home.absolute()
        return cls(
            home=home,
            tracking_uri=tracking_uri or f"sqlite:///{home / 'mlflow.db'}",
            storage=storage or str(home / "optuna.journal"),
        )

    def study_dir(self, address: str) -> Path:
        """Journals and reports of one study."""
        return self.home / "studies" / address

    def plan_dir(self, plan: Plan) -> Path:
        """Journal and report of one plan."""
        return self.study_dir(plan.study.address) / plan.fingerprint

    @property
    def artifact_root(self) -> Path | None:
        """Where a local store keeps artifacts; a server has its own place."""
        return None if self.tracking_uri.startswith("http") else self.home / "mlartifacts"
