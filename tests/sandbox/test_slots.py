"""Scorings at once: bounded over processes, in turn between tasks, given back by the dead."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from repair_sandbox.limits import Limits
from repair_sandbox.slots import Slots, runtime_folder, slot_count

HOLDER = """
import sys, time
from pathlib import Path
from repair_sandbox.slots import Slots
with Slots({count}, Path({folder!r})).{hold}:
    print("held", flush=True)
    time.sleep(60)
"""


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def other_process(folder: Path, count: int, hold: str = "hold('other')") -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER.format(count=count, folder=str(folder), hold=hold)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize(
    ("cpus", "memory_mb", "limits", "expected"),
    [
        (8, 64_000, Limits(), 8),
        (8, 64_000, Limits(cpus=2), 4),
        (64, 16_000, Limits(memory_mb=2048), 6),
        (1, 1_000, Limits(), 1),
    ],
    ids=["by-cpu", "wide", "by-memory", "never-none"],
)
def test_count_follows_processors_and_memory(cpus: int, memory_mb: float, limits: Limits, expected: int) -> None:
    assert slot_count(limits, cpus, memory_mb) == expected


def test_never_more_than_the_count_at_once(tmp_path: Path) -> None:
    slots = Slots(3, tmp_path)
    lock, now, peak = threading.Lock(), 0, 0

    def work(number: int) -> None:
        nonlocal now, peak
        with slots.hold(f"task-{number % 5}"):
            with lock:
                now += 1
                peak = max(peak, now)
            time.sleep(0.005)
            with lock:
                now -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert (peak, now) == (3, 0)


def test_tasks_take_turns(tmp_path: Path) -> None:
    slots = Slots(1, tmp_path)
    order: list[str] = []

    def work(task: str) -> None:
        with slots.hold(task):
            order.append(task)

    threads = [threading.Thread(target=work, args=(task,)) for task in ["many"] * 6 + ["one", "two"]]
    with slots.hold("first"):
        for thread in threads[:6]:
            thread.start()
        assert until(lambda: slots.waiting("many") == 6)
        for thread, task in zip(threads[6:], ("one", "two"), strict=True):
            thread.start()
            assert until(lambda task=task: slots.waiting(task) == 1)  # type: ignore[misc]
    for thread in threads:
        thread.join(30)
    assert order[:3] == ["many", "one", "two"], "six rollouts of one task hold up the others"
    assert sorted(order) == sorted(["many"] * 6 + ["one", "two"])
    assert slots.waiting("many") == 0


def test_slots_are_shared_between_processes_and_a_dead_one_gives_its_back(tmp_path: Path) -> None:
    other = other_process(tmp_path, count=1)
    a_slot_is_had_only_when_it_dies(other, Slots(1, tmp_path))


def a_slot_is_had_only_when_it_dies(other: subprocess.Popen[str], slots: Slots) -> None:
    held = threading.Event()
    thread = threading.Thread(target=hold_and_tell, args=(slots, held))
    try:
        thread.start()
        assert not held.wait(0.3)
    finally:
        other.kill()
        other.wait()
    assert held.wait(5)
    thread.join()


def hold_and_tell(slots: Slots, held: threading.Event) -> None:
    with slots.hold("mine"):
        held.set()


def test_an_error_gives_the_slot_back(tmp_path: Path) -> None:
    slots = Slots(1, tmp_path)
    with pytest.raises(RuntimeError, match="inside"), slots.hold("a"):
        raise RuntimeError("inside")
    held = threading.Event()
    hold_and_tell(slots, held)
    assert held.is_set()


def test_all_slots_wait_for_those_that_run_and_hold_up_those_that_come(tmp_path: Path) -> None:
    slots = Slots(2, tmp_path)
    alone, come, release = threading.Event(), threading.Event(), threading.Event()

    def take_all() -> None:
        with slots.hold_all():
            alone.set()
            release.wait(30)

    with slots.hold("running"):
        taker = threading.Thread(target=take_all)
        taker.start()
        assert not alone.wait(0.3), "a scoring still runs"
        newcomer = threading.Thread(target=hold_and_tell, args=(slots, come))
        newcomer.start()
        assert not come.wait(0.3), "a slot is free, but somebody waits for the whole machine"
    assert alone.wait(5)
    assert not come.wait(0.2)
    release.set()
    assert come.wait(5)
    taker.join()
    newcomer.join()


def test_all_slots_span_processes(tmp_path: Path) -> None:
    other = other_process(tmp_path, count=2, hold="hold_all()")
    a_slot_is_had_only_when_it_dies(other, Slots(2, tmp_path))


def test_waiting_does_not_burn_processor_time(tmp_path: Path) -> None:
    slots = Slots(1, tmp_path)
    threads = []
    with slots.hold("running"):
        for number in range(64):
            threads.append(threading.Thread(target=hold_and_tell, args=(slots, threading.Event()), name=f"{number}"))
            threads[-1].start()
        assert until(lambda: slots.waiting("mine") == 64)
        before = time.process_time()
        time.sleep(1.0)
        burnt_s = time.process_time() - before
    for thread in threads:
        thread.join(30)
    assert burnt_s < 0.5, "64 waiting threads keep a processor busy"


def test_runtime_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert runtime_folder() == tmp_path / "repair-envs"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    folder = Slots(1).folder
    assert folder.stat().st_mode & 0o077 == 0


def test_an_idle_slot_is_had_at_once_or_not_at_all(tmp_path: Path) -> None:
    slots = Slots(1, tmp_path)
    release = slots.hold_idle()
    assert release is not None
    assert slots.hold_idle() is None
    held = threading.Event()
    thread = threading.Thread(target=hold_and_tell, args=(slots, held))
    thread.start()
    assert not held.wait(0.2)
    release()
    assert held.wait(5)
    thread.join()


def test_a_slot_that_somebody_waits_for_is_not_idle(tmp_path: Path) -> None:
    slots, waits = Slots(2, tmp_path), threading.Event()
    with slots.hold_all():
        held = threading.Event()
        thread = threading.Thread(target=hold_and_tell, args=(slots, held))
        thread.start()
        while not slots.waiting("mine"):
            waits.wait(0.01)
        assert slots.hold_idle() is None
    assert held.wait(5)
    thread.join()
