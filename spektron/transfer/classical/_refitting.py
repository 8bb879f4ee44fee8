"""A fit that is refused leaves nothing behind: neither half of the new model nor the old one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

__all__ = ["wholly"]

Fit = TypeVar("Fit", bound=Callable[..., Any])


def wholly(fit: Fit) -> Fit:
    """Make an estimator's ``fit`` begin as if it had never been fitted, and end so where it raises.

    An old model must not answer for data that were refused, nor half a model with an `AttributeError`.
    """

    @wraps(fit)
    def fitted(estimator: Any, *given: Any, **named: Any) -> Any:
        _forget(estimator)
        try:
            return fit(estimator, *given, **named)
        except BaseException:
            _forget(estimator)
            raise

    return cast(Fit, fitted)


def _forget(estimator: Any) -> None:
    """Delete what was learned, which by scikit-learn's custom ends with an underscore."""
    for name in [name for name in vars(estimator) if name.endswith("_") and not name.startswith("_")]:
        delattr(estimator, name)
