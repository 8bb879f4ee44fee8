"""What must stay on one side of a split, from what a publisher says about a spectrum."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["SCANS_PER_BLOCK", "Compound", "cas_of", "compound_of"]

# Neighbouring scans of one process are near twins. In the 1626 on-line fermentation scans of chemotools the distance
# between SNV-normalised scans k apart, relative to random pairs, is 0.64 at k = 1 (all noise), 0.75 at 30, 0.79 at 50,
# 0.84 at 100 and 1.00 at 300. Taking the noise out (in squares), drift has reached a third of its full size after 50
# scans and a half after 100. Blocks of 50 put the median scan 12 scans from the nearest of another block and still
# leave 33 blocks, so that a 10 % split is empty with a chance of 3 %, not of 17 % as with blocks of 100.
SCANS_PER_BLOCK = 50

# The label (a mineral's or compound's name) comes before `rruffid`, which names one piece of a mineral: two pieces of
# spinel are one compound.
_LOCAL = ("label", "rruffid")
_INCHIKEY = re.compile(r"[a-z]{14}-[a-z]{10}-[a-z]")
# Fields of a JSON label that say how a spectrum was taken or used, not what of: replicate runs stay together.
_PROTOCOL = {"train", "test", "split", "fold", "set", "run", "replicate", "rep", "scan"}


class Compound(NamedTuple):
    """What a publisher says a spectrum is of.

    Attributes
    ----------
    id : str
        `Spectrum.compound_id`.
    aliases : tuple of str
        `Spectrum.aliases`: identifiers beside the one that gave the id.
    repairs : tuple of str
        ``identifier-ignored``, where one is given that cannot be right.
    """

    id: str
    aliases: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()


def compound_of(set_name: str, sample_id: str, columns: Mapping[str, str]) -> Compound:
    """Name the compound, mineral, sample or block of a series.

    The first that is given names it: ``compound_id``, ``inchikey``, ``cas`` (the last two across sets), ``label``,
    ``rruffid``; the other identifiers are its aliases, by which it is known again where the first is not given. An
    InChIKey or CAS number of another shape, or with a wrong check digit ("N/A"), is none. A label that is JSON holds
    reference values: with a number in it, equal values mean one physical sample; with class names alone ("Not
    Strawberry", 632 spectra) it names no sample. What is left without a name and carries running numbers
    (``ferm_test_17``) may be a series in time: blocks of `SCANS_PER_BLOCK` numbers stay together.

    Parameters
    ----------
    set_name : str
        Data set, which prefixes every name that is the publisher's own.
    sample_id : str
        The publisher's name of the spectrum.
    columns : Mapping
        Extra columns of its row, as text; empty where not given.
    """
    own = columns.get("compound_id", "")
    key, cas = columns.get("inchikey", "").strip().casefold(), columns.get("cas", "").strip()
    known = [f"{set_name}/{own}"] if own else []
    if _INCHIKEY.fullmatch(key):
        known.append(f"inchikey/{key}")
    if number := cas_of(cas):
        known.append(f"cas/{number}")
    ignored = bool(key and not _INCHIKEY.fullmatch(key)) or bool(cas and not number)
    pieces = (f"rruffid/{given.strip().casefold()}" for given in (columns.get("rruffid", ""),) if given.strip())
    first, *others = known or [f"{set_name}/{_local_name(sample_id, columns)}"]
    return Compound(first, (*others, *pieces), ("identifier-ignored",) if ignored else ())


def _local_name(sample_id: str, columns: Mapping[str, str]) -> str:
    for name in _LOCAL:
        if given := _sample_of(columns.get(name, "")):
            return given
    return _block_of(sample_id)


def cas_of(text: str) -> str | None:
    """Read a CAS registry number: ``64-17-5``, ``000064175``; None where its shape or its check digit is wrong."""
    digits = re.sub(r"[\s-]", "", text).lstrip("0")
    if not re.fullmatch(r"[0-9]{5,10}", digits):
        return None
    total = sum(place * int(digit) for place, digit in enumerate(reversed(digits[:-1]), start=1))
    return f"{digits[:-3]}-{digits[-3:-1]}-{digits[-1]}" if total % 10 == int(digits[-1]) else None


def _sample_of(label: str) -> str:
    """Strip a label of what only describes the protocol; return nothing where it names a class and no sample."""
    try:
        values = json.loads(label)
    except (ValueError, RecursionError):
        return label
    if not isinstance(values, dict):
        return label
    kept = {key: value for key, value in values.items() if key.strip().casefold() not in _PROTOCOL}
    if not any(isinstance(value, int | float) and not isinstance(value, bool) for value in kept.values()):
        return ""
    return json.dumps(kept, sort_keys=True)


def _block_of(sample_id: str) -> str:
    numbered = re.fullmatch(r"(.*?)(\d{1,12})", sample_id, flags=re.DOTALL)
    if numbered is None:
        return sample_id
    stem = numbered[1].rstrip("_- ")
    return f"{stem}/block-{int(numbered[2]) // SCANS_PER_BLOCK:04d}"
