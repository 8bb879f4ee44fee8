"""What was mended or left out on the way, counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from spektron.core.errors import SpectrumError
from spektron.core.words import some_of

__all__ = ["NothingUsable", "Repair", "Repairs", "Side", "named"]

Side = Literal["parent", "child", "both", "reference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One kind of repair of one instrument's files.

    Attributes
    ----------
    side : str
        ``parent``, ``child``, ``both`` or ``reference``.
    what : str
        What was done, in words.
    count : int
        To how many samples, channels or values, as `what` says.
    detail : str
        Which ones, the first of many.
    left_out : tuple of (str, str)
        Samples that are not there because of it, all of them, each with what is wrong.
    unread : bool
        Whether what is left out are files of which nothing could be read.
    """

    side: Side
    what: str
    count: int
    detail: str
    left_out: tuple[tuple[str, str], ...] = ()
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.side}: {self.what}: {self.count}" + (f" ({self.detail})" if self.detail else "")


class Repairs(list[Repair]):
    """Repairs of one side, in the order in which they were made."""

    def __init__(self, side: Side) -> None:
        super().__init__()
        self.side: Side = side

    def note(self, what: str, count: int, detail: str = "") -> None:
        """Add one, unless there was nothing to repair."""
        if count:
            self.append(Repair(side=self.side, what=what, count=count, detail=detail))

    def leave_out(self, what: str, samples: Sequence[tuple[str, str]], unread: bool = False) -> None:
        """Add samples or files that are left out, each with particulars or an empty text, unless there are none."""
        if samples:
            self.append(
                Repair(
                    side=self.side,
                    what=f"{what}, left out",
                    count=len(samples),
                    detail=named(": ".join(filter(None, sample)) for sample in samples),
                    left_out=tuple((name, f"{what} ({why})" if why else what) for name, why in samples),
                    unread=unread,
                )
            )


class NothingUsable(SpectrumError):
    """No spectrum is left.

    Attributes
    ----------
    repairs : tuple of Repair
        What was done until then: names every sample and file, with what is wrong.
    """

    repairs: tuple[Repair, ...] = ()

    @classmethod
    def after(cls, repairs: Repairs, message: str, hint: str = "") -> NothingUsable:
        """The error that repairs of one side led to."""
        error = cls(message, hint)
        error.repairs = tuple(repairs)
        return error


def named(values: Iterable[object], most: int = 5) -> str:
    """The first few of many, each cut where it is very long, and how many more there are."""
    return some_of((str(value)[:300] for value in values), most)
