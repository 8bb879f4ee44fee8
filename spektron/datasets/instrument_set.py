"""The same samples measured on several instruments, with reference values from the laboratory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spektron.core.errors import ConfigError

__all__ = ["InstrumentSet"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentSet:
    """Spectra of one set of samples on each of its instruments; row i is sample i on all of them.

    Attributes
    ----------
    name : str
    wavelength_nm : ndarray, shape (channels,)
        Ascending; the same for all instruments.
    spectra : mapping
        Instrument → absorbances (log 1/R or log 1/T), shape (samples, channels).
    reference : mapping
        Property → laboratory values, shape (samples,), in `units`.
    units : mapping
        Property → unit.
    split : ndarray of str, shape (samples,), or None
        The publisher's own parts, where there are any.
    citation, licence, source_url : str
        Whom to cite, under which terms, and where it was published.
    """

    name: str
    wavelength_nm: Array
    spectra: Mapping[str, Array]
    reference: Mapping[str, Array]
    units: Mapping[str, str]
    split: NDArray[np.str_] | None = None
    citation: str
    licence: str
    source_url: str

    @property
    def wavenumber_cm1(self) -> Array:
        """The axis in cm⁻¹, channel by channel: descending."""
        return 1e7 / self.wavelength_nm

    @property
    def instruments(self) -> tuple[str, ...]:
        """Names of the instruments."""
        return tuple(self.spectra)

    @property
    def num_samples(self) -> int:
        """Samples, each measured on every instrument."""
        return len(next(iter(self.spectra.values())))

    def first_channels(self, number: int) -> InstrumentSet:
        """Only the first channels, as many as asked for.

        Raises
        ------
        ConfigError
            For fewer than 1 or more than there are.
        """
        if not 1 <= number <= len(self.wavelength_nm):
            raise ConfigError(f"expected 1 to {len(self.wavelength_nm)} channels, found {number}")
        return InstrumentSet(
            name=self.name,
            wavelength_nm=self.wavelength_nm[:number],
            spectra={name: values[:, :number] for name, values in self.spectra.items()},
            reference=self.reference,
            units=self.units,
            split=self.split,
            citation=self.citation,
            licence=self.licence,
            source_url=self.source_url,
        )
