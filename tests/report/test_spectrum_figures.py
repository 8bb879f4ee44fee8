"""Spectra under a mask and under attention, as figures: direction, spans, numbers, the same bytes each time."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from spektron.core.errors import ConfigError
from spektron.report.attention_figure import HeadOnAxis, draw_attention, save_attention
from spektron.report.reconstruction_figure import draw_reconstruction, hidden_spans, save_reconstruction
from spektron.report.spectrum_axes import DrawnSpectrum


def spectrum(modality: str = "IR", name: str = "set/one") -> DrawnSpectrum:
    axis = np.linspace(0.0, 1.0, 101)
    band = np.exp(-(((axis - 0.3) / 0.05) ** 2))
    return DrawnSpectrum(
        name=name, modality=modality, unit="absorbance", start_cm1=1000.0, stop_cm1=2000.0, intensity=band
    )


def mask_of(*spans: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(101, dtype=bool)
    for first, last in spans:
        mask[first:last] = True
    return mask


@pytest.mark.parametrize(
    ("modality", "turned", "label"),
    [("IR", True, "wavenumber / cm⁻¹"), ("NIR", True, "wavenumber / cm⁻¹"), ("RAMAN", False, "Raman shift / cm⁻¹")],
)
def test_axes_run_as_the_field_draws_them(modality: str, turned: bool, label: str) -> None:
    drawn = spectrum(modality)
    heads = [HeadOnAxis(label="head 1", points=np.full(101, 1 / 101))]
    for canvas in (
        draw_reconstruction(drawn, mask_of((20, 40)), drawn.intensity),
        draw_attention(drawn, heads, title="block 1"),
    ):
        assert {axes.xaxis_inverted() for axes in canvas.axes} == {turned}
        assert [axes.get_xlabel() for axes in canvas.axes] == ["", label]
        assert sorted(canvas.axes[0].get_xlim()) == [1000.0, 2000.0]


def test_a_prediction_is_drawn_where_it_was_hidden_and_nowhere_else() -> None:
    drawn, mask = spectrum(), mask_of((0, 10), (60, 61), (90, 101))
    assert hidden_spans(mask) == [(0, 10), (60, 61), (90, 101)]
    predicted = np.where(mask, drawn.intensity + 0.5, np.nan)
    above, below = draw_reconstruction(drawn, mask, predicted).axes
    measured, *said = above.lines
    assert len(measured.get_xdata()) == 101
    assert [(line.get_xdata()[0], line.get_xdata()[-1]) for line in said] == [(1000, 1090), (1600, 1600), (1900, 2000)]
    _, *errors = below.lines
    np.testing.assert_allclose(np.concatenate([line.get_ydata() for line in errors]), 0.5)
    low, high = below.get_ylim()
    assert -low == high > 0.5
    assert hidden_spans(mask_of()) == []


def test_even_attention_lies_on_the_dashed_line() -> None:
    points = np.full(101, 0.8 / 101)
    strip = draw_attention(spectrum(), [HeadOnAxis(label="head 1", points=points)], title="block 1").axes[1]
    curve, line = strip.lines
    np.testing.assert_allclose(curve.get_ydata(), 0.8)
    assert set(line.get_ydata()) == {1.0}
    assert strip.get_ylabel() == "head 1\n80 %"


def test_figures_are_the_same_each_time_and_say_what_they_show(tmp_path: Path) -> None:
    drawn, heads = spectrum(), [HeadOnAxis(label="head 1", points=np.eye(101)[30])]
    for name in ("a.svg", "b.svg"):
        save_reconstruction(drawn, mask_of((20, 40)), drawn.intensity, tmp_path / f"r{name}", note="error 0.1")
        save_attention(drawn, heads, tmp_path / f"t{name}", title="block 1")
    for kind, words in (
        ("r", "IR spectrum set/one, 1,000 to 2,000 cm⁻¹, intensity in absorbance; 20% of the points hidden in 1 spans"),
        ("t", "head 1: 100 % to the axis, most at 1,300 cm⁻¹"),
    ):
        assert (tmp_path / f"{kind}a.svg").read_bytes() == (tmp_path / f"{kind}b.svg").read_bytes()
        text = "".join(ElementTree.parse(tmp_path / f"{kind}a.svg").getroot().itertext())
        assert words in text


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    drawn = spectrum()
    with pytest.raises(ConfigError, match="svg"):
        save_reconstruction(drawn, mask_of((1, 2)), drawn.intensity, tmp_path / "a.gif")
    with pytest.raises(ConfigError, match="expected 1 to 24 heads to draw, found 0"):
        draw_attention(drawn, [], title="block 1")


def test_a_long_name_keeps_its_end() -> None:
    canvas = draw_reconstruction(spectrum(name="folder/" * 20 + "last.jdx"), mask_of((1, 2)), spectrum().intensity)
    title = canvas.axes[0].get_title(loc="left")
    assert (len(title), title[0], title[-8:]) == (60, "…", "last.jdx")
