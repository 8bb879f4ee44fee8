"""What is done to spectra before: refused where it makes no sense, and done alike to all."""

from __future__ import annotations

import numpy as np
import pytest

from spektron.transfer import Preprocessed, Recalibration


def spectra(samples: int, channels: int = 40) -> np.ndarray:
    rng = np.random.default_rng(0)
    axis = np.linspace(0, 1, channels)
    return rng.uniform(0.5, 1, (samples, 1)) * np.exp(-(((axis - 0.4) / 0.1) ** 2)) + 0.01 * rng.normal(
        size=(samples, channels)
    )


def fit(method: Preprocessed, x: np.ndarray) -> Preprocessed:
    y = np.arange(len(x), dtype=float)
    return method.fit(x, x, X_calibration=x, y_calibration=y, y_standards=y)


@pytest.mark.parametrize("name", ["snv", "sg1snv"])
def test_flat_spectra_are_named_before_standard_normal_variate(name: str) -> None:
    x = spectra(12)
    x[[3, 7]] = 0.1  # its derivative is rounding alone
    with pytest.raises(ValueError, match=r"found flat (or straight )?ones, rows 3, 7 counted from 0"):
        fit(Preprocessed(name, Recalibration()), x)
    fitted = fit(Preprocessed(name, Recalibration()), spectra(12))
    with pytest.raises(ValueError, match="X: expected spectra that vary"):
        fitted.predict(np.vstack([spectra(1), np.full((1, 40), 0.3)]))


def test_straight_lines_have_no_derivative_that_varies() -> None:
    """They were let through, for they vary; what is divided by its rounding is their derivative."""
    lines = 0.3 + np.outer([0.01, -2.0], np.arange(40))
    fitted = fit(Preprocessed("sg1snv", Recalibration()), spectra(12))
    with pytest.raises(ValueError, match=r"X: expected spectra that vary, and not as a straight line.* rows 1, 2"):
        fitted.predict(np.vstack([spectra(1), lines]))
    assert np.isfinite(fit(Preprocessed("snv", Recalibration()), spectra(12)).predict(lines)).all()


def test_a_derivative_needs_its_window() -> None:
    with pytest.raises(ValueError, match="sg1: expected at least 11 channels, the derivative's window, found 7"):
        fit(Preprocessed("sg1", Recalibration()), spectra(12, channels=7))


def test_a_gain_of_the_whole_spectrum_is_nothing_after_standard_normal_variate() -> None:
    fitted = fit(Preprocessed("snv", Recalibration()), spectra(12))
    np.testing.assert_allclose(fitted.predict(3 * spectra(12)), fitted.predict(spectra(12)), rtol=1e-9)
