"""How the child's files are to be read, where they do not say it themselves."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from spektron.core.errors import ConfigError

__all__ = ["ChildFiles"]


class ChildFiles(BaseModel):
    """What was said of the child's files when a transfer was made, to be said again of new ones.

    Attributes
    ----------
    axis_unit, kind, replicates, layout, decimal : str or None
        As in `spektron.datasets.load_spectra`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    axis_unit: str | None = None
    kind: Literal["absorbance", "transmittance", "reflectance", "arbitrary"] | None = None
    replicates: Literal["refuse", "mean"] = "refuse"
    layout: Literal["auto", "rows", "columns", "xy"] = "auto"
    decimal: Literal["auto", "point", "comma"] = "auto"

    def but(self, **said: str | None) -> Self:
        """The same with what is said now; None says nothing.

        Raises
        ------
        ConfigError
            For a word that is none of these.
        """
        try:
            return self.model_validate({**self.model_dump(), **_without_none(said)})
        except ValueError as error:
            raise ConfigError(f"expected words that files are read by, found: {error}") from error

    def remembered(self, **said: str | None) -> dict[str, str]:
        """What goes beyond the defaults and was not said anew: what would be taken without a word."""
        default = ChildFiles().model_dump()
        return {
            name: value
            for name, value in self.model_dump().items()
            if value != default[name] and said.get(name) is None
        }


def _without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
