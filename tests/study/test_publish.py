"""What a study shows where it has no answer: its trials, whatever their points are made of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from spektron.report.page_tables import html_table
from spektron.study.outcome import TrialResult
from spektron.study.publish import _trials_table


def test_lists_and_stages_of_a_point_are_written_in_words() -> None:
    params = {
        "encoder.scales": ["fine", "coarse"],
        "mask": {"kind": "random"},
        "derivatives": (),
        "seed": 0,
        "mix": None,
    }
    result = TrialResult(
        fingerprint="f", params=params, metrics={"val_mse": 0.1}, wall_s=1.0, cpu_s=1.0, gpu_s=0.0, reused=False
    )
    plan: Any = SimpleNamespace(
        settings=SimpleNamespace(space=dict.fromkeys(params)), study=SimpleNamespace(metric="val_mse")
    )
    table = _trials_table(plan, [result])
    row = table.rows[0]
    assert [row[axis] for axis in params] == ["fine+coarse", "random", "none", 0, None]
    assert "fine+coarse" in str(html_table(table))
