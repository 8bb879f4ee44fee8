"""One driver a study and home: plans of one study share trials, and two drivers would write one checkpoint folder."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spektron.core.errors import StudyError

__all__ = ["driver_lock"]


@contextmanager
def driver_lock(folder: Path, plan_name: str) -> Iterator[None]:
    """Hold a study's folder while its trials run; the lock goes with its process, also when that is killed.

    Parameters
    ----------
    folder : Path
        The study's folder, which holds ``lock``. Trials of another study have other fingerprints, so they never meet.
    plan_name : str
        What is being run, for whoever is refused.

    Raises
    ------
    StudyError
        When another live process runs this study in this home, under whatever settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise StudyError(
                f"another process runs this study in this home: {file.read().strip() or 'it has only just started'}",
                "wait for it or stop it (its trials are kept either way), then give the same command again; to run "
                "both at once, give this one a --home of its own, where it shares no trials with the other",
            ) from error
        file.truncate(0)
        file.write(f"{plan_name}, process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield
