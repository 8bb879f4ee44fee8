"""The write-ahead journal: what happened, on the driver's disk, before anybody else is told.

One JSON object a line, appended and, where its loss would cost more than a line of a curve, synced. MLflow is fed from
it by byte offset, so a tracking server that is away costs nothing but time, and a driver that is killed leaves the
truth behind. A line torn by a crash is cut off when the journal is opened again; there is never more than one, the
last.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from spektron.core.errors import StudyError
from spektron.core.files import disk_errors, write_text

__all__ = ["Journal"]

Event = Mapping[str, Any]

_TAIL_BYTES = 4096  # hashed with the delivered offset: several lines, by which a file that was changed is known


class Journal:
    """The journal of one plan; whoever writes to one holds the study's `driver_lock`.

    Parameters
    ----------
    folder : Path
        The plan's folder; holds ``journal.jsonl`` and ``delivered.json`` (to whom, up to which byte).
    consumer : str
        Who is delivered to (a tracking URI). Another consumer starts from the beginning.
    """

    def __init__(self, folder: Path, consumer: str) -> None:
        self.folder = folder
        self._consumer = consumer
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "journal.jsonl"
        self._writing = threading.Lock()
        _cut_torn_line(self.path)
        self._file: IO[bytes] = self.path.open("ab")

    def append(self, kind: str, *, sync: bool = True, **fields: Any) -> None:
        """Append one event, stamped with the time.

        When this returns, the event survives the death of this process; with `sync`, that of the machine too.

        Raises
        ------
        ResourceError
            When the disk is full.
        """
        self.adopt({"kind": kind, "time": time.time(), **fields}, sync=sync)

    def adopt(self, event: Event, *, sync: bool = True) -> None:
        """Append an event as it stands, with the time it has: from another plan's journal."""
        line = json.dumps(event, separators=(",", ":")) + "\n"
        with self._writing, disk_errors(self.path):
            self._file.write(line.encode())
            self._file.flush()
            if sync:
                os.fsync(self._file.fileno())

    def events(self) -> Iterator[dict[str, Any]]:
        """All events from the beginning."""
        for event, _ in read_events(self.path, 0):
            yield event

    def undelivered(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Events behind the delivered offset, each with the offset that delivers it."""
        return read_events(self.path, self.delivered_offset)

    @property
    def delivered_offset(self) -> int:
        """How many bytes of the journal the consumer has confirmed.

        None of a file that was repaired by hand since: delivering again is harmless, every delivery is idempotent.
        """
        try:
            delivered = json.loads((self.folder / "delivered.json").read_text(encoding="utf-8"))
            offset = int(delivered["offset"])
            known = delivered["to"] == self._consumer and delivered["tail"] == self._tail(offset)
        except (FileNotFoundError, ValueError, KeyError):
            return 0
        return offset if known else 0

    def mark_delivered(self, offset: int) -> None:
        """Remember that the consumer has everything before `offset`."""
        delivered = {"to": self._consumer, "offset": offset, "tail": self._tail(offset)}
        write_text(self.folder / "delivered.json", json.dumps(delivered))

    def _tail(self, offset: int) -> str:
        """Hash of the journal's last bytes before `offset`."""
        with self.path.open("rb") as file:
            file.seek(max(0, offset - _TAIL_BYTES))
            return hashlib.sha256(file.read(min(offset, _TAIL_BYTES))).hexdigest()[:16]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def read_events(path: Path, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Complete lines of a journal from a byte offset, each with the offset behind it."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return  # still being written
            offset += len(line)
            try:
                event = json.loads(line)
            except json.JSONDecodeError as error:
                raise _damaged(path, offset) from error
            yield event, offset


def _damaged(path: Path, offset: int) -> StudyError:
    """Name the line: a torn last line is cut when a journal is opened, so this one was damaged from outside."""
    number = path.read_bytes()[:offset].count(b"\n")
    return StudyError(
        f"{path}, line {number}: expected a JSON event, found something else",
        "restore the file, or remove that line and nothing else: MLflow is then told the rest again, and at worst the "
        "trial that the line spoke of runs again",
    )


def _cut_torn_line(path: Path) -> None:
    if not path.exists():
        return
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole != len(data):
        os.truncate(path, whole)
