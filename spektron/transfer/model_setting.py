"""The settings of a trial whose method may need a pretrained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import model_validator

from spektron.core.settings import Settings
from spektron.transfer.methods import NEURAL

__all__ = ["ModelSetting"]


class ModelSetting(Settings):
    """Which model; subclasses say in `_method` what is to be made with it."""

    model: str | None = None
    """Folder of a pretrained model, on a disk that every worker sees; None: encoders are drawn at random."""
    model_sha256: str | None = None
    """Of its weights, read from the folder: this tells trials apart, where the folder lies does not."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not (folder := values.get("model")):
            return values if not isinstance(values, dict) else {**values, "model": None, "model_sha256": None}
        from spektron.model.folder import read_config

        path = Path(folder).resolve()
        return {**values, "model": str(path), "model_sha256": read_config(path).sha256}

    @property
    def folder(self) -> Path | None:
        """Where the model lies."""
        return None if self.model is None else Path(self.model)

    @property
    def _method(self) -> str:
        raise NotImplementedError

    @property
    def is_network(self) -> bool:
        """Whether the method is one that may need a model, and torch."""
        return self._method in NEURAL

    def identity(self) -> dict[str, Any]:
        """Without the folder's place, and without the model where the method has none."""
        plain = self.model_dump(mode="json", exclude={"model"})
        return plain if self.is_network else {**plain, "model_sha256": None}
