"""``spektron model reconstruct`` and ``attend``: one spectrum looked at through a model, as a figure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from spektron.cli.printing import printed_console, told, told_outside
from spektron.core.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from spektron.model import AttentionMap
    from spektron.report.spectrum_axes import DrawnSpectrum
    from spektron.spectra import Spectrum

__all__ = ["Attend", "Reconstruct"]


@dataclass(frozen=True, kw_only=True)
class _OneSpectrum:
    folder: Annotated[Path, tyro.conf.Positional]
    """The model."""
    figure: Path
    """What to draw: a .png, .svg or .pdf."""
    corpus: str | None = None
    """Take the spectrum from this corpus: a folder or its address."""
    row: int = 0
    """Which spectrum of the corpus's split, from 0 in rank order; of a file, which of its spectra."""
    split: Literal["train", "validation", "test"] = "validation"
    """Split of the corpus."""
    file: Path | None = None
    """Take the spectrum from this file instead."""
    modality: Literal["IR", "RAMAN", "NIR"] | None = None
    """Modality where the file states none."""
    x_unit: str | None = None
    """Unit of the axis where the file states none: cm-1, nm or um."""

    def spectrum(self) -> Spectrum:
        """The one that is meant."""
        from spektron.report.figures import FIGURE_SUFFIXES

        if self.figure.suffix.lower() not in FIGURE_SUFFIXES:  # told before the work, not after it
            raise ConfigError(f"--figure: expected {', '.join(FIGURE_SUFFIXES)}, found {self.figure}", "rename it")
        if (self.corpus is None) == (self.file is None):
            found = "neither" if self.corpus is None else "both"
            raise ConfigError(
                f"expected --corpus or --file, found {found}", "for example --corpus .spektron/corpora/bundled --row 3"
            )
        return self._of_file(self.file) if self.file is not None else self._of_corpus(str(self.corpus))

    def _of_corpus(self, place: str) -> Spectrum:
        from spektron.corpus import Corpus
        from spektron.corpus.one_spectrum import read_spectrum

        return read_spectrum(Corpus.open(place), self.split, self.row)

    def _of_file(self, path: Path) -> Spectrum:
        from spektron.corpus.one_file import read_file
        from spektron.corpus.sources.base import Reject

        stated = {name: text for name, text in (("modality", self.modality), ("x_unit", self.x_unit)) if text}
        found = list(read_file(path, stated))
        if not 0 <= self.row < len(found):
            raise ConfigError(f"--row: expected 0 to {len(found) - 1}, the spectra of {path}, found {self.row}")
        item = found[self.row]
        if isinstance(item, Reject):
            raise ConfigError(
                f"{path}: expected a spectrum, found {item.reason}: {item.detail}",
                "--modality and --x-unit state what the file does not",
            )
        return item


@dataclass(frozen=True, kw_only=True)
class Reconstruct(_OneSpectrum):
    """Hide a quarter of a spectrum, let the model say what lies there, and draw both."""

    mask_seed: int | None = None
    """Of what is hidden; without it the spans of the held-out metrics, where the row has some."""

    def run(self) -> int:
        """Hide, reconstruct, draw."""
        from spektron.model import Pretrained
        from spektron.pretrain.evaluate import hidden_errors
        from spektron.report.reconstruction_figure import save_reconstruction
        from spektron.spectra.spectrum import SpectrumBatch

        spectrum = self.spectrum()
        batch, mask = SpectrumBatch.of([spectrum]), self._mask()
        with told_outside(printed_console()):
            found = Pretrained.from_pretrained(self.folder).reconstruct(batch, mask)
        errors = hidden_errors(batch.intensity, found, mask)
        note = (
            f"mean squared error under the mask, in variances of the spectrum: {errors['mse']:.3g}; "
            f"of a straight line: {errors['mse_interpolation']:.3g}"
        )
        save_reconstruction(_drawn(spectrum), mask[0], found[0], self.figure, note=note)
        told(f"{spectrum.spectrum_id}: {note}", str(self.figure))
        return 0

    def _mask(self) -> NDArray[np.bool_]:
        from spektron.pretrain.evaluate import HELD_OUT_KEY, HELD_OUT_LIMIT, one_mask

        if self.mask_seed is not None and self.mask_seed < 0:
            raise ConfigError(f"--mask-seed: expected 0 or more, found {self.mask_seed}")
        of_metrics = self.file is None and self.split == "validation" and self.row < HELD_OUT_LIMIT
        if self.mask_seed is None and of_metrics:
            return one_mask(HELD_OUT_KEY, self.row)
        return one_mask((self.mask_seed or 0, self.row))


@dataclass(frozen=True, kw_only=True)
class Attend(_OneSpectrum):
    """Draw where every head of one block looks along the wavenumber axis."""

    block: str | None = None
    """Which attention, as "block 2" or "ask"; without it the last."""
    at_cm1: float | None = None
    """Look from the (finest) window around this wavenumber; without it from [CLS]."""

    def run(self) -> int:
        """Listen to one block, and draw."""
        from spektron.model import Pretrained
        from spektron.report.attention_figure import HeadOnAxis, save_attention
        from spektron.spectra.spectrum import SpectrumBatch

        spectrum = self.spectrum()
        with told_outside(printed_console()):
            maps = Pretrained.from_pretrained(self.folder).attention(SpectrumBatch.of([spectrum]))
        chosen = next((found for found in maps if found.name == self.block), None) if self.block else maps[-1]
        if chosen is None:
            raise ConfigError(
                f"--block: expected one of {', '.join(repr(found.name) for found in maps)}, found {self.block!r}"
            )
        token, whose = self._token(chosen, spectrum)
        on_axis = chosen.on_axis(token)
        heads = [HeadOnAxis(label=f"head {head + 1}", points=points) for head, points in enumerate(on_axis.points[0])]
        save_attention(
            _drawn(spectrum),
            heads,
            self.figure,
            title=f"{chosen.name}: attention of {whose}",
            note="Each head on a scale of its own; 1× (dashed): all points are looked at alike.\n"
            "Per cent: what goes to the axis; the rest goes to [CLS] and the domain token.",
        )
        told(f"{spectrum.spectrum_id}: {len(heads)} heads of {chosen.name}, from {whose}", str(self.figure))
        return 0

    def _token(self, chosen: AttentionMap, spectrum: Spectrum) -> tuple[str | int | None, str]:
        """Who looks, and what it is called."""
        if self.at_cm1 is None:
            return ("cls", "[CLS]") if chosen.queries.whole else (None, "all windows, their mean")
        start, stop = spectrum.wavenumber_start_cm1, spectrum.wavenumber_stop_cm1
        if not start <= self.at_cm1 <= stop:
            raise ConfigError(f"--at-cm1: expected {start:,.0f} to {stop:,.0f} cm⁻¹, found {self.at_cm1:g}")
        step = (stop - start) / (len(spectrum.intensity) - 1)
        windows = start + step * chosen.queries.windows
        token = int(abs(windows.mean(axis=1) - self.at_cm1).argmin())
        return token, f"the window {windows[token, 0]:,.0f} to {windows[token, 1]:,.0f} cm⁻¹"


def _drawn(spectrum: Spectrum) -> DrawnSpectrum:
    from spektron.report.spectrum_axes import DrawnSpectrum

    return DrawnSpectrum(
        name=spectrum.spectrum_id,
        modality=spectrum.modality,
        unit=spectrum.intensity_unit,
        start_cm1=spectrum.wavenumber_start_cm1,
        stop_cm1=spectrum.wavenumber_stop_cm1,
        intensity=spectrum.intensity,
    )
