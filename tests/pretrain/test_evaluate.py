from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spektron.core.errors import CorpusError
from spektron.model import EncoderOutput, MaskedReconstructor, Reconstruction
from spektron.pretrain import HeldOut, evaluate
from spektron.pretrain.evaluate import HELD_OUT_KEY, HELD_OUT_MASK
from spektron.pretrain.masking import draw_masks
from spektron.spectra.spectrum import NUM_POINTS, SpectrumBatch
from tests.model.spectra import tiny
from tests.pretrain.stand_in import MemoryCorpus, make_batch

CPU = torch.device("cpu")
VALIDATION = make_batch(80, seed=5)
MASK = draw_masks(HELD_OUT_MASK, VALIDATION.intensity, HELD_OUT_KEY)
NOTHING = EncoderOutput(*(torch.zeros(1, 2) for _ in range(4)))


class Guess(nn.Module):
    """Says what it was told to, row after row."""

    def __init__(self, values: Any) -> None:
        super().__init__()
        self.values, self.done = torch.tensor(np.array(values, np.float32)), 0

    def forward(self, intensity: Tensor, *_: Tensor) -> Reconstruction:
        rows = slice(self.done, self.done + len(intensity))
        self.done += len(intensity)
        return Reconstruction(self.values[rows], torch.zeros(len(intensity)), torch.ones(len(intensity)), NOTHING)


def held_out(validation: SpectrumBatch = VALIDATION) -> HeldOut:
    return HeldOut(MemoryCorpus(make_batch(4), validation), CPU)


def score(values: Any) -> dict[str, float]:
    return held_out().score(Guess(values))  # type: ignore[arg-type]


def visible_mean() -> Any:
    mean = VALIDATION.intensity.mean(axis=1, keepdims=True, where=~MASK, dtype=np.float64)
    return np.broadcast_to(mean, VALIDATION.intensity.shape)


def test_the_truth_is_perfect() -> None:
    metrics = score(VALIDATION.intensity)
    assert metrics["val_mse"] < 1e-12
    assert metrics["val_spectral_angle"] < 1e-3
    assert metrics["val_peak_recall"] == 1.0


def test_what_is_said_of_visible_points_does_not_count() -> None:
    wrong = np.where(MASK, VALIDATION.intensity, 1e6)
    assert score(wrong)["val_mse"] < 1e-12


def test_the_error_is_in_variances_of_the_whole_spectrum() -> None:
    deviation = VALIDATION.intensity.std(axis=1, keepdims=True)
    assert score(VALIDATION.intensity + 2.0 * deviation)["val_mse"] == pytest.approx(4.0, rel=1e-4)


def test_the_reference_of_the_mean_is_the_score_of_the_visible_mean() -> None:
    metrics = score(visible_mean())
    assert metrics["val_mse"] == pytest.approx(metrics["val_mse_mean"], rel=1e-5)
    assert metrics["val_spectral_angle"] == pytest.approx(math.pi / 2, abs=0.05)
    assert metrics["val_peak_recall"] < 0.5


def test_the_reference_of_interpolation_is_the_score_of_straight_lines() -> None:
    lines = VALIDATION.intensity.astype(np.float64)
    for row, hidden in zip(lines, MASK):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], hidden.astype(int), [0]])))
        for first, last in edges.reshape(-1, 2):
            left, right = first - 1, last
            if left < 0 or right == NUM_POINTS:
                row[first:last] = row[right if left < 0 else left]
            else:
                row[first:last] = row[left] + (row[right] - row[left]) * np.arange(1, last - first + 1) / (right - left)
    metrics = score(lines)
    assert metrics["val_mse"] == pytest.approx(metrics["val_mse_interpolation"], rel=1e-5)


def test_interpolation_knows_a_straight_spectrum_but_the_mean_does_not() -> None:
    slope = np.linspace(0.0, 1.0, NUM_POINTS, dtype=np.float32) * np.arange(1, 81, dtype=np.float32)[:, None]
    batch = SpectrumBatch(
        intensity=slope,
        wavenumber_start_cm1=VALIDATION.wavenumber_start_cm1,
        wavenumber_stop_cm1=VALIDATION.wavenumber_stop_cm1,
        modality=VALIDATION.modality,
    )
    metrics = held_out(batch).score(Guess(slope))  # type: ignore[arg-type]
    assert metrics["val_mse_interpolation"] < 0.05 * metrics["val_mse_mean"]
    assert metrics["val_mse_mean"] > 0.5


def test_an_untrained_model_scores_like_the_mean() -> None:
    metrics = held_out().score(MaskedReconstructor(tiny()))
    assert metrics["val_mse"] == pytest.approx(metrics["val_mse_mean"], rel=0.1)


def test_the_mean_never_scores_above_its_bound() -> None:
    # The worst there is: level where visible, and elsewhere a step up.
    stepped = np.where(MASK, 1.0, 0.0).astype(np.float32)
    batch = SpectrumBatch(
        intensity=stepped,
        wavenumber_start_cm1=VALIDATION.wavenumber_start_cm1,
        wavenumber_stop_cm1=VALIDATION.wavenumber_stop_cm1,
        modality=VALIDATION.modality,
    )
    hidden = HELD_OUT_MASK.num_masked
    bound = NUM_POINTS**2 / (hidden * (NUM_POINTS - hidden))
    metrics = held_out(batch).score(Guess(stepped))  # type: ignore[arg-type]
    assert metrics["val_mse_mean"] == pytest.approx(bound, rel=1e-3)
    assert bound < 5.4


def test_a_band_that_is_shifted_within_the_tolerance_is_found() -> None:
    near, far = (np.roll(VALIDATION.intensity, shift, axis=1) for shift in (4, 100))
    assert score(near)["val_peak_recall"] > 0.9 > score(far)["val_peak_recall"]


@pytest.mark.parametrize("normalisation", ["standard", "minmax", "none"])
def test_masks_and_references_are_the_same_in_every_arm(normalisation: str) -> None:
    plain, other = held_out(), held_out()
    model = MaskedReconstructor(tiny(scales=("coarse",), normalisation=normalisation, dropout=0.3)).train()
    metrics = other.score(model)
    assert model.training, "scoring leaves the mode as it was"
    assert metrics == other.score(model), "scoring twice gives two answers"
    references = {name: metrics[name] for name in ("val_mse_mean", "val_mse_interpolation")}
    assert references == {name: plain.score(Guess(visible_mean()))[name] for name in references}  # type: ignore[arg-type]


def test_without_a_band_under_a_mask_there_is_no_recall() -> None:
    level = np.linspace(0.0, 1.0, NUM_POINTS, dtype=np.float32)[None]
    batch = SpectrumBatch(
        intensity=level,
        wavenumber_start_cm1=VALIDATION.wavenumber_start_cm1[:1],
        wavenumber_stop_cm1=VALIDATION.wavenumber_stop_cm1[:1],
        modality=VALIDATION.modality[:1],
    )
    assert "val_peak_recall" not in held_out(batch).score(Guess(level))  # type: ignore[arg-type]


def test_no_more_than_the_limit_is_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "HELD_OUT_LIMIT", 10)
    few = held_out(VALIDATION.take(slice(0, 10)))._references
    assert held_out()._references == few
    monkeypatch.undo()
    assert held_out()._references != few


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(CorpusError, match="validation split, found none"):
        held_out(VALIDATION.take(slice(0, 0)))
