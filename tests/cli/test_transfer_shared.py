"""What the library says of its arguments, as it is typed."""

from __future__ import annotations

import pytest

from spektron.cli.transfer_shared import as_ours, as_typed
from spektron.core.errors import ConfigError, SpectrumError


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ('parent first: kind=("absorbance", "transmittance")', "parent first: --kind absorbance transmittance"),
        ('say axis_unit="nm" or axis_unit="cm-1", or head', "say --axis-unit nm or --axis-unit cm-1, or head"),
        ("layout= and decimal= say what cannot be told", "--layout and --decimal say what cannot be told"),
        ("say what all are: kind= one of a, b", "say what all are: --kind one of a, b"),
        ("axis_unit: expected a unit", "--axis-unit: expected a unit"),
        ("found axis_unit=nm, and cm-1 in the file", "found --axis-unit nm, and cm-1 in the file"),
        ("of one kind: expected (a), mankind=3", "of one kind: expected (a), mankind=3"),
        ("--kind absorbance", "--kind absorbance"),
    ],
)
def test_arguments_become_options(said: str, typed: str) -> None:
    assert as_typed(said) == typed
    assert as_typed(typed) == typed


def test_errors_keep_their_type_and_gain_our_words() -> None:
    with pytest.raises(ConfigError, match="found none") as found, as_ours():
        raise ConfigError("decimal: found none", 'say decimal="comma"')
    assert (found.value.message, found.value.hint) == ("--decimal: found none", "say --decimal comma")
    with pytest.raises(SpectrumError, match="flat"), as_ours():
        raise ValueError("flat")
