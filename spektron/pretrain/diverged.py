"""What is kept of a step that gave no number: which spectra it was taken on, so that it can be taken again.

``diverged-step-00000123-rank-0.json`` lies beside the checkpoints, one for each worker: step, configuration and corpus
with their fingerprints, the worker, its own loss (with several workers the one that is no number tells whose rows they
were), and for each row of its batch the spectrum's id, its largest absolute intensity and whether all of it is finite.
`spektron.pretrain.replay` takes the step again from the checkpoint before and says where the first number was lost.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from spektron.core.errors import SpektronError
from spektron.core.files import write_text
from spektron.core.identity import fingerprint
from spektron.pretrain.config import PretrainConfig
from spektron.pretrain.data import SpectrumSource
from spektron.pretrain.health import Diverged, DivergedError
from spektron.pretrain.worker import Worker
from spektron.spectra.spectrum import SpectrumBatch

__all__ = ["FORMAT", "recorded"]

FORMAT = 2
_NAMED = 5


def recorded(
    error: DivergedError,
    diverged: Diverged,
    corpus: SpectrumSource,
    config: PretrainConfig,
    worker: Worker,
    folder: Path | None,
) -> DivergedError:
    """Write down what diverged, and say so: the same error with where its spectra are named.

    What stands in the way (a disk that is full, a corpus that is gone) is told beside the divergence, never instead.
    """
    problems: list[str] = []
    rows = _rows(_names(corpus, diverged.batch, problems), diverged.batch)
    if folder is not None:
        path = folder / f"diverged-step-{diverged.step:08d}-rank-{worker.rank}.json"
        record = {
            "format": FORMAT,
            "step": diverged.step,
            "seed": config.seed,
            "loss": str(diverged.loss),  # JSON has no word for what is no number
            "grad_norm": str(diverged.grad_norm),
            "corpus": corpus.fingerprint,
            "config_fingerprint": fingerprint(config.model_dump(mode="json")),
            "config": config.model_dump(mode="json"),
            "worker": {**asdict(worker), "num_threads": torch.get_num_threads()},
            "rows": rows,
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(path, json.dumps(record, indent=1, allow_nan=False))
            return DivergedError(
                "; ".join([error.message, f"its {len(rows)} spectra are named in {path}", *problems]),
                f"{error.hint}; to see where: spektron replay {path} --corpus DIR",
            )
        except (SpektronError, OSError) as failure:
            problems.append(f"they could not be named in {path}: {_told(failure)}")
    names = ", ".join(row["spectrum_id"] or "?" for row in rows[:_NAMED]) + (", …" if len(rows) > _NAMED else "")
    return DivergedError("; ".join([f"{error.message}; on {len(rows)} spectra: {names}", *problems]), error.hint)


def _names(corpus: SpectrumSource, batch: SpectrumBatch, problems: list[str]) -> list[str]:
    try:
        return corpus.spectrum_ids(batch)
    except (SpektronError, OSError) as failure:
        problems.append(f"their names could not be looked up: {_told(failure)}")
        return [""] * len(batch)


def _told(failure: SpektronError | OSError) -> str:
    return failure.message if isinstance(failure, SpektronError) else str(failure)


def _rows(names: list[str], batch: SpectrumBatch) -> list[dict[str, Any]]:
    finite = np.isfinite(batch.intensity)
    largest = np.abs(np.where(finite, batch.intensity, 0.0)).max(axis=1)
    return [
        {"spectrum_id": name, "largest_intensity": float(size), "finite": bool(whole.all())}
        for name, size, whole in zip(names, largest, finite, strict=True)
    ]
