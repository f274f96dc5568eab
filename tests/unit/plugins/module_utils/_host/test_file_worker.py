# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process that reads and writes, with real files and a FIFO for what hangs in the kernel."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import file_worker
from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import FileWorker, Stuck


@pytest.fixture
def worker():
    worker = FileWorker()
    yield worker
    worker.close()


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    return str(tmp_path / "fifo")


@pytest.fixture
def plain(tmp_path):
    (tmp_path / "plain").write_text("before\n")
    return str(tmp_path / "plain")


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as stream:
            return stream.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("operation", [("read",), ("write", "x"), ("content",)])
def test_what_hangs_is_given_up_in_time_and_the_next_call_works(worker, fifo, plain, operation):
    begin = time.monotonic()
    with pytest.raises(Stuck) as caught:
        worker.call(operation[0], fifo, *operation[1:], timeout=0.3)
    assert 0.25 < time.monotonic() - begin < 5
    assert caught.value.errno == errno.ETIMEDOUT and caught.value.filename == fifo and "0.3 s" in str(caught.value)
    assert worker.call("read", plain) == "before\n"


def test_a_stuck_file_among_many_hangs_the_call_not_the_caller(worker, fifo, plain):
    with pytest.raises(Stuck):
        worker.call("read_many", [plain, fifo], timeout=0.3)
    assert worker.call("read_many", [plain, plain + "x"]) == {plain: [0, "before\n"], plain + "x": [errno.ENOENT, ""]}


def test_one_child_serves_many_calls(worker, plain):
    worker.call("read", plain)
    first = worker._pid
    for _call in range(20):
        worker.call("read", plain)
    assert worker._pid == first


def test_a_child_that_was_killed_while_idle_is_replaced(worker, plain):
    worker.call("read", plain)
    first = worker._pid
    os.kill(first, signal.SIGKILL)
    while alive(first):
        time.sleep(0.01)
    assert worker.call("read", plain) == "before\n"
    assert worker._pid != first


def test_a_child_that_is_killed_at_work_fails_that_call_and_the_next_one_works(worker, fifo, plain):
    worker.call("read", plain)
    timer = threading.Timer(0.2, os.kill, (worker._pid, signal.SIGKILL))
    timer.start()
    with pytest.raises(OSError) as caught:
        worker.call("write", fifo, "x", timeout=30)
    timer.join()
    assert caught.value.errno == errno.EIO
    assert worker.call("read", plain) == "before\n"


def test_a_child_that_an_unforeseen_error_ended_is_replaced(worker, plain):
    with pytest.raises(OSError):
        worker.call("read", "/a\0b")
    assert worker.call("read", plain) == "before\n"


def test_a_process_that_forked_gets_a_child_of_its_own(worker, plain):
    worker.call("read", plain)
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if worker.call("read", plain) == "before\n" and worker._owner == os.getpid() else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert worker.call("read", plain) == "before\n"


@pytest.mark.parametrize("step", ["pipe", "fork"])
def test_a_child_that_cannot_be_made_leaves_nothing_open_and_the_next_call_tries_again(
    monkeypatch, worker, plain, step
):
    before = os.listdir("/proc/self/fd")
    real, left = getattr(os, step), [2 if step == "pipe" else 1]

    def refuse():
        left[0] -= 1
        if left[0]:
            return real()
        raise OSError(errno.EAGAIN, "no more")

    monkeypatch.setattr(file_worker.os, step, refuse)
    with pytest.raises(OSError, match="no more"):
        worker.call("read", plain)
    assert os.listdir("/proc/self/fd") == before
    monkeypatch.undo()
    assert worker.call("read", plain) == "before\n"


def test_closing_ends_the_child(plain):
    worker = FileWorker()
    worker.call("read", plain)
    pid = worker._pid
    worker.close()
    worker.close()
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)


def run_script(text, *arguments):
    script = textwrap.dedent(text)
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", script] + list(arguments), capture_output=True, timeout=60, check=False
    )
    return done, time.monotonic() - begin


HEAD = """
    import os, sys
    from ansible_collections.kvm.vnic.plugins.module_utils._host.file_worker import FileWorker, Stuck
    worker = FileWorker()
"""


def test_a_child_that_cannot_be_killed_keeps_no_stream_of_the_module_open(fifo):
    """As in uninterruptible sleep: SIGKILL does nothing. The module's end must be seen at once all the same."""
    done, took = run_script(
        HEAD
        + """
    os.kill = lambda pid, number: None
    try:
        worker.call("read", sys.argv[1], timeout=0.3)
    except Stuck:
        print("stuck")
    print(open("/proc/self/task/%d/children" % os.getpid()).read().split()[0])
    """,
        fifo,
    )
    said = done.stdout.decode().split()
    assert done.returncode == 0 and said[0] == "stuck", done.stderr.decode()
    child = int(said[1])
    assert alive(child) and took < 20
    os.kill(child, signal.SIGKILL)


def test_it_works_where_the_standard_streams_are_closed(plain):
    done, _took = run_script(
        HEAD
        + """
    os.close(0)
    os.close(2)
    print(worker.call("read", sys.argv[1]).strip())
    """,
        plain,
    )
    assert done.stdout == b"before\n"


def test_a_write_neither_creates_nor_truncates(worker, plain, tmp_path):
    with pytest.raises(FileNotFoundError):
        worker.call("write", str(tmp_path / "none"), "x")
    assert not (tmp_path / "none").exists()
    worker.call("write", plain, "xx")
    assert (tmp_path / "plain").read_text() == "xxfore\n"


@pytest.mark.parametrize(
    "code", [errno.EBUSY, errno.EINVAL, errno.ENOSPC, errno.EPERM, errno.EIO, errno.ENODEV, errno.ERANGE]
)
def test_the_kernel_s_answer_to_a_write_arrives(monkeypatch, worker, plain, code):
    def refuse(descriptor, data):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(file_worker.os, "write", refuse)
    with pytest.raises(OSError) as caught:
        worker.call("write", plain, "4")
    assert (caught.value.errno, caught.value.filename) == (code, plain)


def test_a_real_refusal_arrives(worker):
    with pytest.raises(OSError) as caught:
        worker.call("write", "/dev/full", "x")
    assert caught.value.errno == errno.ENOSPC


def test_a_short_write_is_a_failed_write(monkeypatch, worker, plain):
    write = os.write
    monkeypatch.setattr(file_worker.os, "write", lambda descriptor, data: write(descriptor, data[:1]))
    with pytest.raises(OSError, match="1 of 2 bytes"):
        worker.call("write", plain, "12")


def test_a_value_is_written_at_once(monkeypatch, worker, plain, tmp_path):
    write = os.write

    def counted(descriptor, data):
        with open(tmp_path / "log", "ab") as log:
            log.write(b"%d\n" % len(data))
        return write(descriptor, data)

    monkeypatch.setattr(file_worker.os, "write", counted)
    worker.call("write", plain, "0-3,8")
    assert (tmp_path / "log").read_text() == "5\n"


def test_replace_sets_content_and_mode_and_leaves_nothing_behind(worker, plain, tmp_path):
    worker.call("replace", plain, "after\n", 0o600)
    assert (tmp_path / "plain").read_text() == "after\n" and os.stat(plain).st_mode & 0o7777 == 0o600
    assert os.listdir(tmp_path) == ["plain"]


def test_replace_that_fails_leaves_the_old_file_and_nothing_behind(worker, tmp_path):
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError):
        worker.call("replace", str(tmp_path / "directory"), "x", 0o644)
    with pytest.raises(FileNotFoundError):
        worker.call("replace", str(tmp_path / "none" / "file"), "x", 0o644)
    assert os.listdir(tmp_path) == ["directory"]


@pytest.mark.parametrize("step", ["fchmod", "fsync", "rename"])
def test_killed_at_any_step_a_replaced_file_is_the_old_or_the_new_one(monkeypatch, worker, plain, tmp_path, step):
    monkeypatch.setattr(file_worker.os, step, lambda *arguments: os._exit(9))
    with pytest.raises(OSError):
        worker.call("replace", plain, "after\n", 0o644)
    assert (tmp_path / "plain").read_text() == "before\n"
    assert all(name == "plain" or name.startswith(".kvm-vnic-") for name in os.listdir(tmp_path))


def test_the_data_is_on_disk_before_its_name_is(monkeypatch, worker, plain, tmp_path):
    def logged(name, call):
        def logging(*arguments):
            with open(tmp_path / "log", "a") as log:
                log.write(name + "\n")
            return call(*arguments)

        return logging

    for name in ("fsync", "rename"):
        monkeypatch.setattr(file_worker.os, name, logged(name, getattr(os, name)))
    worker.call("replace", plain, "after\n", 0o644)
    assert (tmp_path / "log").read_text().split() == ["fsync", "rename", "fsync"]


def test_bytes_that_are_no_utf_8_survive_a_round_trip(worker, plain, tmp_path):
    raw = b"gr\xfcn \xf0\x9f\x90\xa7 \xff\n"
    (tmp_path / "plain").write_bytes(raw)
    text = worker.call("content", plain)
    worker.call("replace", plain, text + "x", 0o644)
    assert (tmp_path / "plain").read_bytes() == raw + b"x"


def test_a_large_file_passes(worker, plain, tmp_path):
    text = "0123456789abcdef" * 200000
    worker.call("replace", plain, text, 0o644)
    assert worker.call("content", plain) == text
