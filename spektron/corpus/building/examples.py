"""Which spectra stand for a corpus on its data card: of each source and modality, the kept one of lowest rank."""

from __future__ import annotations

import numpy as np

from spektron.core.storage import Storage
from spektron.corpus.building.index import taken
from spektron.corpus.building.placing import Placement
from spektron.corpus.building.shards import gather
from spektron.corpus.describing.card_figure import MOST_EXAMPLES, Example
from spektron.corpus.schema import intensity_matrix

__all__ = ["choose_examples"]


def choose_examples(work: Storage, placement: Placement) -> list[Example]:
    """Take an example of each source and modality, the most numerous ones where there are too many."""
    index, kept = placement.index, placement.judgement.kept
    source, sources = index.codes("source")
    modality, modalities = index.codes("modality")
    pair = (source * len(modalities) + modality)[kept]
    order = np.lexsort((index.numbers("rank")[kept], pair))
    pairs, first, num = np.unique(pair[order], return_index=True, return_counts=True)
    largest = np.sort(np.lexsort((pairs, -num))[:MOST_EXAMPLES])
    rows = kept[order[first[largest]]]
    table = gather(work, taken(index.rows, rows))
    intensity = intensity_matrix(table["intensity"].combine_chunks())
    names = [
        placement.judgement.names.get(row, name)
        for row, name in zip(rows.tolist(), table["spectrum_id"].to_pylist(), strict=True)
    ]
    units = table["intensity_unit"].to_pylist()
    ends = [table[f"wavenumber_{end}_cm1"].to_pylist() for end in ("start", "stop")]
    return [
        Example(
            name=names[place],
            source=sources[source[row]],
            modality=modalities[modality[row]],
            num_spectra=int(num[largest[place]]),
            start_cm1=ends[0][place],
            stop_cm1=ends[1][place],
            intensity=intensity[place],
            unit=units[place],
        )
        for place, row in enumerate(rows.tolist())
    ]
