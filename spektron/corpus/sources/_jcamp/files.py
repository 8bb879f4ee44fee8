"""What the sources of JCAMP-DX files share: many small files, each of one block or several."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from spektron.corpus.sources._compound import Compound, cas_of
from spektron.corpus.sources._damage import UnfitFile
from spektron.corpus.sources._folder import printable
from spektron.corpus.sources._jcamp import Block, Headers, JcampError, read_blocks
from spektron.corpus.sources._jcamp.spectrum import name_of, spectrum_of_block
from spektron.corpus.sources._small_files import SmallFiles
from spektron.corpus.sources.base import Reject
from spektron.spectra import Spectrum, SpectrumRejected

__all__ = ["JcampFiles"]


class JcampFiles(SmallFiles):
    """Base of those sources. A spectrum is named by its file and the place of its block among those with data, from 1.

    A big file is not divided: its blocks can only be found by reading it.
    """

    file_names: ClassVar[str] = r".+\.(jdx|dx|jcm|jcamp)"
    damages: ClassVar[tuple[type[Exception], ...]] = (OSError,)
    wavenumber_resolution: ClassVar[bool] = False
    """Whether RESOLUTION is in cm⁻¹ even where the axis is a wavelength."""

    def _is_big(self, path: Path) -> bool:
        return False

    def _records(self, path: Path, start: int, stop: int) -> Iterator[Spectrum | Reject]:
        num_blocks = 0
        try:
            for block in read_blocks(path):
                yield self._read_block(path, block)
                num_blocks += 1
        except JcampError as error:
            raise UnfitFile("unreadable-file", f"after {num_blocks} blocks: {error}") from error
        if not num_blocks:
            raise UnfitFile("unreadable-file", "expected a block that holds data, found none")

    def _read_block(self, path: Path, block: Block) -> Spectrum | Reject:
        sample_id = f"{self._relative(path)}/{block.number}"
        compound = self._compound(path, block.headers)
        try:
            return spectrum_of_block(
                block,
                spectrum_id=f"{self.name}/{sample_id}",
                source=self.name,
                compound_id=compound.id,
                aliases=compound.aliases,
                wavenumber_resolution=self.wavenumber_resolution,
            )
        except SpectrumRejected as error:
            return self._refuse(sample_id, error.reason, printable(error.detail))

    def _compound(self, path: Path, headers: Headers) -> Compound:
        """CAS registry number where it is given and right, the name as its alias; else the name; else the file."""
        name = name_of(headers)
        if cas := cas_of(headers.text("CASREGISTRYNO")):
            return Compound(f"cas/{cas}", (f"{self.name}/{name}",) if name else ())
        return Compound(f"{self.name}/{name or self._relative(path)}")
