"""Where each public source lies, under which licence, and how its files are found.

No file id and no hash is written here that was not published in the form given. Archives that have an interface
(Zenodo, figshare, OSF) are asked for address, size and hash at the time of fetching; where a publisher gives no hash
(RRUFF, NIST), the one found at first is kept beside the files and held to ever after
(`spektron.corpus.fetching.fetched`).
"""

from __future__ import annotations

from dataclasses import dataclass

from spektron.corpus.sources.chembl import Chembl
from spektron.corpus.sources.multimodal import Multimodal
from spektron.corpus.sources.nist import Nist
from spektron.corpus.sources.openspecy import Openspecy
from spektron.corpus.sources.qm9s import Qm9s
from spektron.corpus.sources.rruff import Rruff
from spektron.corpus.sources.uspto import Uspto

__all__ = ["PUBLICATIONS", "Figshare", "Osf", "Place", "Plain", "Publication", "WebBook", "Zenodo"]


@dataclass(frozen=True, slots=True)
class Plain:
    """Files at ``<base_url>/<name>``, without published hashes."""

    base_url: str


@dataclass(frozen=True, slots=True)
class Zenodo:
    """A record: ``<api_url>/records/<record>`` lists name, size and md5."""

    record: int
    api_url: str = "https://zenodo.org/api"


@dataclass(frozen=True, slots=True)
class Figshare:
    """Articles: ``<api_url>/articles/<article>/files`` lists name, size, md5 and address."""

    articles: tuple[int, ...]
    api_url: str = "https://api.figshare.com/v2"


@dataclass(frozen=True, slots=True)
class Osf:
    """A node's storage: ``<api_url>/nodes/<node>/files/osfstorage/`` lists name, size, sha256 and address."""

    node: str
    api_url: str = "https://api.osf.io/v2"


@dataclass(frozen=True, slots=True)
class WebBook:
    """One request per compound, ``<cgi_url>?JCAMP=C<cas>&Index=<index>&Type=IR``; there is no bulk download."""

    cgi_url: str = "https://webbook.nist.gov/cgi/cbook.cgi"
    # Public clients report that more than five requests in 30 s are refused.
    pause_s: float = 6.5


Place = Plain | Zenodo | Figshare | Osf | WebBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a source's publisher offers.

    Attributes
    ----------
    place : Place
        Where the files are.
    files : tuple of str
        Names of all that the source's reader takes, ``/`` between folders; empty where the user names them.
    licence, citation, homepage : str
        Printed before a download and kept beside the files.
    approximate_bytes : int or None
        Of all files together; None where nothing is published about it.
    note : str
        What to know before or do after the download.
    is_packed : bool
        Whether the files are zip archives that the reader does not take as they are.
    """

    place: Place
    files: tuple[str, ...]
    licence: str
    citation: str
    homepage: str
    approximate_bytes: int | None = None
    note: str = ""
    is_packed: bool = False


_RRUFF = (
    *(f"raman/{quality}_{how}.zip" for quality in ("excellent", "fair") for how in ("oriented", "unoriented")),
    "raman/poor_unoriented.zip",
    "raman/unrated_oriented.zip",
    "raman/unrated_unoriented.zip",
    "raman/LR-Raman.zip",
    "infrared/RAW.zip",
)

PUBLICATIONS: dict[str, Publication] = {
    "chembl": Publication(
        place=Figshare((28593698, 28594295)),
        files=("Raman-ChEMBL-part1.db", "Raman-ChEMBL-part2.db"),
        licence=Chembl.licence,
        citation=Chembl.citation,
        homepage="https://doi.org/10.6084/m9.figshare.28593698",
        approximate_bytes=10_000_000_000,
    ),
    "uspto": Publication(
        place=Zenodo(16417648),
        files=tuple(f"IR_data_chunk{chunk:03d}_of_009.parquet" for chunk in range(1, 10)),
        licence=Uspto.licence,
        citation=Uspto.citation,
        homepage="https://doi.org/10.5281/zenodo.16417648",
        approximate_bytes=8_100_000_000,
    ),
    "nist": Publication(
        place=WebBook(),
        files=(),
        licence=Nist.licence,
        citation=Nist.citation,
        homepage="https://webbook.nist.gov/chemistry/",
        note="NIST offers no bulk download: each compound is one request, with a pause between two of them. What is "
        "fetched is for your own use, not to be passed on.",
    ),
    "rruff": Publication(
        place=Plain("https://www.rruff.net/zipped_data_files"),
        files=_RRUFF,
        licence=Rruff.licence,
        citation=Rruff.citation,
        homepage="https://www.rruff.net",
        note="Leave the archives packed: the reader takes them as they are.",
    ),
    "multimodal": Publication(
        place=Zenodo(14770232),
        files=("multimodal_spectroscopic_dataset.zip",),
        licence=Multimodal.licence,
        citation=Multimodal.citation,
        homepage="https://doi.org/10.5281/zenodo.14770232",
        note="Unpack the archive: the reader takes the aligned_chunk_*.parquet in it.",
        is_packed=True,
    ),
    "qm9s": Publication(
        place=Figshare((24235333,)),
        files=("ir_boraden.csv", "raman_boraden.csv"),
        licence=Qm9s.licence,
        citation=Qm9s.citation,
        homepage="https://doi.org/10.6084/m9.figshare.24235333",
        approximate_bytes=16_700_000_000,
    ),
    "openspecy": Publication(
        place=Osf("x7dpz"),
        files=("both_raw.rds",),
        licence=Openspecy.licence,
        citation=Openspecy.citation,
        homepage="https://osf.io/x7dpz/",
        note="Beside both_raw.rds, both_nobaseline.rds and both_derivative.rds hold the same spectra, processed.",
    ),
}
