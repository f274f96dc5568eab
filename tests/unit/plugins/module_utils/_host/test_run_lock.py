# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock of a host, between real processes."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import run_lock
from ansible_collections.kvm.vnic.plugins.module_utils._host.clock import Clock
from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files
from ansible_collections.kvm.vnic.plugins.module_utils._host.run_lock import OVER, PATH, RunLock
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


def holding(root, owner=OWNER, with_worker=None):
    def work(ready):
        files = Files(str(root))
        held = RunLock(files, Clock())
        held.take(owner, 0)
        if with_worker:
            files._worker._ask(json.dumps(["read", [with_worker]]).encode() + b"\n")
        ready()
        time.sleep(60)

    return in_child(work)


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
        assert isinstance(caught.value, Conflict) and caught.value.details() == {"lock": PATH, "holder": OWNER}
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


def test_a_worker_that_hangs_does_not_keep_it(root):
    os.mkfifo(root / "fifo")
    pid = holding(root, with_worker=str(root / "fifo"))
    end(pid)
    after = lock(root)
    after.take("x", 2)
    after.release()
    with open(root / "fifo", "wb"):
        pass  # lets the worker go


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
