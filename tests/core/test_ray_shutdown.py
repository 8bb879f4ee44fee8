"""Ray is left while nothing of it is garbage, and nothing collects garbage meanwhile."""

from __future__ import annotations

import gc
import weakref

import pytest
import ray

from spektron.core.ray_shutdown import shutdown_ray


class Knot:
    """Half of a cycle: only a collection frees it."""

    other: Knot


def test_cycles_are_freed_before_and_none_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Knot(), Knot()
    one.other, other.other = other, one
    alive = weakref.ref(one)
    gc.disable()
    del one, other
    assert alive() is not None
    gc.enable()
    found = []
    monkeypatch.setattr(ray, "shutdown", lambda: found.append((alive(), gc.isenabled())))
    shutdown_ray()
    assert found == [(None, False)]
    assert gc.isenabled()


def test_collecting_goes_on_after_a_shutdown_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(ray, "shutdown", fail)
    with pytest.raises(RuntimeError, match="no"):
        shutdown_ray()
    assert gc.isenabled()
