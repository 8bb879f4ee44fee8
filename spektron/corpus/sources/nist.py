"""Infrared spectra of the NIST Chemistry WebBook, as it gives them out: a JCAMP-DX file for each compound and index.

A compound has several (gas, liquid, solid; other archives): each is a spectrum of its own, named by its file. Files
keep the name that they were saved under, ``64-17-5-IR-0.jdx`` or ``C64175-IR-1.jdx`` for instance; a CAS number at its
beginning names the compound where the file itself gives none. For a compound without a spectrum the WebBook answers
with a file titled "Spectrum not found.", which is refused as ``no-spectrum``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from spektron.corpus.sources._compound import Compound, cas_of
from spektron.corpus.sources._jcamp import Headers
from spektron.corpus.sources._jcamp.files import JcampFiles

__all__ = ["Nist"]


class Nist(JcampFiles):
    """Spectra of the published files below a folder."""

    source_name: ClassVar[str] = "nist"
    file_example: ClassVar[str] = "64-17-5-IR-0.jdx"
    licence: ClassVar[str] = (
        "NIST Standard Reference Data, copyright by the U.S. Secretary of Commerce; parts by the Coblentz Society and "
        "others, as each file's ##OWNER= states"
    )
    citation: ClassVar[str] = (
        "Linstrom P.J., Mallard W.G. (eds.), NIST Chemistry WebBook, NIST Standard Reference Database Number 69, "
        "National Institute of Standards and Technology, Gaithersburg MD, doi:10.18434/T4D303"
    )
    # Coblentz spectra on axes in µm state resolutions of 2 and 4.
    wavenumber_resolution: ClassVar[bool] = True

    def _compound(self, path: Path, headers: Headers) -> Compound:
        found = super()._compound(path, headers)
        named = re.match(r"C?([0-9]{5,10}|[0-9]{2,7}-[0-9]{2}-[0-9])(?![0-9])", path.name, flags=re.IGNORECASE)
        cas = cas_of(named[1]) if named and not found.id.startswith("cas/") else None
        return Compound(f"cas/{cas}", (found.id,)) if cas else found
