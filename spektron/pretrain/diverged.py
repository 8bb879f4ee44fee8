"""What is kept of a step that gave no number: which spectra it was taken on, so that it can be taken again.

``diverged-step-00000123-rank-0.json`` lies beside the checkpoints: format, step, configuration, corpus, worker, and for
each row of this worker's batch the spectrum's id, its largest absolute intensity and whether all of it is finite.
`spektron.pretrain.replay` takes the step again from the checkpoint before and says where the first number was lost.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from spektron.core.files import write_text
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.data import SpectrumSource
from spektron.pretrain.health import DivergedError
from spektron.pretrain.worker import Worker
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["FORMAT", "recorded"]

FORMAT = 1
_NAMED = 5


def recorded(
    error: DivergedError,
    step: int,
    batch: SpectrumBatch,
    corpus: SpectrumSource,
    config: PretrainConfig,
    worker: Worker,
    folder: Path | None,
) -> DivergedError:
    """Write down what diverged, and say so: the same error with where its spectra are named."""
    rows = _rows(corpus.spectrum_ids(batch), batch)
    if folder is None:
        names = ", ".join(row["spectrum_id"] or "?" for row in rows[:_NAMED]) + (", …" if len(rows) > _NAMED else "")
        return DivergedError(f"{error.message}; on {len(rows)} spectra: {names}", error.hint)
    path = folder / f"diverged-step-{step:08d}-rank-{worker.rank}.json"
    record = {
        "format": FORMAT,
        "step": step,
        "seed": config.seed,
        "rank": worker.rank,
        "world_size": worker.world_size,
        "corpus": corpus.fingerprint,
        "config": config.model_dump(mode="json"),
        "rows": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_text(path, json.dumps(record, indent=1))
    return DivergedError(
        f"{error.message}; its {len(rows)} spectra are named in {path}",
        f"{error.hint}; to see where: spektron replay {path} --corpus DIR",
    )


def _rows(names: list[str], batch: SpectrumBatch) -> list[dict[str, Any]]:
    finite = np.isfinite(batch.intensity)
    largest = np.abs(np.where(finite, batch.intensity, 0.0)).max(axis=1)
    return [
        {"spectrum_id": name, "largest_intensity": float(size), "finite": bool(whole.all())}
        for name, size, whole in zip(names, largest, finite, strict=True)
    ]
