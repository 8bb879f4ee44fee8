"""A Ray head on loopback with token authentication, to rehearse a cluster on one machine: start, status, submit, stop.

    make cluster-local
    make cluster-submit ARGS="--preset smoke"
    make cluster-stop

Everything it starts is its own: ports, temporary folder, token, and one process group that is stopped by its id.
Nothing else that runs Ray on the host is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HOME = Path(os.environ.get("SPEKTRON_HOME", ROOT / ".spektron")).absolute()
STATE = HOME / "cluster"
# Off Ray's defaults (6379, 8265), so that a cluster that is already there stays undisturbed.
GCS_PORT = int(os.environ.get("SPEKTRON_GCS_PORT", "6390"))
DASHBOARD_PORT = int(os.environ.get("SPEKTRON_DASHBOARD_PORT", "8275"))
ADDRESS = f"http://127.0.0.1:{DASHBOARD_PORT}"
# One CPU more than there are: Ray Data always needs one that no trial has reserved.
NUM_CPUS = int(os.environ.get("SPEKTRON_CLUSTER_CPUS", (os.cpu_count() or 1) + 1))
# Short, because the paths of Ray's sockets below it may not exceed 107 bytes.
TEMP_DIR = f"/tmp/spektron-ray-{os.getuid()}-{GCS_PORT}"
START_TIMEOUT_S, STOP_TIMEOUT_S = 90, 30


def main(words: list[str]) -> int:
    """Run one command."""
    match words:
        case ["start"]:
            return start()
        case ["stop"]:
            return stop()
        case ["status"]:
            print(f"running (pid {pid})" if (pid := running_pid()) else "not running")
            return 0 if running_pid() else 1
        case ["submit", "--", *arguments]:
            return submit("studies/corpus_scaling.py", arguments)
        case ["submit", "--study", study, "--", *arguments]:
            return submit(study, arguments)
    print(__doc__)
    return 2


def start() -> int:
    """Start the head and wait until it takes jobs."""
    if pid := running_pid():
        print(f"already running (pid {pid}) at {ADDRESS}")
        return 0
    for port in (GCS_PORT, DASHBOARD_PORT):
        if port_taken(port):
            print(
                f"error: expected port {port} on loopback to be free, found a server on it\n"
                "  hint: set SPEKTRON_GCS_PORT and SPEKTRON_DASHBOARD_PORT to free ports",
                file=sys.stderr,
            )
            return 2
    head = launch_head()
    print(f"starting a Ray head with {NUM_CPUS} CPUs (pid {head.pid}) …", flush=True)
    if not wait_for_jobs_api(head):
        print(
            f"error: the head did not come up within {START_TIMEOUT_S} s\n  hint: see {STATE / 'head.log'}",
            file=sys.stderr,
        )
        stop()
        return 1
    print(
        f"dashboard  {ADDRESS}\n"
        f"submit     make cluster-submit ARGS='--preset smoke'\n"
        f"or         export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH={STATE / 'token'} RAY_ADDRESS={ADDRESS}\n"
        "           ray job submit --working-dir . -- python studies/corpus_scaling.py\n"
        f"results    {HOME}   (make ui)\n"
        "stop       make cluster-stop"
    )
    return 0


def launch_head() -> subprocess.Popen[bytes]:
    """Start the head's processes with a new token, and note which they are."""
    STATE.mkdir(parents=True, exist_ok=True)
    token = STATE / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_urlsafe(32), encoding="utf-8")
    with (STATE / "head.log").open("wb") as log:
        head = subprocess.Popen(
            [
                *(str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--disable-usage-stats"),
                *("--node-ip-address=127.0.0.1", f"--port={GCS_PORT}", f"--num-cpus={NUM_CPUS}"),
                *("--include-dashboard=true", "--dashboard-host=127.0.0.1", f"--dashboard-port={DASHBOARD_PORT}"),
                *(f"--object-store-memory={512 * 2**20}", f"--temp-dir={TEMP_DIR}"),
            ],
            env=environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # one process group, stopped as a whole
        )
    (STATE / "head.json").write_text(json.dumps({"pid": head.pid, "started": started_at(head.pid)}), encoding="utf-8")
    return head


def stop() -> int:
    """Stop the head's process group: politely, then not."""
    pid = running_pid()
    if pid is None:
        print("not running")
        return 0
    signal_group(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while group_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    signal_group(pid, signal.SIGKILL)
    (STATE / "head.json").unlink(missing_ok=True)
    (STATE / "token").unlink(missing_ok=True)
    shutil.rmtree(TEMP_DIR, ignore_errors=True)
    print(f"stopped (pid {pid})")
    return 0


def submit(study: str, arguments: list[str]) -> int:
    """Submit the study as a job and follow it; the exit status is the job's."""
    if running_pid() is None:
        print("error: expected a local cluster, found none\n  hint: make cluster-local", file=sys.stderr)
        return 2
    ray = str(Path(sys.executable).with_name("ray"))
    job = f"{Path(study).stem}-{secrets.token_hex(4)}"
    command = [ray, "job", "submit", "--address", ADDRESS, "--submission-id", job, "--working-dir", ".", "--"]
    status = subprocess.call([*command, "python", study, *arguments], cwd=ROOT, env=environment())
    return status or follow(job)


def follow(job: str) -> int:
    """Wait for a job's end: Ray's own command returns 0 when its stream of the log breaks while the job goes on."""
    state, followed = asked(f"/api/jobs/{job}")["status"], True
    while state in ("PENDING", "RUNNING"):
        followed = False
        time.sleep(1.0)
        state = asked(f"/api/jobs/{job}")["status"]
    if not followed:
        print(asked(f"/api/jobs/{job}/logs")["logs"], f"\njob {job} {state.lower()}", sep="", flush=True)
    return 0 if state == "SUCCEEDED" else 1


def asked(path: str) -> Any:
    """What the head's jobs API answers to our token."""
    token = (STATE / "token").read_text(encoding="utf-8")
    request = urllib.request.Request(ADDRESS + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def environment() -> dict[str, str]:
    """What the head and its jobs run with: the token, the results' folder, and this environment's Python."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        "RAY_AUTH_MODE": "token",
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",  # nobody is served here: stopping need not take 30 s
        "RAY_AUTH_TOKEN_PATH": str(STATE / "token"),
        "RAY_API_SERVER_ADDRESS": ADDRESS,  # or the head's actors would look for a dashboard, and may find another's
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
        "SPEKTRON_HOME": str(HOME),
        "SPEKTRON_GIT_COMMIT": git_commit(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }


def git_commit() -> str:
    """The commit a job is submitted from; the job's own copy of the folder has no repository."""
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def running_pid() -> int | None:
    """The head's process id, if that very process still runs."""
    try:
        state = json.loads((STATE / "head.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    # A process id is used again after a while: only with the same start time is it the same process.
    return int(state["pid"]) if started_at(state["pid"]) == state["started"] else None


def started_at(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot, from /proc (field 22)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]
    except OSError:
        return None


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal every process of the head's group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, number)


def group_alive(pid: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def port_taken(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for_jobs_api(head: subprocess.Popen[bytes]) -> bool:
    """Wait until the dashboard answers the jobs API with our token."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while head.poll() is None and time.monotonic() < deadline:
        try:
            asked("/api/jobs/")
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
