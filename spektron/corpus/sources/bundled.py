"""The 1,710 real spectra inside the chemotools package: no download, no account, a corpus in seconds.

Fermentation: ATR-MIR, 1047 points over 428-1833 cm⁻¹, cut to the detector's 900-1788 cm⁻¹; 21 off-line spectra of
synthetic mixtures and 1629 consecutive on-line scans of one process, of which the last three are constant (the
instrument had stopped) and refused by name.

Coffee: 60 ATR-FTIR spectra of 1841 points whose file numbers the points 0 to 1840. Neither the package nor its
documentation states the wavenumbers, so all 60 are refused by name: an invented axis would teach the model wrong
positions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from chemotools.datasets import load_coffee, load_fermentation_test, load_fermentation_train
from numpy.typing import NDArray

from spektron.core.settings import Settings
from spektron.corpus.sources._compound import compound_of
from spektron.corpus.sources._published import cut_to_detector_range
from spektron.corpus.sources.base import Part, Reject
from spektron.spectra import AxisUnit, Spectrum, SpectrumRejected, spectrum_from_xy

__all__ = ["Bundled"]

_SET = "chemotools_fermentation"
_CITATION = (
    "Cabaneros Lopez P., Udugama I.A., Thomsen S.T. et al., "
    "Transforming data to information: a parallel hybrid model for "
    "real-time state estimation in lignocellulosic ethanol fermentation, Biotechnol. Bioeng. 118 (2021) 579-591, "
    "doi:10.1002/bit.27586"
)


class Bundled(Settings):
    """Spectra that come with an installed dependency."""

    @property
    def name(self) -> str:
        """The source's name."""
        return "bundled"

    def parts(self) -> Sequence[Part]:
        """All of it at once: it is small."""
        return [Part("", 0, 1)]

    def read(self, part: Part) -> Iterator[Spectrum | Reject]:
        """Yield 21 + 1629 fermentation spectra, then 60 coffees; 1,647 are kept, 63 refused."""
        for stem, load in (("ferm_train", load_fermentation_train), ("ferm_test", load_fermentation_test)):
            spectra, _ = load()
            axis_cm1 = spectra.columns.to_numpy(dtype=np.float64)
            for row, intensity in enumerate(spectra.to_numpy(dtype=np.float64)):
                yield self._fermentation(f"{stem}_{row}", axis_cm1, intensity)
        coffees, _ = load_coffee()
        for row in range(len(coffees)):
            yield self._coffee(f"coffee_{row}", coffees.shape[1])

    def describe(self) -> dict[str, Any]:
        """Name, the package's version, and the licence."""
        return {
            "name": self.name,
            "config": {"package": "chemotools", "version": version("chemotools")},
            "licences": {_SET: {"licence": "MIT (chemotools package)", "citation": _CITATION}},
        }

    def _fermentation(
        self, sample_id: str, axis_cm1: NDArray[np.float64], intensity: NDArray[np.float64]
    ) -> Spectrum | Reject:
        # The training mixtures were made one by one, so each is its own compound; the scans are blocks in time.
        columns = {"compound_id": sample_id} if sample_id.startswith("ferm_train") else {}
        axis_cm1, intensity, repairs = cut_to_detector_range(_SET, axis_cm1, intensity)
        try:
            return spectrum_from_xy(
                axis_cm1,
                intensity,
                repairs=repairs,
                unit=AxisUnit.CM1,
                modality="IR",
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=compound_of(_SET, sample_id, columns).id,
                instrument="ATR-MIR",
            )
        except SpectrumRejected as error:
            return Reject(source=self.name, sample_id=sample_id, reason=error.reason, detail=error.detail)

    def _coffee(self, sample_id: str, num_points: int) -> Reject:
        return Reject(
            source=self.name,
            sample_id=sample_id,
            reason="no-axis",
            detail=f"expected an axis in cm-1, found {num_points} numbered points; the package documents no axis",
        )
