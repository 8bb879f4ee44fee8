from __future__ import annotations

import subprocess
import sys

import pytest

from spektron.core.errors import StudyError
from spektron.core.storage import Storage
from spektron.study.journal import Journal
from spektron.study.ledger import Ledger
from spektron.study.lock import driver_lock
from spektron.study.mlflow_store import MlflowStore
from spektron.study.places import Places
from spektron.study.runner import run_plan
from tests.study.test_plan import plan_of

HOLD = """
import sys, time
from pathlib import Path
from spektron.study.lock import driver_lock
with driver_lock(Path(sys.argv[1]), "toy@1 on toy (abcdef)"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_driver(tmp_path):
    """Another process that runs a plan of the toy study."""
    places = Places.under(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(places.study_dir("toy@1"))], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "held"
    yield holder, places
    holder.kill()
    holder.wait()


def test_another_plan_of_the_study_is_refused_by_name_until_the_first_driver_is_gone(other_driver):
    """Plans of one study share trials, and so checkpoint folders."""
    holder, places = other_driver
    plan = plan_of(**{"space.x": [0, 1, 2, 3]})
    store = MlflowStore(places.tracking_uri, "toy@1", places.artifact_root)
    with pytest.raises(StudyError, match=rf"toy@1 on toy \(abcdef\), process {holder.pid} on ") as caught:
        run_plan(plan, Ledger(plan.fingerprint), store, places, Storage.at(places.home))
    assert "--home" in caught.value.hint
    assert not places.plan_dir(plan).exists()
    holder.kill()
    holder.wait()
    with driver_lock(places.study_dir("toy@1"), plan.name), Journal(places.plan_dir(plan), "x") as journal:
        journal.append("a")


def test_another_study_is_not_held_up(other_driver):
    _, places = other_driver
    with driver_lock(places.study_dir("toy@2"), "toy@2"):
        pass
