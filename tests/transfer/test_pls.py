"""Partial least squares beside scikit-learn's, and where there is nothing to learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from spektron.datasets import load_corn
from spektron.transfer.pls import _predictions_of_all, choose_num_latent, fit_pls


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


def test_models_of_all_folds_at_once_are_those_made_one_by_one() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 80)) + 0.01 * rng.normal(size=(30, 80)) + 50.0
    y = x[:, 7] + 0.1 * rng.normal(size=30)
    kept = np.ones((4, 30))
    for model in range(4):
        kept[model, model::5] = 0.0
    found = _predictions_of_all(x, y, kept, 10)
    for model in range(4):
        rows = np.flatnonzero(kept[model])
        alone = fit_pls(x[rows], y[rows], 10).predict_all(x)
        np.testing.assert_allclose(found[:, model].T, alone, atol=1e-8 * y.std())


def test_what_is_explained_or_does_not_vary_ends_the_latent_variables() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(12, 2)) @ rng.normal(size=(2, 9))  # rank 2
    y = x @ rng.normal(size=9)
    kept = np.ones((1, 12))
    exact = _predictions_of_all(x, y, kept, 6)
    np.testing.assert_allclose(exact[2:, 0], np.tile(y, (4, 1)), atol=1e-9)
    assert (_predictions_of_all(np.ones((5, 4)), np.arange(5.0), np.ones((1, 5)), 3) == 2.0).all()
    np.testing.assert_allclose(_predictions_of_all(x, np.full(12, 7.0), kept, 3), 7.0, rtol=1e-12)
