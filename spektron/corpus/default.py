"""The corpus a newcomer starts with: real spectra that come with a package, built once."""

from __future__ import annotations

from pathlib import Path

from spektron.core.errors import CorpusError
from spektron.corpus.build import Progress, build_corpus
from spektron.corpus.manifest import MANIFEST_NAME, BuildConfig, load_manifest
from spektron.corpus.sources import open_source

__all__ = ["ensure_bundled"]


def ensure_bundled(folder: Path, progress: Progress | None = None) -> Path:
    """Return the corpus ``folder/bundled``, building it from the spectra inside chemotools when it is not there.

    Raises
    ------
    CorpusError
        When it cannot be built.
    """
    out = folder / "bundled"
    if not _is_readable(out):
        # 15 % for validation: the spectra are blocks of one process, and too few blocks would make the metric noisy.
        config = BuildConfig(name="bundled", validation_fraction=0.15, test_fraction=0.05)
        manifest = build_corpus([open_source("bundled")], out, config, overwrite=True, progress=progress)
        if not manifest.num_spectra["validation"]:
            raise CorpusError(f"expected validation spectra in {out}, found none", "use another seed")
    return out


def _is_readable(out: Path) -> bool:
    """Whether a corpus of this version is there; one of an earlier version is built again."""
    if not (out / MANIFEST_NAME).exists():
        return False
    try:
        load_manifest(out)
    except CorpusError:
        return False
    return True
