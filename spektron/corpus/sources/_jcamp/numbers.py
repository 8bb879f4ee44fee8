"""The numbers on one line of a table: plain (AFFN), packed (PAC), and compressed by SQZ, DIF and DUP codes.

A code stands for a number's first digit together with its sign and its kind: ``A23`` is 123, ``a23`` is −123, ``J2``
is "12 more than the last", ``U`` is "the last, three times in all". The code ``E`` (a 5) looks like an exponent, and is
told from one by what follows: a sign stands in an exponent (``1.5E-3``) and never in a code.
"""

from __future__ import annotations

import re
from enum import IntEnum

__all__ = ["Kind", "plain_numbers", "quantum_of", "tokens"]

_DIGITS = r"(?:[0-9]++\.?[0-9]*+|\.[0-9]++)"
_SIGNED_EXPONENT = r"(?:[Ee][+-][0-9]{1,3}(?![0-9.]))?"
# In a table of pairs no letter is a digit, so that an exponent needs no sign there.
_EXPONENT = r"(?:[Ee][+-]?[0-9]{1,3}(?![0-9.]))?"
_GAP = r"[ \t,;]*+"

# Possessive throughout: a line that fits not is refused in linear time.
_NUMBER = re.compile(rf"[+-]?{_DIGITS}{_SIGNED_EXPONENT}")
_LINE = re.compile(rf"{_GAP}(?:[+-]?{_DIGITS}{_SIGNED_EXPONENT}{_GAP})*+")
_PAIRED_NUMBER = re.compile(rf"[+-]?{_DIGITS}{_EXPONENT}")
_PAIRED_LINE = re.compile(rf"{_GAP}(?:[+-]?{_DIGITS}{_EXPONENT}{_GAP})*+")

# A code, a sign or none, and its digits; "?" is a missing ordinate; anything else has no place in a table.
_TOKEN = re.compile(rf"([@A-Ia-i%J-Rj-rS-Zs+\-]?)({_DIGITS}?{_SIGNED_EXPONENT})|([^ \t,;])")

# More digits are no measurement.
_MOST_CHARACTERS = 40


class Kind(IntEnum):
    """What a token does: give a value, change the last one, or repeat what was done last."""

    VALUE = 0
    STEP = 1
    TIMES = 2


def _codes(kind: Kind, zero: str, positive: str, negative: str) -> dict[str, tuple[Kind, str]]:
    digits = dict.fromkeys(zero, "0")
    digits |= {code: str(digit) for digit, code in enumerate(positive, start=1)}
    digits |= {code: f"-{digit}" for digit, code in enumerate(negative, start=1)}
    return {code: (kind, digit) for code, digit in digits.items()}


_CODES: dict[str, tuple[Kind, str]] = {
    "": (Kind.VALUE, ""),
    "+": (Kind.VALUE, ""),
    "-": (Kind.VALUE, "-"),
    "?": (Kind.VALUE, "nan"),
    **_codes(Kind.VALUE, "@", "ABCDEFGHI", "abcdefghi"),
    **_codes(Kind.STEP, "%", "JKLMNOPQR", "jklmnopqr"),
    **_codes(Kind.TIMES, "", "STUVWXYZs", ""),
}


def tokens(line: str) -> list[tuple[Kind, float]]:
    """Read a line of ordinates, the opening abscissa among them.

    Raises
    ------
    ValueError
        Where something on it is no number, with what it is.
    """
    found: list[tuple[Kind, float]] = []
    for code, digits, other in _TOKEN.findall(line):
        if not code and not digits and not other:
            continue
        if (other and other != "?") or len(digits) > _MOST_CHARACTERS:
            raise ValueError(f"expected a number, found {(other or digits)[:40]!r}")
        kind, lead = _CODES[other or code]
        try:
            found.append((kind, float(lead + digits)))
        except ValueError:
            raise ValueError(f"expected a number, found {code + digits!r}") from None
    return found


def plain_numbers(line: str, *, paired: bool) -> list[float] | None:
    """Read a line that holds plain or packed numbers alone; None where it holds anything else."""
    shape, number = (_PAIRED_LINE, _PAIRED_NUMBER) if paired else (_LINE, _NUMBER)
    return [float(text) for text in number.findall(line)] if shape.fullmatch(line) else None


def quantum_of(line: str) -> float:
    """Value of the last digit written of the first number on a line: 0.01 of ``401.20``, 1 of ``401``."""
    found = _NUMBER.search(line)
    mantissa, _, exponent = (found[0] if found else "0").upper().partition("E")
    decimals = len(mantissa.partition(".")[2])
    return float(10.0 ** max(-300, min(300, int(exponent or 0) - decimals)))
