"""New files of the child, one after the other: what of them can be used, and every sample and file that cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from spektron.cli.transfer_printing import print_lines
from spektron.cli.transfer_shared import as_typed
from spektron.core.errors import SpektronError
from spektron.core.words import some_of

if TYPE_CHECKING:
    from spektron.datasets import Repair, Samples
    from spektron.transfer.model import ChildFiles, TransferModel

__all__ = ["NewFiles", "read_new", "together"]


@dataclass(slots=True)
class NewFiles:
    """What was read.

    Attributes
    ----------
    samples : list of (Path, Samples)
        Of each file or folder, on the transfer's axis.
    left_out : list of (str, str)
        Samples that cannot be used, each with what is wrong.
    unread : list of (str, str)
        Files that cannot be read, each with what is wrong.
    """

    samples: list[tuple[Path, Samples]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)

    def add(self, path: Path, repairs: Sequence[Repair]) -> None:
        """Tell what was mended in a file, and keep what was left out: a folder's files count like files by name."""
        for repair in repairs:
            left_out = [(name, as_typed(why)) for name, why in repair.left_out]
            (self.unread if repair.unread else self.left_out).extend(left_out)
        print_lines([f"{path}: {as_typed(str(repair))}" for repair in repairs])


def read_new(files: Sequence[Path], model: TransferModel, form: ChildFiles) -> NewFiles:
    """Read files and folders of new spectra onto the transfer's axis, telling what was mended.

    Parameters
    ----------
    files : sequence of Path
    model : TransferModel
    form : ChildFiles
        How they are to be read.
    """
    from spektron.datasets import NothingUsable, load_spectra

    axis, unit = model.parts.axis, model.parts.unit
    found = NewFiles()
    for path in files:
        try:
            samples, repairs = load_spectra(path, axis, "nm" if unit == "nm" else "cm-1", **form.model_dump())
        except NothingUsable as error:
            found.add(path, error.repairs)
            print_lines([f"  hint: {as_typed(error.hint)}"] if error.hint else [])
        except (SpektronError, OSError) as error:
            reason = error.message if isinstance(error, SpektronError) else str(error)
            found.unread.append((path.name if path.is_dir() else path.stem, as_typed(reason)))
            print_lines([f"not read: {path}: {as_typed(str(error))}"])
        else:
            found.add(path, repairs)
            found.samples.append((path, samples))
    return found


def together(found: NewFiles, num_channels: int, replicates: str) -> Samples:
    """The samples of all files, each once, telling which several files hold.

    Where these agree it is taken once; else as `replicates` says its mean is taken, or it is left out and named.

    Parameters
    ----------
    found : NewFiles
        Samples that are left out are added.
    num_channels : int
    replicates : {"refuse", "mean"}
    """
    import numpy as np

    from spektron.datasets import Samples

    each: dict[str, list[tuple[Path, np.ndarray]]] = {}
    for path, samples in found.samples:
        for name, spectrum in zip(samples.ids, samples.spectra, strict=True):
            each.setdefault(name, []).append((path, spectrum))
    kept = {}
    same, averaged, differ = (list[str]() for _ in range(3))
    for name, places in each.items():
        spectra = np.array([spectrum for _, spectrum in places])
        where = f"{name} ({', '.join(str(path) for path, _ in places)})"
        agree = bool((spectra == spectra[0]).all())
        if agree or replicates == "mean":
            kept[name] = spectra[0] if agree else spectra.mean(axis=0)
        else:
            found.left_out.append((name, f"other spectra of this name in several files: {where}"))
        if len(places) > 1:
            (same if agree else averaged if replicates == "mean" else differ).append(where)
    _tell("samples with the same spectrum in several files, taken once", same)
    _tell("samples in several files, their mean taken", averaged)
    _tell("samples of one name with other spectra in several files, left out", differ)
    print_lines(["  hint: name samples apart, or say --replicates mean to take their mean"] if differ else [])
    spectra = np.array(list(kept.values())).reshape(len(kept), num_channels)
    return Samples(ids=tuple(kept), spectra=spectra)


def _tell(what: str, samples: list[str]) -> None:
    print_lines([f"{what}: {len(samples)}: {some_of(samples)}"] if samples else [])
