"""The base of every configuration: frozen, keyword-only, validated once at the edge."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from spektron.core.errors import ConfigError

__all__ = ["Settings", "parse_assignments"]

ModelT = TypeVar("ModelT", bound="Settings")


class Settings(BaseModel):
    """A frozen pydantic model that refuses unknown fields, infinities and NaN, which would have no fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def with_values(self, values: Mapping[str, Any]) -> Self:
        """Return a copy with dotted paths replaced, validated again.

        Parameters
        ----------
        values : Mapping
            ``{"pretrain.steps": 200}``: dotted path to value.

        Raises
        ------
        ConfigError
            For a path that does not exist (naming the nearest ones that do) or a value that does not fit.
        """
        dump = self.model_dump()
        for path, value in values.items():
            _assign(dump, path, value)
        try:
            return type(self).model_validate(dump)
        except ValidationError as error:
            raise ConfigError(
                _explain(error), f"{type(self).__module__.replace('.', '/')}.py says what each setting means and takes"
            ) from error

    def identity(self) -> dict[str, Any]:
        """Plain values that tell this configuration from others; a place where something lies is none of them."""
        return self.model_dump(mode="json")


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """Parse ``key=value`` words; the value is JSON where it is JSON, and text otherwise.

    Raises
    ------
    ConfigError
        For a word without ``=``, or a key given twice.
    """
    values: dict[str, Any] = {}
    for word in assignments:
        key, found, text = word.partition("=")
        key = key.strip()
        if not found or not key:
            raise ConfigError(f"expected key=value, found {word!r}", "for example --set config.steps=200")
        if key in values:
            raise ConfigError(f"expected each setting once, found {key} again: {word!r}", "keep the one that is meant")
        try:
            values[key] = json.loads(text)
        except (json.JSONDecodeError, RecursionError):
            values[key] = text
    return values


def _assign(tree: dict[str, Any], path: str, value: Any) -> None:
    node, leaf = _place(tree, path)
    if leaf not in node:
        raise _unknown(path, tree)
    if isinstance(value, bool) and isinstance(node[leaf], int | float) and not isinstance(node[leaf], bool):
        raise ConfigError(f"{path}: expected a number, found {value}", "Python would count it as 0 or 1: write that")
    node[leaf] = value


def _place(node: dict[str, Any], path: str) -> tuple[dict[str, Any], str]:
    """The mapping that holds the last part of a path, and that part; a key may have dots itself (``encoder.dim``)."""
    words = path.split(".")
    for count in range(1, len(words)):
        key, rest = ".".join(words[:count]), ".".join(words[count:])
        if isinstance(node.get(key), dict):
            return _place(node[key], rest)
    return node, path


def _unknown(path: str, tree: dict[str, Any]) -> ConfigError:
    known = list(_paths(tree))
    near = difflib.get_close_matches(path, known, n=3, cutoff=0.5) or [
        name for name in known if name.rsplit(".", 1)[-1] == path.rsplit(".", 1)[-1]
    ]
    return ConfigError(
        f"expected a setting that exists, found {path!r}",
        f"did you mean {', '.join(near)}?" if near else f"the settings are: {', '.join(known)}",
    )


def _paths(tree: dict[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _explain(error: ValidationError) -> str:
    problems = []
    for e in error.errors():
        place, found = ".".join(map(str, e["loc"])), f", found {e['input']!r}"
        # What several settings together are not says itself what it found; all of them would be a page.
        whole = e["type"] == "value_error" and isinstance(e["input"], Mapping)
        problems.append((f"{place}: " if place else "") + e["msg"] + ("" if whole else found))
    return f"{error.title}: " + "; ".join(problems)
