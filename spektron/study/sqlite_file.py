"""Seeing at once that a database file cannot be opened: MLflow tries for two minutes before it says so."""

from __future__ import annotations

from pathlib import Path

from spektron.core.errors import TrackingError

__all__ = ["require_openable"]

_PREFIX = "sqlite:///"


def require_openable(uri: str) -> None:
    """Open the file of a ``sqlite:///`` URI for writing, and close it again; other URIs are left alone.

    Raises
    ------
    TrackingError
        Where it, or its folder, cannot be written to.
    """
    name = uri.removeprefix(_PREFIX).partition("?")[0]
    if not uri.startswith(_PREFIX) or not name or name == ":memory:":
        return
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not `os.access`, which tells the superuser yes on a file system that is read-only.
        with path.open("ab"):
            pass
    except OSError as error:
        raise TrackingError(
            f"expected a database file that can be written at {path}, found: {error.strerror}",
            "choose another --tracking-uri or --home; until then everything is kept in the journal",
        ) from None
