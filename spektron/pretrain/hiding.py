"""Metadata hidden while training, so that the model works with any part of it: drawn as masks are, from a key.

Each field of an instrument is hidden by itself, in some spectra, and takes the value that says "not stated"; and the
modality of some spectra becomes `UNKNOWN_MODALITY`, whose token nothing else would train.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from spektron.model import UNKNOWN_MODALITY, Instrument
from spektron.pretrain.data import TensorBatch
from spektron.spectra.instrument_terms import NOT_STATED
from spektron.spectra.spectrum import NUM_INSTRUMENT_FIELDS

__all__ = ["hide_metadata"]

# Keeps what is hidden here apart from masks, which are drawn from the bare key, and from views.
_STREAM = 0x4849_4445


def hide_metadata(
    batch: TensorBatch,
    key: Sequence[int],
    *,
    metadata_dropout: float,
    modality_dropout: float,
    rank: int = 0,
    world_size: int = 1,
) -> TensorBatch:
    """Hide some of what is known of each spectrum.

    Parameters
    ----------
    batch : TensorBatch
        This worker's rows; left as they are.
    key : sequence of int
        Non-negative, for example (seed, step): the same key hides the same.
    metadata_dropout : float
        Share of spectra that lose a field, for each field by itself.
    modality_dropout : float
        Share of spectra whose modality becomes unknown.
    rank, world_size : int
        This worker's place, as in `draw_masks`: of a row the same is hidden however many workers.

    Returns
    -------
    TensorBatch
        The batch itself where both shares are 0.
    """
    if not (metadata_dropout or modality_dropout):
        return batch
    # The key's length first: NumPy reads (1, 2) and (1, 2, 0) as the same seed.
    generator = np.random.default_rng(np.random.SeedSequence([len(key), *key], spawn_key=(_STREAM,)))
    # A number for the modality, one for each field and one for the resolution, whatever is to be hidden.
    width = NUM_INSTRUMENT_FIELDS + 2
    numbers = generator.random((len(batch.modality) * world_size, width))[rank::world_size]
    shares = np.array([modality_dropout] + [metadata_dropout] * (width - 1))
    hidden = torch.from_numpy(numbers < shares).to(batch.modality.device)
    instrument = batch.instrument
    if instrument is not None:
        instrument = Instrument(
            instrument.codes.masked_fill(hidden[:, 1:-1], NOT_STATED),
            instrument.resolution_cm1.masked_fill(hidden[:, -1], torch.nan),
        )
    return batch._replace(modality=batch.modality.masked_fill(hidden[:, 0], UNKNOWN_MODALITY), instrument=instrument)
