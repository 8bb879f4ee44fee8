"""Which spectra stand for a corpus on its data card: of each source and modality, the kept ones of lowest rank."""

from __future__ import annotations

import numpy as np

from spektron.core.storage import Storage
from spektron.corpus.building.index import taken
from spektron.corpus.building.placing import Placement
from spektron.corpus.building.shards import gather
from spektron.corpus.describing.card_figure import MOST_PANELS, SPECTRA_PER_PANEL, Example, Panel
from spektron.corpus.schema import intensity_matrix

__all__ = ["choose_examples"]


def choose_examples(work: Storage, placement: Placement) -> list[Panel]:
    """Take examples of each source and modality, of the most numerous ones where there are too many."""
    index, kept = placement.index, placement.judgement.kept
    source, sources = index.codes("source")
    modality, modalities = index.codes("modality")
    pair = (source * len(modalities) + modality)[kept]
    order = np.lexsort((index.numbers("rank")[kept], pair))
    pairs, first, num = np.unique(pair[order], return_index=True, return_counts=True)
    largest = np.sort(np.lexsort((pairs, -num))[:MOST_PANELS])
    shown = np.minimum(num[largest], SPECTRA_PER_PANEL)
    rows = kept[np.concatenate([order[first[pair] :][:count] for pair, count in zip(largest, shown, strict=True)])]
    table = gather(work, taken(index.rows, rows))
    intensity = intensity_matrix(table["intensity"].combine_chunks())
    names = [
        placement.judgement.names.get(row, name)
        for row, name in zip(rows.tolist(), table["spectrum_id"].to_pylist(), strict=True)
    ]
    units = table["intensity_unit"].to_pylist()
    ends = [table[f"wavenumber_{end}_cm1"].to_pylist() for end in ("start", "stop")]
    examples = [
        Example(name=name, start_cm1=start, stop_cm1=stop, intensity=values)
        for name, start, stop, values in zip(names, *ends, intensity, strict=True)
    ]
    begins = np.cumsum(shown) - shown
    return [
        Panel(
            source=sources[source[rows[begin]]],
            modality=modalities[modality[rows[begin]]],
            unit=units[begin],
            num_spectra=int(num[pair]),
            examples=tuple(examples[begin : begin + count]),
        )
        for pair, begin, count in zip(largest, begins.tolist(), shown.tolist(), strict=True)
    ]
