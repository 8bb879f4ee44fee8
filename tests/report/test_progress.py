import io
import math
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, ConsoleDimensions
from rich.text import Text

from spektron.report.pace import TrialPace, rough_duration, seconds_left
from spektron.report.progress import StudyProgress
from spektron.report.progress_view import Ended, Running, Snapshot, progress_view
from spektron.report.sparkline import History, sparkline


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Log:
    """A study's progress in a job's log, with a clock in the hand."""

    def __init__(self, total=16, **options):
        self.out, self.clock = io.StringIO(), Clock()
        console = Console(file=self.out, width=60)
        self.progress = StudyProgress(total, console=console, clock=self.clock, metric="val_mse", **options)

    @property
    def lines(self):
        return self.out.getvalue().splitlines()


# --- time left


def running(steps_done, steps, started=0.0, first=0, at=None):
    pace = TrialPace(started)
    pace.report(started, first, steps)
    pace.report(at if at is not None else started + steps_done - first, steps_done, steps)
    return pace


def test_time_left_is_the_end_of_the_last_trial_on_parallel_slots():
    # Two slots; trials take 10 s. One has 4 s to go, one 8 s; three wait: they start at 4, 8, 14 and end at 24.
    paces = [running(6, 10, at=6.0), running(2, 10, started=4.0, at=6.0)]
    assert seconds_left(6.0, waiting=3, slots=2, running=paces, finished_s=[10.0, 10.0]) == pytest.approx(24.0)


def test_a_resumed_trial_is_not_taken_for_a_fast_one():
    # It resumed at step 300 of 400 and does a step a second: 95 steps are left, 95 s; not 95/305 of 5 s.
    assert running(305, 400, first=300).left(5.0, None) == pytest.approx(95.0)


def test_a_trial_that_fell_back_starts_its_pace_anew():
    pace = running(50, 100)
    pace.report(60.0, 20, 100)
    pace.report(70.0, 30, 100)
    assert pace.left(70.0, None) == pytest.approx(70.0)


def test_nothing_known_is_none_and_nothing_left_is_zero():
    assert seconds_left(5.0, waiting=3, slots=2, running=[TrialPace(0.0)], finished_s=[]) is None
    assert seconds_left(5.0, waiting=0, slots=2, running=[], finished_s=[1.0]) == 0.0


@given(st.integers(0, 2000), st.integers(1, 16), st.floats(0.1, 1e4))
def test_time_left_lies_between_perfect_and_one_round_more(waiting, slots, whole):
    left = seconds_left(0.0, waiting=waiting, slots=slots, running=[], finished_s=[whole])
    assert waiting * whole / slots <= left * (1 + 1e-9)
    assert left <= (waiting / slots + 1) * whole * (1 + 1e-9)


@pytest.mark.parametrize(
    ("seconds", "text"), [(1, "5 s"), (41, "45 s"), (200, "3 min"), (7300, "2 h 00 min"), (9e5, "10 d 10 h")]
)
def test_rough_durations(seconds, text):
    assert rough_duration(seconds) == text


# --- in a log


def test_a_finished_trial_is_one_line():
    log = Log(reused=4, slots=2)
    with log.progress as progress:
        progress.trial_started("n=200 seed=1")
        log.clock.now += 41
        progress.trial_finished("n=200 seed=1", 0.0123, 41.0)
    assert log.lines[0] == "4 of 16 trials are in the ledger already"
    assert log.lines[1] == "[ 5/16] n=200 seed=1  val_mse 0.01230  41 s  ~4 min left"
    assert log.lines[2] == "5 of 16 trials: 1 ran, 4 reused, in 41 s"


def test_reports_of_running_trials_do_not_flood_the_log():
    log = Log()
    with log.progress as progress:
        progress.trial_started("a")
        for step in range(3600):
            progress.trial_progress("a", step, 3600, 0.1)
            log.clock.now += 1
    assert 60 < len(log.lines) < 200
    assert "step" in log.lines[0]


def test_a_thousand_quick_trials_do_not_flood_the_log_and_none_is_lost():
    log = Log(total=1000)
    with log.progress as progress:
        for i in range(1000):
            progress.trial_finished(f"n={i}", 0.1, 0.01)
            log.clock.now += 0.01
    assert len(log.lines) < 70
    shown = sum(line.startswith("[") for line in log.lines)
    counted = sum(int(line.split("(and ")[1].split()[0]) for line in log.lines if "(and " in line)
    last = log.lines[-1]
    unshown = int(last.split(" not shown")[0].split()[-1]) if "not shown" in last else 0
    assert shown + counted + unshown == 1000
    assert last.startswith("1000 of 1000 trials: 1000 ran")


def test_failures_and_early_stops_are_named_and_count_as_over():
    log = Log(total=3)
    with log.progress as progress:
        progress.trial_started("a")
        progress.trial_failed("a", "OutOfMemory: too big\nTraceback [bold]")
        progress.trial_failed("b", "")
        progress.trial_stopped("c", "stopped early by the scheduler")
    assert "a  FAILED: OutOfMemory: too big" in log.lines[0]
    assert "no reason was given" in log.lines[1]
    assert log.lines[2].startswith("[3/3] c  stopped early")
    assert "2 failed" in log.lines[-1]


def test_reused_trials_count_once_however_they_are_told():
    log = Log(reused=2)
    log.progress.trial_finished("a", 0.1, 5.0, reused=True)
    log.progress.trial_finished("b", 0.1, 5.0, reused=True)
    assert log.progress.done == 2
    assert log.progress.seconds_left() is None


def test_an_interrupt_is_told_in_the_last_line():
    log = Log()
    with pytest.raises(KeyboardInterrupt), log.progress:
        raise KeyboardInterrupt
    assert "interrupted" in log.lines[-1]


def test_labels_are_text_not_markup():
    log = Log()
    log.progress.trial_finished("[red]x[/red] :smile:", math.nan, 1.0)
    assert "[red]x[/red] :smile:  val_mse –" in log.lines[0]


# --- on a terminal


def shot(num_running=3, label="num_spectra=1480 seed=1"):
    losses = [0.1 / (i + 1) for i in range(40)]
    return Snapshot(
        total=160, done=77, failed=2, metric="val_reconstruction_mse", elapsed_s=3725.0, left_s=4000.0,
        running=[Running(f"{label} {i}", 12345, 20000, losses, 63.0) for i in range(num_running)],
        ended=[Ended(label, "0.01234", "1 h 02 min")] * 8,
    )  # fmt: skip


@pytest.mark.parametrize("width", [20, 60, 80, 120])
@pytest.mark.parametrize("height", [6, 24])
@pytest.mark.parametrize("num_running", [0, 3, 64])
@pytest.mark.parametrize("label", ["n=1", "x" * 200, "波数=一"])
def test_the_display_fits_every_terminal(width, height, num_running, label):
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True)
    lines = console.render_lines(progress_view(shot(num_running, label), ConsoleDimensions(width, height)), pad=False)
    assert len(lines) < height or height <= 6
    assert all(sum(segment.cell_length for segment in line) <= width for line in lines)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_display_tells_trials_apart_and_what_does_not_fit(width):
    console = Console(file=io.StringIO(), width=width, height=12)
    with console.capture() as capture:
        console.print(progress_view(shot(64), ConsoleDimensions(width, 12)))
    text = capture.get()
    assert "77/160 trials" in text
    assert "num_spectra=1480 seed=1 0" in text
    assert "12345/20000" in text
    assert "more running" in text
    assert ("▁" in text) == (width > 80)


def test_a_terminal_gets_the_display_and_keeps_failures_and_the_summary():
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True, color_system=None)
    with StudyProgress(2, console=console, metric="val_mse") as progress:
        progress.trial_started("a")
        progress.trial_progress("a", 1, 2, 0.5)
        until = time.monotonic() + 5  # one refresh; the machine may be busy
        while "▸" not in out.getvalue() and time.monotonic() < until:
            time.sleep(0.02)
        progress.trial_failed("a", "loss is NaN")
        progress.trial_finished("b", 0.5, 1.0)
    assert "▸" in out.getvalue()
    text = Text.from_ansi(out.getvalue()).plain
    assert "✗ a  loss is NaN" in text
    assert "2 of 2 trials: 1 ran, 1 failed" in text


def test_reports_cost_little_and_do_not_redraw():
    out = io.StringIO()
    console = Console(file=out, width=80, height=24, force_terminal=True)
    with StudyProgress(8, console=console) as progress:
        began = time.perf_counter()
        for step in range(5000):
            progress.trial_progress(f"n={step % 4}", step, 5000, 0.1)
        took = time.perf_counter() - began
        drawn = out.getvalue().count("8 trials") if took < 10 else 0
    # 4 redraws a second, and some slack for the one at the start and a clock that slips.
    assert drawn <= 4 * took + 3


def test_many_threads_may_report_at_once():
    log = Log(total=400)
    with log.progress as progress:

        def report(worker):
            for i in range(100):
                label = f"{worker}-{i}"
                progress.trial_started(label)
                progress.trial_progress(label, 1, 2, 0.1)
                progress.snapshot()
                progress.trial_finished(label, 0.1, 1.0)

        threads = [threading.Thread(target=report, args=(worker,)) for worker in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert progress.done == 400
    assert log.lines[-1].startswith("400 of 400 trials: 400 ran")


# --- sparkline


def test_a_sparkline_shows_the_whole_course():
    assert sparkline([100, 10, 1]) == "█▅▁"  # by factors, so the middle is in the middle
    assert sparkline([1.0, math.nan, 2.0]) == "▁·█"
    assert sparkline([]) == ""
    assert sparkline([math.inf]) == "·"
    assert len(sparkline(list(range(1000)), 12)) == 12


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300))
def test_a_sparkline_takes_any_values(values):
    assert len(sparkline(values)) == min(12, len(values))


@given(st.integers(0, 5000))
def test_a_history_is_bounded_and_spans_the_course(count):
    history = History()
    for i in range(count):
        history.add(float(i))
    values = history.values()
    assert len(values) <= 64
    assert values == sorted(values)
    if count:
        assert values[0] == 0.0
        assert values[-1] == count - 1
