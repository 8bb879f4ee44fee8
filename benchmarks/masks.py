"""What drawing masks costs, as a share of a training step, and whether peak masks hide bands of real spectra.

    python benchmarks/masks.py [--batch 64] [--rounds 100] [--library DIR]

The first table times every kind of mask for one batch, and a whole training step of two encoders without data: the
default, and the one of the laptop presets, beside which masks weigh most. CPU time of one thread, the
best round of each.

The second needs a folder of spectra in Parquet (`spektron.corpus.sources.Table`): for each set, the share of bands
that random and peak masks hide. A band is a maximum that rises 5 % of the spectrum's range above its surroundings.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.signal import find_peaks

from spektron.corpus.sources import Reject, Table, read_all
from spektron.model import EncoderConfig
from spektron.pretrain import MaskConfig, MaskKind, PretrainConfig, Worker, draw_masks
from spektron.pretrain.train_step import TrainStep
from spektron.spectra.spectrum import NUM_POINTS, SpectrumBatch

ENCODERS = {
    "laptop, 2 × 64, coarse": (EncoderConfig(dim=64, layers=2, heads=4, scales=("coarse",)), 20),
    "default, 6 × 256, all scales": (EncoderConfig(), 1),
}
ROWS_PER_SET, DRAWS = 40, 20


def some_batch(rows: int) -> SpectrumBatch:
    return SpectrumBatch(
        intensity=np.random.default_rng(0).normal(size=(rows, NUM_POINTS)).astype(np.float32),
        wavenumber_start_cm1=np.full(rows, 400.0, np.float32),
        wavenumber_stop_cm1=np.full(rows, 4000.0, np.float32),
        modality=np.zeros(rows, dtype=np.int64),
    )


def best_ms(run: Callable[[int], object], rounds: int) -> float:
    """CPU time of the best of `rounds`, after one to warm up."""
    times = []
    for round_ in range(rounds + 1):
        started = time.process_time()
        run(round_ + 1)
        times.append(time.process_time() - started)
    return 1e3 * min(times[1:])


def print_costs(batch: SpectrumBatch, rounds: int) -> None:
    kinds: dict[str, MaskConfig] = {kind: MaskConfig(kind=kind) for kind in get_args(MaskKind)}
    kinds["a third each"] = MaskConfig(kind=dict.fromkeys(get_args(MaskKind), 1.0))
    masks = {
        name: best_ms(lambda key, mask=mask: draw_masks(mask, batch.intensity, (0, key)), rounds)
        for name, mask in kinds.items()
    }
    print(f"{'':30}{'ms':>9}" + "".join(f"{name:>14}" for name in masks))
    print(f"{'masks of one batch':30}{'':9}" + "".join(f"{ms:11.2f} ms" for ms in masks.values()))
    for name, (encoder, steps) in ENCODERS.items():
        step = TrainStep(PretrainConfig(batch_size=len(batch), encoder=encoder), Worker())
        whole = best_ms(lambda number, step=step: step(number, batch), steps)
        print(f"{name:30}{whole:9.1f}" + "".join(f"{ms / whole:14.2%}" for ms in masks.values()))


def print_bands_hidden(library: Path) -> None:
    rows: dict[str, list[NDArray[np.float32]]] = defaultdict(list)
    for spectrum in read_all(Table(folder=library)):
        if not isinstance(spectrum, Reject):
            rows[spectrum.source].append(spectrum.intensity)
    print(f"{'set':30}{'spectra':>9}{'bands each':>14}{'random':>14}{'peak':>14}")
    for name, all_rows in sorted(rows.items()):
        chosen = np.random.default_rng(0).permutation(len(all_rows))[:ROWS_PER_SET]
        intensity = np.stack([all_rows[index] for index in chosen]).astype(np.float32)
        bands = np.zeros(intensity.shape, dtype=bool)
        for row, band in zip(intensity.astype(np.float64), bands, strict=True):
            band[find_peaks(row, prominence=0.05 * np.ptp(row))[0]] = True
        if bands.any():
            shares = "".join(f"{hidden(kind, intensity, bands):14.0%}" for kind in ("random", "peak"))
            print(f"{name:30}{len(bands):9}{bands.sum() / len(bands):14.1f}{shares}")


def hidden(kind: MaskKind, intensity: NDArray[np.float32], bands: NDArray[np.bool_]) -> float:
    """Share of `bands` under masks of a quarter of the points, over some draws."""
    draws = [draw_masks(MaskConfig(kind=kind), intensity, (0, draw)) for draw in range(DRAWS)]
    return float(np.mean([masks[bands].mean() for masks in draws]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--library", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print_costs(some_batch(arguments.batch), arguments.rounds)
    if arguments.library:
        print_bands_hidden(arguments.library)


if __name__ == "__main__":
    main()
