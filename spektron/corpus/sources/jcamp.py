"""Anybody's own JCAMP-DX files: ``*.jdx``, ``*.dx``, ``*.jcm``, at any depth below a folder.

What is read of the format, and what is refused, is in docs/formats.md. DATA TYPE gives the modality, XUNITS and YUNITS
the units. The compound is CAS REGISTRY NO, else the name (CAS NAME, NAMES, TITLE), else the file itself.
"""

from __future__ import annotations

from typing import ClassVar

from spektron.corpus.sources._jcamp.files import JcampFiles

__all__ = ["Jcamp"]


class Jcamp(JcampFiles):
    """Spectra from JCAMP-DX files of one's own."""

    source_name: ClassVar[str] = "jcamp"
    file_example: ClassVar[str] = "*.jdx, *.dx or *.jcm"
    licence: ClassVar[str] = "as each file's ##OWNER= states"
    citation: ClassVar[str] = "as each file's ##ORIGIN= states"
