"""What ``spektron transfer fit`` and ``apply`` share: words of options, what is shown meanwhile, errors."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from spektron.cli.printing import printed_console
from spektron.core.errors import ConfigError, SpectrumError, SpektronError

__all__ = [
    "AxisUnit",
    "Decimal",
    "Kind",
    "Layout",
    "Replicates",
    "as_ours",
    "as_typed",
    "remove_figures",
    "require_writable",
    "showing",
]

AxisUnit = Literal["nm", "um", "cm-1"]
Decimal = Literal["auto", "point", "comma"]
Kind = Literal["absorbance", "transmittance", "reflectance", "arbitrary"]
Layout = Literal["auto", "rows", "columns", "xy"]
Replicates = Literal["refuse", "mean"]


@contextmanager
def showing() -> Iterator[Callable[[str], None]]:
    """Show what is being done, where there is a terminal."""
    with printed_console().status("reading") as status:
        yield lambda what: status.update(what)


# What the library calls an argument is an option here: kind=("absorbance", "transmittance"), kind="absorbance", kind=
# within a sentence, and kind: before what is wrong with it.
_OPTIONS = "axis_unit|kind|replicates|layout|decimal"
_ARGUMENT = re.compile(rf"""\b({_OPTIONS})=(\([^()]*\)|"[^"]*"|[\w-]*)""")
_PYTHON_SIGNS = re.compile(r"""[(),"]""")
_AT_START = re.compile(rf"^({_OPTIONS}):")


def as_typed(text: str) -> str:
    """What the library says of its arguments, as it is typed: ``kind="absorbance"`` is ``--kind absorbance``."""
    found = _AT_START.sub(lambda match: f"{_option(match[1])}:", text)
    return _ARGUMENT.sub(lambda match: f"{_option(match[1])} {_PYTHON_SIGNS.sub('', match[2])}".rstrip(), found)


def _option(argument: str) -> str:
    return f"--{argument.replace('_', '-')}"


@contextmanager
def as_ours() -> Iterator[None]:
    """Say to the user what the library says of data, in words that can be typed; a method's refusal is no bug."""
    try:
        yield
    except SpektronError as error:
        raise type(error)(as_typed(error.message), as_typed(error.hint)) from error
    except ValueError as error:
        raise SpectrumError(as_typed(str(error)), "see what was read, above") from error


def require_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written before anything is computed; one that is not there is not made yet."""
    missing: list[Path] = []
    try:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            f"--out: expected a folder that can be written, found {folder}: {error.strerror or error}",
            "name another one",
        ) from error
    finally:
        for made in missing:
            with suppress(OSError):
                made.rmdir()


def remove_figures(folder: Path, names: Iterable[str]) -> None:
    """Take away what an earlier run drew, so that no figure is of other numbers than the tables; others' files stay."""
    for name in names:
        (folder / "figures" / f"{name}.png").unlink(missing_ok=True)
