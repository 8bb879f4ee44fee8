"""Two instruments' files of corn, a transfer made of them with a quick method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spektron.datasets import PairedSpectra, PairFiles, load_corn, load_pairs, write_pairs
from spektron.transfer.model import TransferModel, TransferParts
from spektron.transfer.splits import draw_splits


@pytest.fixture(scope="session")
def files(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PairFiles]:
    """m5 with 60 samples and laboratory values, mp6 with 10 of them, and 20 new ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPEKTRON_DATA", str(shared_data))
        corn = load_corn()
        folder = tmp_path_factory.mktemp("corn-files")
        yield write_pairs(corn, "m5", "mp6", folder, split=draw_splits(corn, repeats=1)[0])


@pytest.fixture(scope="session")
def pairs(files: PairFiles) -> PairedSpectra:
    return load_pairs(files.parent, files.child, reference=files.reference)


@pytest.fixture(scope="session")
def parts(pairs: PairedSpectra) -> TransferParts:
    return TransferParts.of(pairs, pairs.ids, ("oil", "moisture"), "sg1+difference_ridge", "mean")


@pytest.fixture(scope="session")
def model(parts: TransferParts) -> TransferModel:
    return TransferModel.fit(parts)
