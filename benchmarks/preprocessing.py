"""What learned preprocessing costs, as a share of a forward and backward of the encoder behind it.

    python benchmarks/preprocessing.py [--batch 8] [--rounds 5]

CPU time of one thread, the best round. `made`: forward and backward of preprocessing alone, beside the plain encoder's.
`whole`: the encoder with it beside the plain one; patch embeddings then take more channels and pass a gradient on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from spektron.model import EncoderConfig, PreprocessingConfig, SpectrumEncoder
from spektron.model.preprocessing import Preprocessing
from spektron.spectra.spectrum import NUM_POINTS

ENCODERS: dict[str, tuple[dict[str, Any], int]] = {
    "laptop, 2 × 64, coarse": ({"dim": 64, "layers": 2, "heads": 4, "scales": ("coarse",)}, 40),
    "default, 6 × 256, all scales": ({}, 1),
}
MADE: dict[str, PreprocessingConfig] = {
    "baseline": PreprocessingConfig(baseline=True),
    "derivatives": PreprocessingConfig(derivatives=(1, 2)),
    "both": PreprocessingConfig(baseline=True, derivatives=(1, 2)),
}


def best_ms(run: Callable[[], Tensor], rounds: int) -> float:
    """CPU time of forward and backward, the best of `rounds` after one to warm up."""
    times = []
    for _ in range(rounds + 1):
        started = time.process_time()
        torch.autograd.backward(run())
        times.append(time.process_time() - started)
    return 1e3 * min(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description="What learned preprocessing costs.")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    values = torch.randn(args.batch, 1, NUM_POINTS).cumsum(dim=-1)
    mask = torch.zeros(args.batch, NUM_POINTS, dtype=torch.bool)
    mask[:, 500:900] = True
    spectra = (
        values,
        torch.full((args.batch,), 400.0),
        torch.full((args.batch,), 4000.0),
        torch.zeros(args.batch, dtype=torch.int64),
        mask,
    )

    print(f"{'':32}{'ms':>10}" + "".join(f"{name + ', made':>20}{'whole':>9}" for name in MADE))
    for name, (size, times) in ENCODERS.items():
        rounds = args.rounds * times

        def whole(preprocessing: PreprocessingConfig, size: Any = size, rounds: int = rounds) -> float:
            encoder = SpectrumEncoder(EncoderConfig(**size, preprocessing=preprocessing))
            return best_ms(lambda: encoder(*spectra).tokens.square().sum(), rounds)

        plain = whole(PreprocessingConfig())
        cells = ""
        for config in MADE.values():
            stack = Preprocessing(config)
            made = best_ms(lambda stack=stack: stack(values, mask).square().sum(), 20 * args.rounds)
            cells += f"{made:9.2f} ms {made / plain:7.2%}{whole(config) / plain:9.2f}"
        print(f"{name:32}{plain:10.1f}{cells}")


if __name__ == "__main__":
    main()
