# SPDX-License-Identifier: GPL-3.0-or-later
"""The module checkpoint against a host whose service runs too: opened, confirmed, undone, and all that comes between."""

from __future__ import annotations

import errno
import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.checkpoint_service import UNIT
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import LOCK, STEP
from ansible_collections.kvm.vnic.plugins.module_utils._engine.opened import arm
from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import (
    CONFIRMED,
    OPEN,
    UNDO_FAILED,
    UNDONE,
    CheckpointRecord,
    is_token,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._module import engine_archive
from ansible_collections.kvm.vnic.plugins.modules import bridge, checkpoint
from ansible_collections.kvm.vnic.tests.unit.memory_host.guarded import PROGRAM, RECORD, GuardedHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

OLD, OTHER = "a0" * 8, "b1" * 8


class Stage:
    def __init__(self):
        self.host, self.installed = GuardedHost(), 0

    def install(self, host):
        assert host is self.host
        self.installed += 1

    def __call__(self, state, check=False, **params):
        return run_module(checkpoint.main, self.host, dict(params, state=state), check=check)

    def opened(self, **params):
        """The token of a run that has come to its first step."""
        result = self("opened", **params)
        assert not result["failed"], result
        arm(self.host, result["run"])
        return result["run"]

    def step(self, run, name="br0", check=False, **more):
        """A module of the run, which may have something to change."""
        params = {"bridges": [dict({"name": name}, **more)], "checkpoint": run}
        return run_module(bridge.main, self.host, params, check=check)

    def untouched(self):
        """Whether nothing was written that outlives a boot, and nobody guards anything."""
        kept = [path for path in self.host.tree.private if path.startswith("/var/lib")]
        own = {"kvm.vnic.checkpoint", "kvm.vnic.bridge"}
        owners = [json.loads(lock.held_by() or "{}") for lock in (self.host.run_lock(), self.host.step_lock())]
        return not kept and not self.host.writes() and not own & {owner.get("module") for owner in owners}

    def kill(self):
        self.host.clock.kill(self.host.services.units[UNIT])

    def put(self, state, run=OLD, **more):
        self.host.tree.private[RECORD] = CheckpointRecord(run, state, "d", 60, **more).to_text()


@pytest.fixture
def stage(monkeypatch):
    found = Stage()
    monkeypatch.setattr(engine_archive, "install_engine", found.install)
    yield found
    found.host.clock.close()


def test_a_run_from_its_opening_to_its_confirmation(stage):
    result = stage("opened")
    assert not result["failed"] and not result["changed"] and result["former"] == {} and result["told"] == []
    assert is_token(result["run"]) and stage.installed == 1
    assert stage.host.record is None and not stage.host.services.started  # nothing to undo yet
    arm(stage.host, result["run"])
    record = stage.host.record
    assert (record.run, record.state, record.confirm_within) == (result["run"], OPEN, 600)
    stage.host.journal_step(result["run"])
    confirmed = stage("confirmed", run=result["run"])
    assert not confirmed["failed"] and not confirmed["changed"] and stage.host.record.state == CONFIRMED
    assert stage("confirmed", run=result["run"]) == confirmed
    assert stage("opened")["former"] == {}  # at once, while the service before is about to end
    assert stage.host.led_back == []


def test_the_service_outlives_the_session_and_is_told_in_words(stage):
    run = stage.opened(confirm_within=30)
    ((options, command),) = stage.host.services.started
    assert command[1:] == PROGRAM[1:] + ["hold", "open", run, "30"] and command[0].startswith("/")
    assert "--unit=" + UNIT in options and "--property=KillMode=mixed" in options and "--no-ask-password" in options
    assert any(option.startswith("--description=") and run in option for option in options)


def test_two_tokens_are_not_the_same(stage):
    first = stage.opened()
    stage("confirmed", run=first)
    assert stage.opened() != first


def test_not_confirmed_it_is_undone_and_told_to_who_comes_next(stage):
    run = stage.opened(confirm_within=20)
    stage.host.journal_step(run, uncovered=("made anew",))
    stage.host.clock.sleep(30)
    late = stage("confirmed", run=run)
    assert late["failed"] and late["error_kind"] == "run_ended" and stage.host.led_back == [1]
    assert (
        "was undone, because it was not confirmed within 20 s of its last step; bridge: not covered: made anew"
        in late["msg"]
    )
    assert late["former"]["state"] == "undone"
    following = stage("opened")
    assert following["former"] == late["former"] and not following["changed"]
    assert following["former"]["told"] == following["told"] == ["bridge: not covered: made anew"]
    assert following["former"]["text"] in late["msg"]


@pytest.mark.parametrize("state", ["confirmed", "undone"])
def test_a_token_that_this_host_does_not_know(stage, state):
    result = stage(state, run=OTHER)
    assert result["failed"] and OTHER in result["msg"] and "no run was" in result["msg"]
    stage.put(CONFIRMED)
    result = stage(state, run=OTHER)
    assert result["failed"] and OLD in result["msg"] and stage.host.record.state == CONFIRMED
    assert not stage.host.services.started


def test_while_a_run_is_open_another_is_refused_with_its_owner_and_age(stage):
    run = stage.opened()
    owner = json.loads(stage.host.run_lock().held_by())
    stage.host.tree.contents["/proc/uptime"] = "1000.00 1.00"
    stage.host.tree.contents["/proc/%d/stat" % owner["pid"]] = "1 (a b) " + " ".join(["x"] * 19 + ["87700"])
    result = stage("opened")
    assert result["failed"] and result["error_kind"] == "locked" and "(123 s ago)" not in result["msg"]
    assert "nothing was opened: the run %s" % run in result["msg"] and "(2 min ago)" in result["msg"]
    assert "process %d" % owner["pid"] in result["msg"] and stage.host.record.run == run
    assert len(stage.host.services.started) == 1


@pytest.mark.parametrize("uptime", ["", "x", None])
def test_an_age_that_cannot_be_told_is_left_out(stage, uptime):
    run = stage.opened()
    if uptime is not None:
        stage.host.tree.contents["/proc/uptime"] = uptime
    result = stage("opened")
    assert result["failed"] and run in result["msg"] and " ago" not in result["msg"]


def test_a_module_that_is_about_to_end_is_waited_for(stage):
    def module():
        lock = stage.host.run_lock()
        lock.take(json.dumps({"module": "kvm.vnic.bridge"}), 0)
        stage.host.clock.sleep(20)
        lock.release()

    stage.host.clock.start("module", module)
    stage.host.clock.sleep(1)
    assert stage.opened() and stage.host.clock.now >= 20


def test_one_that_does_not_end_is_named_to_the_first_step(stage):
    stage.host.run_lock().take(json.dumps({"module": "kvm.vnic.macvtap", "pid": 4711}), 0)
    result = stage.step(stage("opened")["run"])
    assert result["failed"] and result["error_kind"] == "locked" and "kvm.vnic.macvtap" in result["msg"]
    assert "nothing was written" in result["msg"] and stage.untouched()


@pytest.mark.parametrize("words", ["Access denied", "System has not been booted with systemd as init system (PID 1)."])
def test_where_nobody_can_guard_it_the_first_step_writes_nothing(stage, words):
    run = stage("opened")["run"]
    stage.host.services.refusal = words
    result = stage.step(run)
    assert result["failed"] and result["error_kind"] == "apply" and words in result["msg"]
    assert "nothing was changed, because no service" in result["msg"] and run in result["msg"] and stage.untouched()
    stage.host.services.refusal = ""
    assert stage.step(run)["changed"] and stage.host.record.run == run  # the same token, once it can be had


def test_without_a_service_manager(stage):
    run = stage("opened")["run"]
    del stage.host.commands.tools["systemd-run"]
    result = stage.step(run)
    assert result["failed"] and result["error_kind"] == "unsupported" and stage.untouched()
    assert "nothing was changed" in result["msg"] and "systemd-run is not installed" in result["msg"]


def test_on_a_full_disk_the_first_step_writes_nothing(stage):
    run = stage("opened")["run"]
    stage.host.tree.failures["replace_private", "/var/lib"] = errno.ENOSPC
    result = stage.step(run)
    assert result["failed"] and "journalctl -u " + UNIT in result["msg"] and stage.untouched()
    del stage.host.tree.failures["replace_private", "/var/lib"]
    assert stage.step(run)["changed"]  # the unit that failed is not in the way


def test_without_a_place_for_its_token_nothing_is_opened(stage):
    stage.host.tree.failures["replace_private", "/run"] = errno.ENOSPC
    result = stage("opened")
    assert result["failed"] and "/run/kvm-vnic: ENOSPC" in result["msg"] and stage.untouched()


def test_a_confirmation_that_cannot_be_written_down_is_none(stage):
    run = stage.opened(confirm_within=20)
    stage.host.journal_step(run)
    stage.host.tree.failures["replace_private", "/var/lib"] = errno.ENOSPC
    result = stage("confirmed", run=run)
    assert result["failed"] and "ENOSPC" in result["msg"] and STEP not in stage.host.holders
    stage.host.clock.sleep(30)
    assert stage.host.led_back == [1]


def test_its_service_was_killed(stage):
    """The run cannot go on, and the next one undoes it first."""
    run = stage.opened()
    stage.host.journal_step(run)
    stage.kill()
    result = stage("confirmed", run=run)
    assert result["failed"] and result["former"]["state"] == "interrupted" and "killed" in result["msg"]
    following = stage("opened")
    assert following["changed"] and following["former"]["state"] == "undone" and stage.host.led_back == [1]
    assert "killed, or the host was started anew" in following["former"]["why"] and following["run"] != run


def test_an_interrupted_run_whose_undoing_fails_is_told_loudly_and_the_next_one_goes_on(stage):
    run = stage.opened()
    stage.host.journal_step(run)
    stage.kill()
    stage.host.broken = {"bridge"}
    following = stage("opened")
    assert not following["failed"] and following["former"]["state"] == "undo_failed"
    assert "FAILED" in following["former"]["text"] and "EBUSY" in following["told"][0]


def test_undoing_that_takes_long_is_waited_for(stage):
    run = stage.opened()
    stage.host.journal_step(run)
    stage.kill()
    stage.host.takes = 500
    assert stage("opened")["former"]["state"] == "undone" and stage.host.clock.now > 500


def test_undone_while_it_is_open(stage):
    run = stage.opened()
    stage.host.journal_step(run)
    result = stage("undone", run=run, reason="web1 did not answer\x1b[31m")
    assert result["changed"] and result["run"] == run and stage.host.led_back == [1]
    assert result["former"]["why"] == "web1 did not answer\ufffd[31m" and result["told"][0] == result["former"]["text"]
    again = stage("undone", run=run)
    assert not again["changed"] and not again["failed"] and again["former"] == result["former"]
    assert stage("confirmed", run=run)["failed"]


def test_a_run_that_is_open_is_not_undone_by_who_does_not_name_it(stage):
    run = stage.opened()
    result = stage("undone")
    assert result["failed"] and result["error_kind"] == "locked" and run in result["msg"]
    assert stage.host.record.state == OPEN


def test_undone_while_a_step_runs(stage):
    run = stage.opened()
    stage.host.run_step(run, 5)
    stage.host.clock.sleep(1)
    assert stage("undone", run=run)["changed"] and stage.host.clock.now >= 5
    run = stage.opened()
    stage.host.run_step(run, 50)
    stage.host.clock.sleep(1)
    result = stage("undone", run=run)
    assert result["failed"] and result["error_kind"] == "locked" and stage.host.record.state == OPEN


def confirmed(stage, steps=1):
    run = stage.opened()
    numbers = [stage.host.journal_step(run) for _step in range(steps)]
    assert not stage("confirmed", run=run)["failed"]
    stage.host.clock.sleep(2)
    return run, numbers


def test_the_last_confirmed_run_is_undone_once(stage):
    older, _numbers = confirmed(stage)
    run, numbers = confirmed(stage, 2)
    quiet, _none = confirmed(stage, 0)
    assert len({older, run, quiet}) == 3
    result = stage("undone", reason="it was slow")
    assert result["changed"] and result["run"] == run and stage.host.led_back == numbers[::-1]
    again = stage("undone")
    assert not again["changed"] and again["told"] == ["nothing to undo: no run that was confirmed is left"]
    assert stage("undone", run=run)["changed"] is False
    assert stage("undone", run=older)["failed"]


def test_a_confirmed_run_below_one_that_was_undone_by_itself(stage):
    run, numbers = confirmed(stage)
    late = stage.opened(confirm_within=10)
    stage.host.clock.sleep(20)
    assert stage.host.record.run == late and stage.host.record.state == UNDONE
    assert stage("undone")["run"] == run and stage.host.led_back == numbers


def test_what_failed_to_be_undone_is_tried_again(stage):
    run, numbers = confirmed(stage)
    stage.host.broken = {"bridge"}
    result = stage("undone")
    assert (
        result["failed"] and result["error_kind"] == "undo_failed" and "EBUSY" in result["msg"] and result["run"] == run
    )
    assert stage.host.record.state == UNDO_FAILED
    assert stage("opened")["former"]["state"] == "undo_failed"
    stage("confirmed", run=stage.host.record.run)
    stage.host.clock.sleep(2)
    stage.host.broken = set()
    assert stage("undone")["changed"] and stage.host.led_back == numbers


def test_an_interrupted_run_is_what_is_undone_first(stage):
    _run, numbers = confirmed(stage)
    cut = stage.opened()
    numbers.append(stage.host.journal_step(cut))
    stage.kill()
    assert stage("undone")["run"] == cut and stage.host.led_back == numbers[1:]
    assert stage("undone")["changed"] and stage.host.led_back == numbers[::-1]


def test_nothing_to_undo(stage):
    result = stage("undone")
    assert not result["failed"] and not result["changed"] and result["run"] == "" and stage.installed == 0
    confirmed(stage, 0)
    assert not stage("undone")["changed"]


def test_the_service_that_undoes_is_killed(stage):
    confirmed(stage)
    stage.host.takes = 100

    def kill():
        stage.host.clock.sleep(20)
        stage.host.clock.kill(stage.host.services.units[UNIT])

    stage.host.clock.start("killer", kill)
    result = stage("undone")
    assert result["failed"] and "journalctl -u " + UNIT in result["msg"]
    assert stage("undone")["changed"]


def test_the_service_is_told_to_end_before_it_sees_that_it_is_asked(stage):
    run = stage.opened()

    def stop():
        stage.host.clock.sleep(0.1)
        stage.host.services.units[UNIT].told = True

    stage.host.clock.start("stop", stop)
    result = stage("undone", run=run)
    assert (
        result["failed"] and "ended before its work was done" in result["msg"] and stage.host.record.state == "undoing"
    )
    assert stage("undone", run=run)["changed"]


def test_a_service_that_cannot_undo_is_told(stage):
    confirmed(stage)
    stage.host.refused_locks[STEP] = ApplyFailed(STEP, "EPERM")
    result = stage("undone")
    assert result["failed"] and "ended before its work was done (exit-code, code 1)" in result["msg"]


def test_an_undoing_without_end_is_told_and_goes_on(stage):
    confirmed(stage)
    stage.host.takes = 2000
    result = stage("undone")
    assert result["failed"] and "it goes on" in result["msg"]
    assert not stage.host.services.units[UNIT].ended


def test_check_mode_does_nothing_and_says_so(stage):
    for state, params in (("opened", {}), ("undone", {}), ("confirmed", {"run": OLD})):
        result = stage(state, check=True, **params)
        assert not result["changed"] and result["run"] == "" and "check mode" in result["told"][0]
    stage.put(OPEN)
    assert stage("opened", check=True)["former"]["state"] == "interrupted"
    stage.host.tree.private[RECORD] = "{"
    assert stage("opened", check=True)["former"]["state"] == "unreadable"
    assert not stage.host.services.started and not stage.host.writes() and stage.installed == 0
    assert not stage.host.tree.private_writes and LOCK not in stage.host.tree.private


def test_a_record_that_cannot_be_read_while_somebody_guards_it(stage):
    stage.opened()
    stage.host.tree.private[RECORD] = "{"
    result = stage("opened")
    assert result["failed"] and result["error_kind"] == "checkpoint_unreadable" and "damaged" in result["msg"]
    assert stage.host.tree.private[RECORD] == "{"


def test_a_record_that_cannot_be_read(stage):
    stage.host.tree.private[RECORD] = '{"schema": 99}'
    for state in ("confirmed", "undone"):
        result = stage(state, run=OLD)
        assert result["failed"] and "newer version" in result["msg"], result
    result = stage("opened")
    assert not result["failed"] and result["former"]["state"] == "unreadable" and "newer" in result["former"]["text"]
    assert stage.host.tree.private[RECORD + ".unread"] == '{"schema": 99}'
    assert not stage("confirmed", run=result["run"])["failed"] and stage("opened")["former"] == {}


def test_without_the_lock_of_a_step_nothing_is_confirmed(stage):
    run = stage.opened()
    stage.host.refused_locks[STEP] = ApplyFailed(STEP, "EPERM")
    assert stage("confirmed", run=run)["failed"] and stage.host.record.state == OPEN


def test_a_service_manager_that_goes_away_while_it_is_waited_for(stage):
    confirmed(stage)
    stage.host.takes = 100
    real = stage.host.commands.tools["systemctl"]
    stage.host.commands.tools["systemctl"] = lambda argv, stdin: Completed(1, "", "Failed to connect to bus")
    result = stage("undone")
    stage.host.commands.tools["systemctl"] = real
    assert result["failed"] and "Failed to connect to bus" in result["msg"]


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"state": "open"}, "opened"),
        ({"state": "opened", "confirm_within": 9}, "confirm_within: 9 is none of 10 to 86400 seconds"),
        ({"state": "opened", "confirm_within": 86401}, "86401"),
        ({"state": "opened", "confirm_within": -1}, "-1"),
        ({"state": "opened", "confirm_within": "1h"}, "confirm_within"),
        ({"state": "opened", "run": OLD}, "opening makes a new token"),
        ({"state": "confirmed"}, "is needed"),
        ({"state": "confirmed", "run": "../../x"}, "is no token"),
        ({"state": "confirmed", "run": "{{ x }}"}, "is no token"),
        ({"state": "undone", "run": "00" * 8}, "is no token"),
        ({"state": "undone", "run": 1234567812345678}, "is no token"),
        ({"state": "undone", "run": OLD + "\n"}, "is no token"),
        ({"state": "undone", "reason": "x" * 201}, "is longer than 200 characters"),
        ({"state": "undone", "runs": OLD}, "Unsupported parameters"),
        ({}, "state"),
    ],
)
def test_bad_input(stage, params, words):
    result = run_module(checkpoint.main, stage.host, params)
    assert result["failed"] and words in result["msg"], result
    assert not stage.host.services.started and not stage.host.writes()
