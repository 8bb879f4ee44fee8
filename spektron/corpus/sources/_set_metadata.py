"""What a set's files say about all of its spectra: Parquet metadata first, the README beside it second."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SetMetadata"]

# The library's READMEs begin "<set>: 1629 spectra, ATR-MIR, x=cm-1 [428.0,1833.0], 1047-1047 pts, y=a.u.. Source: ….
# Licence: …." A folder's README is its metadata; it is asked last because it is not tied to one file.
_README = {
    "x_unit": re.compile(r"\bx=(?P<value>[^\[\n]+?)\s*\["),
    "y_unit": re.compile(r"\by=(?P<value>[^.;(\n]+(?:\([^)\n]*\))?)"),
    "modality": re.compile(r"\bspectra,\s*(?P<value>[^=\n]+?),\s*x="),
    "source": re.compile(r"\bSource:\s*(?P<value>.+?)\.\s+Licen[cs]e:", re.DOTALL),
    "licence": re.compile(r"\bLicen[cs]e:\s*(?P<value>.+?)\.?\s*$", re.DOTALL),
}
_README_BYTES = 65536  # enough for any README's first lines, and a bound where the file is something else


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMetadata:
    """Fields of the ``spektron`` metadata key and of the README, as text; absent ones are empty.

    Attributes
    ----------
    stated : dict
        From the file's own schema metadata.
    readme : dict
        From the README beside the file.
    note : str
        What is wrong with the metadata, if anything; it goes into the detail of rejects that follow from it.
    """

    stated: dict[str, str]
    readme: dict[str, str]
    note: str = ""

    @classmethod
    def of(cls, path: Path, schema_metadata: Mapping[bytes, bytes] | None) -> SetMetadata:
        """Gather what is known of the file at `path`."""
        stated, note = _stated((schema_metadata or {}).get(b"spektron"))
        return cls(stated=stated, readme=_readme(path.parent / "README.md"), note=note)

    def find(self, field: str, column: str = "") -> tuple[str, bool]:
        """Return the row's own value, else the file's, else the README's, and whether it was the README's."""
        if own := column.strip() or self.stated.get(field, "").strip():
            return own, False
        return (found, True) if (found := self.readme.get(field, "")) else ("", False)


def _stated(raw: bytes | None) -> tuple[dict[str, str], str]:
    if raw is None:
        return {}, "the file has no 'spektron' metadata"
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError):
        return {}, "the file's 'spektron' metadata is not JSON"
    if not isinstance(fields, dict):
        return {}, "the file's 'spektron' metadata is not a JSON object"
    return {str(key): str(value) for key, value in fields.items() if value is not None}, ""


def _readme(path: Path) -> dict[str, str]:
    if not path.is_file():  # opening a named pipe would wait for ever
        return {}
    try:
        with path.open("rb") as file:
            text = file.read(_README_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return {}
    found = {field: pattern.search(text) for field, pattern in _README.items()}
    return {field: match["value"].strip() for field, match in found.items() if match}
