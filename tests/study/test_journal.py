from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from spektron.core.errors import StudyError
from spektron.study.journal import Journal, read_events


def test_events_come_back_in_order(tmp_path):
    with Journal(tmp_path, "here") as journal:
        for i in range(3):
            journal.append("trial-metrics", sync=False, step=i)
        assert [event["step"] for event in journal.events()] == [0, 1, 2]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_torn_last_line_is_cut_and_nothing_else(tmp_path, cut):
    with Journal(tmp_path, "here") as journal:
        journal.append("a")
        journal.append("b")
    path = tmp_path / "journal.jsonl"
    os.truncate(path, path.stat().st_size - cut)
    with Journal(tmp_path, "here") as journal:
        journal.append("c")
        assert [event["kind"] for event in journal.events()] == ["a", "c"]


def test_delivery_goes_on_behind_what_is_confirmed(tmp_path):
    with Journal(tmp_path, "here") as journal:
        journal.append("a")
        journal.append("b")
        (_, first), _ = journal.undelivered()
        journal.mark_delivered(first)
        assert [event["kind"] for event, _ in journal.undelivered()] == ["b"]


def test_another_consumer_starts_from_the_beginning(tmp_path):
    with Journal(tmp_path, "here") as journal:
        journal.append("a")
        journal.mark_delivered(journal.path.stat().st_size)
    with Journal(tmp_path, "there") as journal:
        assert [event["kind"] for event, _ in journal.undelivered()] == ["a"]
    with Journal(tmp_path, "here") as journal:
        assert list(journal.undelivered()) == []


def test_a_line_still_being_written_is_not_read(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text(json.dumps({"kind": "a"}) + "\n" + '{"kind":')
    assert [event["kind"] for event, _ in read_events(path, 0)] == ["a"]


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"kind":"a"}\nnot json\n{"kind":"b"}\n')
    with pytest.raises(StudyError, match="line 2"):
        list(read_events(path, 0))


def test_two_drivers_of_one_plan_are_refused_until_the_first_is_gone(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from spektron.study.journal import Journal\n"
        f"journal = Journal(Path({str(tmp_path)!r}), 'x'); print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        with pytest.raises(StudyError, match=str(holder.pid)):
            Journal(tmp_path, "x")
    finally:
        holder.kill()
        holder.wait()
    Journal(tmp_path, "x").close()
