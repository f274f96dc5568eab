# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of real processes on the files of one real tree: at once, and killed."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine import journal_run
from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY, LOCK, Journal
from ansible_collections.kvm.vnic.plugins.module_utils._engine.unfinished import unfinished_run
from ansible_collections.kvm.vnic.plugins.module_utils._host import file_worker
from ansible_collections.kvm.vnic.plugins.module_utils._host.host import Host
from ansible_collections.kvm.vnic.plugins.module_utils._model.action import DONE, Action, Result
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import RunInProgress
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource

NUMBERS = ["a", "b", "c"]


class Numbers(Resource):
    """Files with a number each. ``pause``: seconds before each write; ``stop``: called before each write."""

    kind = "numbers"

    def __init__(self, pause=0.0, stop=lambda name: None):
        self.pause, self.stop, self.observed = pause, stop, 0

    def validate(self, params, host):
        return params

    def observe(self, host, desired):
        self.observed += 1
        return {name: host.files.read("/numbers/%s" % name) for name in desired}

    def plan(self, desired, state):
        return [Action(name, "number", state[name], wish) for name, wish in desired.items() if state[name] != wish]

    def batches(self, actions):
        return [[action] for action in actions]

    def apply(self, host, batch):
        self.stop(batch[0].target)
        time.sleep(self.pause)
        with open(host.files.at("/log"), "a") as log:
            log.write("%s=%s\n" % (batch[0].target, batch[0].after))
        host.files.write("/numbers/%s" % batch[0].target, batch[0].after)
        return [Result(batch[0], DONE)]

    def show(self, state):
        return state


@pytest.fixture
def root(tmp_path):
    for directory in ("numbers", "run", "var/lib"):
        (tmp_path / directory).mkdir(0o755, parents=True)
    for name in NUMBERS:
        (tmp_path / "numbers" / name).write_text("0")
    (tmp_path / "log").write_text("")
    (tmp_path / "proc").symlink_to("/proc")
    return tmp_path


def run(root, number, **more):
    host = Host(str(root))
    try:
        return converge(Numbers(**more), dict.fromkeys(NUMBERS, str(number)), host, Consent(), Journal(host))
    finally:
        host.close()


def start(root, number, **more):
    """A process that runs; its exit code is 0, or 7 when another run was in its way."""
    pid = os.fork()
    if pid == 0:
        code = 9
        try:
            run(root, number, **more)
            code = 0
        except RunInProgress:
            code = 7
        finally:
            os._exit(code)
    return pid


def code(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def entries(root):
    directory = root / DIRECTORY[1:]
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def findings(root):
    host = Host(str(root))
    try:
        return unfinished_run(host)
    finally:
        host.close()


def written(root):
    return (root / "log").read_text().split()


def test_two_at_once_come_one_after_the_other(root):
    pids = [start(root, number, pause=0.05) for number in (1, 2)]
    assert [code(pid) for pid in pids] == [0, 0]
    log = written(root)
    first = log[0][-1]
    second = {"1": "2", "2": "1"}[first]
    assert log == ["%s=%s" % (name, number) for number in (first, second) for name in NUMBERS]
    assert [(root / "numbers" / name).read_text() for name in NUMBERS] == [second] * 3
    assert entries(root) == ["00000001-numbers.done", "00000002-numbers.done"]
    # the second one's journal has what the first one made of it
    before = json.loads((root / DIRECTORY[1:] / "00000002-numbers.done").read_text())["before"]
    assert before == dict.fromkeys(NUMBERS, first)


def test_two_with_the_same_wish_write_once(root):
    pids = [start(root, 1, pause=0.05) for _run in range(3)]
    assert [code(pid) for pid in pids] == [0, 0, 0]
    assert written(root) == ["%s=1" % name for name in NUMBERS] and entries(root) == ["00000001-numbers.done"]


def test_one_that_does_not_end_is_named_to_the_other_and_audited_by_nobody(root, monkeypatch):
    monkeypatch.setattr(journal_run, "WAIT", 0.2)
    pid = start(root, 1, pause=60)
    until(lambda: entries(root))
    try:
        with pytest.raises(RunInProgress) as caught:
            run(root, 2)
        holder = json.loads(caught.value.holder)
        assert (holder["module"], holder["pid"]) == ("kvm.vnic.numbers", pid) and str(pid) in str(caught.value)
        assert findings(root) == [] and written(root) == []
    finally:
        os.kill(pid, signal.SIGKILL)
        assert code(pid) == -signal.SIGKILL
    assert [finding.subject for finding in findings(root)] == ["numbers"]
    outcome = run(root, 2)
    assert "did not end" in outcome.notes[0] and str(pid) in outcome.notes[0]
    assert entries(root) == ["00000001-numbers.done", "00000002-numbers.done"] and findings(root) == []


@pytest.mark.parametrize("at", NUMBERS)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_one_that_was_killed_holds_nothing_and_the_next_one_converges(root, at, how):
    pid = start(root, 1, stop=lambda name: name == at and os.kill(os.getpid(), how))
    assert code(pid) == -how
    assert entries(root) == ["00000001-numbers.open"] and len(findings(root)) == 1
    outcome = run(root, 1)
    assert "did not end: it was about to change a number from 0 to 1" in outcome.notes[0]
    assert [(root / "numbers" / name).read_text() for name in NUMBERS] == ["1"] * 3
    assert sorted(written(root)) == ["%s=1" % name for name in NUMBERS]
    assert [name.rpartition(".")[2] for name in entries(root)] == ["done", "done"] and findings(root) == []
    assert not run(root, 1).notes


class Hanging(Numbers):
    """Its write is given up after ``pause``: a FIFO without a reader, and a child that no signal ends, stand for a driver."""

    def apply(self, host, batch):
        file_worker.os.kill = lambda pid, number: None  # in a process of its own
        host.files.write("/fifo", batch[0].after, timeout=self.pause)


@pytest.mark.parametrize("gives_up", [True, False])
def test_while_the_kernel_holds_a_write_the_next_run_is_refused_and_told_which(root, monkeypatch, gives_up):
    monkeypatch.setattr(journal_run, "WAIT", 0.1)
    os.mkfifo(root / "fifo")
    pid = os.fork()
    if pid == 0:
        try:
            host = Host(str(root))
            converge(Hanging(0.1 if gives_up else 60), dict.fromkeys(NUMBERS, "1"), host, Consent(), Journal(host))
        finally:
            os._exit(3)
    lock = root / LOCK[1:]
    until(lambda: lock.exists() and "/fifo" in lock.read_text())
    if gives_up:
        assert code(pid) == 3
    else:
        os.kill(pid, signal.SIGKILL)
        assert code(pid) == -signal.SIGKILL
    with pytest.raises(RunInProgress) as caught:
        run(root, 2)
    write = "write '1' to %s/fifo" % root
    assert (
        caught.value.in_flight == [write]
        and write in str(caught.value)
        and json.loads(caught.value.holder)["pid"] == pid
    )
    assert written(root) == []
    with open(root / "fifo") as fifo:
        assert fifo.read() == "1"
    monkeypatch.setattr(journal_run, "WAIT", 10)
    run(root, 2)
    assert [(root / "numbers" / name).read_text() for name in NUMBERS] == ["2"] * 3


def test_nothing_to_do_makes_no_file(root):
    assert (
        not run(root, 0).changed
        and entries(root) == []
        and not (root / LOCK[1:]).exists()
        and list((root / "var/lib").iterdir()) == []
    )
