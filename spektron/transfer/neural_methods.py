"""Neural, hybrid and simulating methods by name.

They need an axis and a model, and torch, which is imported when one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from spektron.transfer.classical import PDS, ChildCalibration, CorrectedPLS, DifferenceAugmentedRidge, Preprocessed
from spektron.transfer.classical._calibration import Array
from spektron.transfer.classical._correction import SpectrumCorrection
from spektron.transfer.hybrid import Hybrid, Pooled

if TYPE_CHECKING:
    from spektron.transfer.meta import MetaLearned, ZeroShot
    from spektron.transfer.neural import Embedded, EmbeddedCorrection, FineTuned

__all__ = ["NEURAL", "Measured"]

# The spectrum as it came, by piecewise direct standardization, and with a slope and a bias for every channel.
_STACKED: tuple[SpectrumCorrection | None, ...] = (None, PDS(window=5, rank=1), PDS(window=1, rank=1))
_FOLDS = 3
"""Of hybrids whose addition takes seconds to train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a network has to be told beside spectra.

    Attributes
    ----------
    wavenumber_cm1 : ndarray, shape (channels,)
        Axis of all spectra, ascending or descending.
    model : Path, optional
        Folder of a pretrained model; without it encoders are drawn at random.
    modality : {"IR", "RAMAN", "NIR"}
    """

    wavenumber_cm1: Array
    model: Path | None = None
    modality: str = "NIR"

    def embedded(self, calibration: ChildCalibration, **given: Any) -> Embedded:
        """A calibration on features of the frozen encoder."""
        from spektron.transfer.neural import Embedded

        return Embedded(calibration, self.wavenumber_cm1, self.model, modality=self.modality, **given)

    def embedded_correction(self, base: SpectrumCorrection, **given: Any) -> EmbeddedCorrection:
        """A correction of spectra, and what features of the frozen encoder add to it."""
        from spektron.transfer.neural import EmbeddedCorrection

        return EmbeddedCorrection(base, self.wavenumber_cm1, self.model, modality=self.modality, **given)

    def fine_tuned(self, **given: Any) -> FineTuned:
        """A fine-tuned encoder."""
        from spektron.transfer.neural import FineTuned

        return FineTuned(self.wavenumber_cm1, self.model, modality=self.modality, **given)

    def meta_learned(self, **given: Any) -> MetaLearned:
        """Rules of adaptation, learned on simulated instruments."""
        from spektron.transfer.meta import MetaLearned

        return MetaLearned(self.wavenumber_cm1, self.model, modality=self.modality, **given)

    def zero_shot(self, calibration: ChildCalibration, **given: Any) -> ZeroShot:
        """A calibration on simulated pairs."""
        from spektron.transfer.meta import ZeroShot

        return ZeroShot(calibration, self.wavenumber_cm1, modality=self.modality, **given)


def _base() -> ChildCalibration:
    """The strongest classical method on corn."""
    return Preprocessed("sg1", DifferenceAugmentedRidge())


def _pds() -> ChildCalibration:
    """The parent's model of derivatives, corrected for the child."""
    return Preprocessed("sg1", CorrectedPLS(PDS(window=5, rank=1)))


NEURAL: Mapping[str, Callable[[Measured], ChildCalibration]] = MappingProxyType(
    {
        "hybrid_residual": lambda m: Hybrid(_base(), m.embedded(Pooled()), "residual"),
        "hybrid_pds": lambda m: Hybrid(_pds(), m.embedded(Pooled()), "residual"),
        "lora_pds": lambda m: Hybrid(_pds(), m.fine_tuned(), "residual", _FOLDS),
        "pds_embedding": lambda m: CorrectedPLS(m.embedded_correction(PDS(window=5, rank=1))),
        "pds_embedding_random": lambda m: CorrectedPLS(m.embedded_correction(PDS(window=5, rank=1), random=True)),
        "hybrid_stacked": lambda m: Hybrid(
            _base(), m.embedded(DifferenceAugmentedRidge(), corrections=_STACKED), "direct"
        ),
        "hybrid_direct": lambda m: Hybrid(_base(), m.embedded(DifferenceAugmentedRidge()), "direct"),
        "hybrid_direct_random": lambda m: Hybrid(
            _base(), m.embedded(DifferenceAugmentedRidge(), random=True), "direct"
        ),
        "hybrid_lora": lambda m: Hybrid(_base(), m.fine_tuned(), "direct", _FOLDS),
        "hybrid_lora_residual": lambda m: Hybrid(_base(), m.fine_tuned(), "residual", _FOLDS),
        "embedding_ridge": lambda m: m.embedded(DifferenceAugmentedRidge()),
        "embedding_ridge_random": lambda m: m.embedded(DifferenceAugmentedRidge(), random=True),
        "probe": lambda m: m.fine_tuned(adapter="probe"),
        "probe_random": lambda m: m.fine_tuned(adapter="probe", network="random"),
        "lora_4": lambda m: m.fine_tuned(rank=4),
        "lora_8": lambda m: m.fine_tuned(rank=8),
        "lora_16": lambda m: m.fine_tuned(rank=16),
        "lora_8_slow_below": lambda m: m.fine_tuned(rank=8, layer_decay=0.5),
        "lora_16_to_4": lambda m: m.fine_tuned(rank=16, adapter="schedule"),
        "adalora_16_to_4": lambda m: m.fine_tuned(rank=16, adapter="adalora"),
        "lora_8_random": lambda m: m.fine_tuned(rank=8, network="random"),
        "full": lambda m: m.fine_tuned(adapter="full"),
        "scratch": lambda m: m.fine_tuned(adapter="full", network="random"),
        "cnn": lambda m: m.fine_tuned(network="cnn", steps=200),
        "lora_stacked": lambda m: m.fine_tuned(rank=8, corrections=_STACKED),
        "lora_8_ensemble": lambda m: m.fine_tuned(rank=8, members=3),
        "meta": lambda m: m.meta_learned(),
        "meta_embedding": lambda m: m.meta_learned(representation="encoder"),
        "zero_shot": lambda m: m.zero_shot(_base()),
        "zero_shot_snv": lambda m: m.zero_shot(Preprocessed("sg1snv", DifferenceAugmentedRidge())),
        "lora_8_variance": lambda m: m.fine_tuned(rank=8, heteroscedastic=True),
    }
)
"""Name → a calibration. Numbers are ranks; ``_random`` is an encoder that was never trained. Those of no pairs
(``zero_shot``) take the standards' spectra of the child, and neither the parent's nor the property."""
