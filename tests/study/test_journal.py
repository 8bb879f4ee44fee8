from __future__ import annotations

import json
import os

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


LINE = {"pad": "p" * 100}


@pytest.mark.parametrize("next_length", [0, 20, 200])
def test_a_journal_repaired_as_told_is_delivered_from_the_beginning(tmp_path, next_length):
    with Journal(tmp_path, "here") as journal:
        for i in range(4):
            journal.append("trial-ended", trial=f"t{i}", **LINE)
        journal.mark_delivered(journal.path.stat().st_size)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join([lines[0], b"garbage" + lines[1][7:], *lines[2:]]))
    with pytest.raises(StudyError, match="line 2") as caught:
        list(read_events(journal.path, 0))
    assert "remove that line" in caught.value.hint
    journal.path.write_bytes(b"".join([lines[0], *lines[2:]]))
    with Journal(tmp_path, "here") as journal:
        journal.append("trial-started", trial="new", pad="q" * next_length)
        assert [event["trial"] for event, _ in journal.undelivered()] == ["t0", "t2", "t3", "new"]


def test_a_repair_that_leaves_the_offset_at_the_end_of_a_line_is_noticed(tmp_path):
    """Lines of one length: only their content tells that the confirmed ones have moved."""
    path = tmp_path / "journal.jsonl"
    lines = [b'{"kind":"a%d"}\n' % i for i in range(4)]
    path.write_bytes(b"".join(lines[:3]))
    with Journal(tmp_path, "here") as journal:
        journal.mark_delivered(path.stat().st_size)
    path.write_bytes(lines[0] + lines[2] + lines[3])
    with Journal(tmp_path, "here") as journal:
        assert [event["kind"] for event, _ in journal.undelivered()] == ["a0", "a2", "a3"]
