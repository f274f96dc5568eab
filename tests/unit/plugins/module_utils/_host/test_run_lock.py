# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a host, between real processes."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import file_worker, run_lock
from ansible_collections.kvm.vnic.plugins.module_utils._host.clock import Clock
from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import Stuck
from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.run_lock import OVER, PATH, STEP, RunLock
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Conflict, RunInProgress

OWNER = json.dumps({"module": "kvm.vnic.bridge", "pid": 4711, "since": "2026-01-02T03:04:05Z"})


@pytest.fixture
def root(tmp_path):
    (tmp_path / "run").mkdir(0o755)
    return tmp_path


def lock(root):
    return RunLock(Files(str(root)), Clock())


def in_child(work):
    """A process that does ``work(ready)``; returns its pid once it called ``ready()``."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            work(lambda: os.write(writing, b"x"))
        finally:
            os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    os.close(reading)
    return pid


def holding(root, owner=OWNER, request=None):
    """``request``: what its file worker is busy with, as ``[operation, arguments]``."""

    def work(ready):
        files = Files(str(root))
        held = RunLock(files, Clock())
        held.take(owner, 0)
        if request:
            files._worker._ask(json.dumps(request).encode() + b"\n")
            until(lambda: request[0] == "read" or "write" in (root / PATH[1:]).read_text())
        ready()
        time.sleep(60)

    return in_child(work)


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def is_free(root):
    return lock(root).held_by() == ""


def end(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_it_is_taken_and_let_go_and_says_who_had_it(root):
    first = lock(root)
    assert first.take(OWNER, 0) == ""
    assert (root / PATH[1:]).read_text() == OWNER + "\n"
    first.release()
    first.release()
    assert (root / PATH[1:]).read_text() == "%s\n%s\n" % (OWNER, OVER)
    second = lock(root)
    assert second.take("x", 0) == "%s\n%s" % (OWNER, OVER)
    second.release()
    assert (root / PATH[1:]).stat().st_mode & 0o777 == 0o600 and (root / "run/kvm-vnic").stat().st_mode & 0o777 == 0o700


def test_who_comes_second_waits_and_is_told_who_is_first(root):
    pid = holding(root)
    try:
        began = time.monotonic()
        with pytest.raises(RunInProgress) as caught:
            lock(root).take("x", 0.3)
        assert 0.3 <= time.monotonic() - began < 5
        for word in ("4711", "kvm.vnic.bridge", "2026-01-02T03:04:05Z", "nothing was written", "run again", PATH):
            assert word in str(caught.value)
        assert isinstance(caught.value, Conflict) and caught.value.details() == {
            "lock": PATH,
            "holder": OWNER,
            "in_flight": [],
        }
    finally:
        end(pid)


def test_who_waits_gets_it_when_the_first_lets_go(root):
    def briefly(ready):
        held = lock(root)
        held.take(OWNER, 0)
        ready()
        time.sleep(0.3)
        held.release()

    pid = in_child(briefly)
    waiting = lock(root)
    assert waiting.take("x", 30).endswith(OVER)
    os.waitpid(pid, 0)
    waiting.release()


def test_a_holder_that_was_killed_holds_nothing(root):
    end(holding(root))
    after = lock(root)
    assert after.take("x", 0) == OWNER  # without the word that it was let go
    after.release()


def test_a_write_that_the_kernel_holds_keeps_it_and_is_named_until_it_is_gone(root):
    """The process itself was killed; a FIFO without a reader stands for the kernel."""
    os.mkfifo(root / "fifo")
    end(holding(root, request=["write", [str(root / "fifo"), "4"]]))
    with pytest.raises(RunInProgress) as caught:
        lock(root).take("x", 0)
    write = "write '4' to %s" % (root / "fifo")
    assert caught.value.details() == {"lock": PATH, "holder": OWNER, "in_flight": [write]}
    assert write in str(caught.value) and "that process and its write" in str(caught.value)
    with open(root / "fifo", "rb") as stream:
        assert stream.read() == b"4"
    after = lock(root)
    assert after.take("x", 10) == OWNER  # nothing more is in flight
    after.release()


def stuck(root, operation, *arguments):
    """A run whose call hangs; ends it as the engine does."""
    files = Files(str(root))
    held = RunLock(files, Clock())
    files.read_or("/run", "")  # by a child of before, which has no share in the lock
    held.take(OWNER, 0)
    with pytest.raises(Stuck):
        files.worker.call(operation, str(root / "fifo"), *arguments, timeout=0.1)
    held.release()
    files.close()
    return files.worker


@pytest.fixture
def unkillable(monkeypatch):
    """As in uninterruptible sleep: SIGKILL does nothing."""
    monkeypatch.setattr(file_worker.os, "kill", lambda pid, number: None)


def test_a_run_that_gave_up_a_write_lets_go_of_the_lock_when_the_write_is_gone(root, unkillable):
    os.mkfifo(root / "fifo")
    worker = stuck(root, "write", "4")
    assert worker.in_flight() == ["write '4' to %s" % (root / "fifo")]
    with pytest.raises(RunInProgress, match="with a write in flight: write '4' to"):
        lock(root).take("x", 0)
    with open(root / "fifo", "rb") as stream:
        stream.read()
    until(lambda: is_free(root))
    assert lock(root).take("x", 0) == OWNER
    assert worker.in_flight() == []


def test_a_write_that_can_be_killed_keeps_nothing(root):
    os.mkfifo(root / "fifo")
    stuck(root, "write", "4")
    until(lambda: is_free(root))


def test_a_read_that_was_given_up_keeps_nothing(root, unkillable):
    os.mkfifo(root / "fifo")
    worker = stuck(root, "read")
    assert is_free(root) and worker.in_flight() == []
    with open(root / "fifo", "wb"):
        pass  # lets the worker go


def test_an_idle_worker_keeps_nothing(root):
    files = Files(str(root))
    held = RunLock(files, Clock())
    held.take(OWNER, 0)
    files.make_directory("/made")
    held.release()
    assert is_free(root) and (root / PATH[1:]).read_text() == "%s\n%s\n" % (OWNER, OVER)
    files.close()


def test_a_step_has_a_lock_of_its_own_whose_write_keeps_that_alone(root):
    os.mkfifo(root / "fifo")
    files = Files(str(root))
    whole, step = RunLock(Files(str(root)), Clock()), RunLock(files, Clock(), STEP)
    whole.take("run", 0)
    step.take("step", 0)
    with pytest.raises(RunInProgress, match=STEP):
        RunLock(Files(str(root)), Clock(), STEP).take("x", 0)
    files.worker._ask(json.dumps(["write", [str(root / "fifo"), "4"]]).encode() + b"\n")
    until(lambda: "write" in (root / STEP[1:]).read_text())
    assert whole.held_by() == "run"
    with open(root / "fifo", "rb") as stream:
        stream.read()
    step.release()
    assert step.held_by() == "" and whole.held_by() == "run"
    whole.release()
    files.close()


def test_who_asks_who_has_it_makes_nothing_and_is_in_nobodys_way(root):
    assert is_free(root) and os.listdir(root / "run") == []
    held = lock(root)
    held.take(OWNER, 0)
    assert [lock(root).held_by() for _asked in range(3)] == [OWNER] * 3
    held.release()
    with open(root / PATH[1:]) as another:
        fcntl.flock(another, fcntl.LOCK_SH)  # who asks at the same time
        assert is_free(root)


@pytest.mark.parametrize("path", ["run/kvm-vnic", "run/kvm-vnic/lock"])
def test_who_asks_does_not_follow_a_symbolic_link(root, path):
    (root / path).parent.mkdir(mode=0o700, exist_ok=True)
    (root / path).symlink_to("/etc")
    with pytest.raises(ApplyFailed, match=PATH):
        lock(root).held_by()


def test_a_file_that_was_put_in_its_place_is_locked_instead(root):
    first = lock(root)
    first.take(OWNER, 0)
    (root / PATH[1:]).unlink()
    second = lock(root)
    assert second.take("x", 0) == ""
    with pytest.raises(RunInProgress):
        lock(root).take("y", 0)
    first.release()
    second.release()


def test_a_file_that_is_replaced_while_it_is_locked_is_let_go(root, monkeypatch):
    real, path = fcntl.flock, root / PATH[1:]

    def replacing(descriptor, how):
        monkeypatch.setattr(run_lock.fcntl, "flock", real)
        path.unlink()
        path.write_text("new")
        real(descriptor, how)

    monkeypatch.setattr(run_lock.fcntl, "flock", replacing)
    first = lock(root)
    assert first.take(OWNER, 5) == "new"
    with pytest.raises(RunInProgress):
        lock(root).take("x", 0)
    first.release()


@pytest.mark.parametrize("path", ["run/kvm-vnic", "run/kvm-vnic/lock"])
def test_a_symbolic_link_is_refused(root, tmp_path_factory, path):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "lock").write_text("mine")
    if path.endswith("lock"):
        (root / "run/kvm-vnic").mkdir(mode=0o700)
    (root / path).symlink_to(elsewhere / "lock" if path.endswith("lock") else elsewhere)
    with pytest.raises(ApplyFailed, match=PATH):
        lock(root).take(OWNER, 0)
    assert (elsewhere / "lock").read_text() == "mine" and os.listdir(elsewhere) == ["lock"]
