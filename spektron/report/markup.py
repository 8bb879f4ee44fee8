"""HTML that is escaped by construction: text becomes markup in one place only, so no label can become a script."""

from __future__ import annotations

import json
from html import escape
from typing import Any

__all__ = ["Html", "join", "script_json", "tag"]

_VOID = frozenset({"br", "hr", "meta"})
_Attribute = str | int | float | bool | None


class Html(str):
    """Text that is markup already; every other `str` is escaped when it is put into a tag."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: _Attribute) -> Html:
    """Write one element.

    Parameters
    ----------
    children : str or None
        `Html` as it is, other text escaped, None left out.
    attributes : str, number, bool or None
        ``class_`` and ``data_v`` become ``class`` and ``data-v``; True is a bare attribute, None and False are left
        out.
    """
    start = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Html(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def join(*parts: str | None) -> Html:
    """Put parts one after the other, escaping what is not markup."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts if part is not None))


def script_json(value: Any) -> Html:
    """Write `value` as JSON that may stand in a ``<script>``: nothing in it can close the element or open a comment.

    Raises
    ------
    ValueError
        For NaN and infinities, which JSON does not have.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Html(text)


def _attribute(key: str, value: _Attribute) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
