"""What ``spektron transfer fit`` and ``apply`` share: words of options, what is shown meanwhile, errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from spektron.cli.printing import printed_console
from spektron.core.errors import SpectrumError, SpektronError

__all__ = ["AxisUnit", "Decimal", "Kind", "Layout", "Replicates", "as_ours", "showing"]

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


@contextmanager
def as_ours() -> Iterator[None]:
    """What a method says of data that it cannot use is said to the user, not as a bug."""
    try:
        yield
    except SpektronError:
        raise
    except ValueError as error:
        raise SpectrumError(str(error), "see what was read, above") from error
