"""Figures of single spectra: what they show, and in which direction."""

from __future__ import annotations

import numpy as np

from spektron.report.spectrum_figures import draw_attention, draw_reconstruction

AXIS = np.linspace(400.0, 4000.0, 2048)
TRUTH = np.exp(-(((AXIS - 1650.0) / 40.0) ** 2)).astype(np.float32)
MASK = (AXIS > 1600.0) & (AXIS < 1700.0)


def test_a_reconstruction_is_drawn_where_the_spectrum_was_hidden_and_nowhere_else() -> None:
    wild = TRUTH + 0.1
    wild[1000] = 1e6
    figure = draw_reconstruction([AXIS] * 2, [TRUTH] * 2, [wild] * 2, [MASK] * 2, ["one", "two"], [True, False])
    ir, raman = figure.axes
    measured, shown = ir.lines
    np.testing.assert_array_equal(measured.get_ydata(), TRUTH)
    assert np.isnan(np.asarray(shown.get_ydata())[~MASK]).all()
    assert np.isfinite(np.asarray(shown.get_ydata())[MASK]).all()
    (grey,) = ir.patches
    assert abs(grey.get_x() - 1600.0) < 2.0
    assert abs(grey.get_width() - 100.0) < 4.0
    assert ir.get_xlim() == (4000.0, 400.0)
    assert raman.get_xlim() == (400.0, 4000.0)
    assert ir.get_ylim()[1] < 2.0, "one wild point must not flatten the spectrum"
    figure.canvas.draw()


def test_attention_has_a_row_a_head_in_units_of_looking_everywhere() -> None:
    weights = np.ones((3, 2048), np.float32) / 2048
    weights[1] = 0.0
    weights[1, :512] = 1 / 512
    figure = draw_attention(AXIS, TRUTH, [("block 0", weights)], "IR", descending=True)
    spectrum, image = figure.axes[:2]
    assert spectrum.get_title(loc="left") == "IR"
    shown = image.images[0].get_array()
    assert shown is not None
    np.testing.assert_allclose(shown[0], 1.0, rtol=1e-5)
    np.testing.assert_allclose(shown[1, :512], 4.0, rtol=1e-5)
    assert [label.get_text() for label in image.get_yticklabels()] == ["0", "1", "2"]
    figure.canvas.draw()
