"""Forms against values printed by others' code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spektron.core.errors import FitError
from spektron.scaling import DataConstrainedLaw, corpus_loss, effective_data, joint_loss

# Hoffmann et al. 2022, approach 3
CHINCHILLA = {"A": 406.4, "B": 410.7, "E": 1.69, "alpha": 0.34, "beta": 0.28}
# huggingface/datablations, the fit of the paper's figure 3; coefficients are given as logarithms
DATABLATIONS = DataConstrainedLaw(
    A=np.exp(6.255414),
    B=np.exp(7.3049974),
    E=np.exp(0.6254804),
    alpha=0.3526596,
    beta=0.3526596,
    r_star_data=15.387756,
    r_star_params=5.309743,
)


@pytest.mark.parametrize(
    ("params", "tokens", "loss"),
    [
        (1e7, 1e9, 4.624451345992549),
        (1e8, 2e9, 3.485874374253906),
        (1e9, 2e10, 2.5800478722379934),
        (7e10, 1.4e12, 1.9366454705587173),
    ],
)
def test_joint_loss_is_the_published_one(params: float, tokens: float, loss: float) -> None:
    assert joint_loss(params, tokens, **CHINCHILLA) == pytest.approx(loss, rel=1e-14)


@pytest.mark.parametrize(
    ("params", "seen", "unique", "loss"),
    [(6.34e9, 242e9, 25e9, 2.2256440889984477), (8.67e9, 178e9, 25e9, 2.2269634075087867)],
)
def test_data_constrained_loss_is_the_published_one(params: float, seen: float, unique: float, loss: float) -> None:
    assert DATABLATIONS.loss(params, seen, unique) == pytest.approx(loss, rel=1e-14)


def test_one_epoch_of_a_usable_model_is_the_plain_joint_law() -> None:
    plain = joint_loss(1e6, 1e10, A=DATABLATIONS.A, B=DATABLATIONS.B, E=DATABLATIONS.E, alpha=0.3526596, beta=0.3526596)

    assert DATABLATIONS.loss(1e6, 1e10, 1e10) == pytest.approx(plain, rel=1e-12)


def test_corpus_loss_is_the_joint_law_without_its_model_term() -> None:
    sizes = np.array([1e3, 1e5])

    np.testing.assert_allclose(
        corpus_loss(sizes, E=0.2, B=8.0, beta=0.3), joint_loss(1.0, sizes, E=0.2, A=0.0, B=8.0, alpha=1.0, beta=0.3)
    )


@given(unique=st.floats(1.0, 1e12), epochs=st.floats(1.0, 1e4), more=st.floats(1.0, 10.0), r_star=st.floats(0.1, 100.0))
def test_repeated_data_is_worth_less_than_fresh_and_never_falls(
    unique: float, epochs: float, more: float, r_star: float
) -> None:
    worth = float(effective_data(unique, unique * epochs, r_star))

    assert unique <= worth <= unique * epochs * (1 + 1e-9)
    assert worth <= unique * (1 + r_star) * (1 + 1e-9)
    assert float(effective_data(unique, unique * epochs * more, r_star)) >= worth * (1 - 1e-9)


def test_effective_data_refuses_less_seen_than_unique() -> None:
    with pytest.raises(FitError, match="at least as many items seen"):
        effective_data(100, 50, 15.0)
    with pytest.raises(FitError, match="r_star > 0"):
        effective_data(100, 200, 0.0)
