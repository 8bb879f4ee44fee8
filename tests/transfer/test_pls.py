"""Partial least squares beside scikit-learn's, and where there is nothing to learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from spektron.datasets import load_corn
from spektron.transfer.pls import choose_num_latent, fit_pls


@pytest.mark.parametrize(("samples", "channels"), [(60, 700), (600, 30), (12, 8)])
def test_every_number_has_the_coefficients_of_scikit_learn(samples: int, channels: int) -> None:
    rng = np.random.default_rng(samples)
    x, y = rng.normal(3, 1, (samples, channels)), rng.normal(-2, 1, samples)
    model = fit_pls(x, y, 8)
    for number in range(1, 9):
        theirs = PLSRegression(number, scale=False).fit(x, y)
        assert np.linalg.norm(model.coefficients[number - 1] - theirs.coef_[0]) <= 1e-10 * np.linalg.norm(theirs.coef_)
        np.testing.assert_allclose(model.predict(x, number), np.ravel(theirs.predict(x)), rtol=1e-10)


def test_real_spectra_have_the_coefficients_of_scikit_learn(
    shared_data: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEKTRON_DATA", str(shared_data))
    corn = load_corn()
    x, y = corn.spectra["m5"][:60], corn.reference["oil"][:60]
    model = fit_pls(x, y, 15)
    for number in (1, 7, 15):
        theirs = PLSRegression(number, scale=False).fit(x, y).coef_[0]
        assert np.linalg.norm(model.coefficients[number - 1] - theirs) <= 1e-10 * np.linalg.norm(theirs)


def test_whole_weights_are_repeated_samples() -> None:
    rng = np.random.default_rng(1)
    x, y, times = rng.normal(size=(20, 40)), rng.normal(size=20), rng.integers(1, 4, 20)
    weighted = fit_pls(x, y, 6, times.astype(np.float64))
    repeated = fit_pls(np.repeat(x, times, axis=0), np.repeat(y, times), 6)
    np.testing.assert_allclose(weighted.coefficients, repeated.coefficients, rtol=1e-9)
    assert weighted.y_mean == pytest.approx(repeated.y_mean)


def test_latent_variables_end_with_what_there_is_to_explain() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 50))
    exact = fit_pls(x, x @ rng.normal(size=50), 15)
    assert len(exact.coefficients) == 3
    assert np.array_equal(fit_pls(x, np.full(30, 4.0)).predict(x, 1), np.full(30, 4.0))
    assert np.array_equal(fit_pls(np.ones((30, 50)), rng.normal(size=30)).coefficients, np.zeros((1, 50)))


def test_the_number_is_that_of_what_spectra_are_made_of() -> None:
    rng = np.random.default_rng(3)
    concentrations, bands = rng.normal(size=(60, 4)), rng.normal(size=(4, 200))
    x = concentrations @ bands + 1e-3 * rng.normal(size=(60, 200))
    assert choose_num_latent(x, concentrations[:, 0]) == 4
