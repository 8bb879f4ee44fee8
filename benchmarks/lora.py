"""Fine-tuning with low-rank adapters, and prediction with dropout: how long a chemist waits.

    python benchmarks/lora.py [--model FOLDER] [--standards 30] [--passes 30] [--spectra 512]

One thread, on corn-like spectra (60 calibration samples, 700 channels, 1100 to 2498 nm). Without a model its size is
that of a small one, drawn at random: time does not depend on what the weights are. Wanted: at most 20 s to fine-tune,
and at least 500 spectra a second with all passes of dropout.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from spektron.transfer.neural import FineTuned


def main() -> None:
    parser = argparse.ArgumentParser(description="Low-rank adapters: time to fine-tune and to predict.")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--standards", type=int, default=30)
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--spectra", type=int, default=512)
    args = parser.parse_args()
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    axis = np.linspace(0, 1, 700)
    bands = np.exp(-0.5 * ((axis - np.linspace(0, 1, 12)[:, None]) / 0.08) ** 2)
    amounts = random.normal(size=(60 + args.spectra, 12))
    spectra = 1 + amounts @ bands + 1e-3 * random.normal(size=(len(amounts), 700))
    x, y, new = spectra[:60], amounts[:60, 0], spectra[60:]
    fitted = []
    print(f"{'':18} {'wall s':>8} {'CPU s':>8}")
    for name, given in {
        "LoRA, rank 8": {"rank": 8},
        "LoRA, 16 to 4": {"rank": 16, "adapter": "schedule"},
        "AdaLoRA, 16 to 4": {"rank": 16, "adapter": "adalora"},
        "all weights": {"adapter": "full"},
        "none (probe)": {"adapter": "probe"},
    }.items():
        model = FineTuned(1e7 / np.linspace(1100, 2498, 700), args.model, passes=args.passes, **given)
        wall, cpu = time.perf_counter(), time.process_time()
        rows = slice(args.standards)
        fitted.append(model.fit(x[rows] + 0.05, x[rows], X_calibration=x, y_calibration=y, y_standards=y[rows]))
        print(f"{name:18} {time.perf_counter() - wall:8.1f} {time.process_time() - cpu:8.1f}", flush=True)
    wall = time.perf_counter()
    fitted[0].predict_interval(new)
    taken = time.perf_counter() - wall
    rate = args.spectra / taken
    print(f"LoRA, rank 8: {args.passes} passes of dropout over {args.spectra} spectra: {rate:.0f} spectra/s")


if __name__ == "__main__":
    main()
