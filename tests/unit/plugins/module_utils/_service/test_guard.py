# SPDX-License-Identifier: GPL-3.0-or-later
"""The service that guards a run, among the other processes of a host, on time that only sleeping moves."""

from __future__ import annotations

import errno
import json
from dataclasses import replace

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.checkpoint import confirm_run
from ansible_collections.kvm.vnic.plugins.module_utils._engine.checkpoint_service import UNIT, start
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import LOCK, STEP
from ansible_collections.kvm.vnic.plugins.module_utils._engine.open_run import names_run
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import (
    CONFIRMED,
    OPEN,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    CheckpointRecord,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._service.hold import MISUSED, hold
from ansible_collections.kvm.vnic.tests.unit.memory_host.guarded import PROGRAM, RECORD, GuardedHost

RUN, OTHER = "a0" * 8, "b1" * 8
WITHIN = 60


@pytest.fixture
def host():
    found = GuardedHost()
    yield found
    found.clock.close()


def guard(host, run=RUN, within=WITHIN, seconds=1):
    """The service's process, ``seconds`` after it began."""
    start(host, PROGRAM + ["hold", "open", run, str(within)], "test")
    host.clock.sleep(seconds)
    return host.services.units[UNIT]


def undoing(host, run=RUN, *why):
    start(host, PROGRAM + ["hold", "undo", run, *why], "test")
    return host.clock.finish(host.services.units[UNIT])


def put(host, state, run=RUN, **more):
    host.tree.private[RECORD] = CheckpointRecord(run, state, "d", WITHIN, **more).to_text()


def test_an_open_run_holds_the_host_and_names_itself(host):
    process = guard(host)
    assert host.record == CheckpointRecord(RUN, OPEN, "2026-01-02T03:04:05Z", WITHIN, former=None)
    assert names_run(host.run_lock().held_by(), RUN) and STEP not in host.holders
    assert not process.ended and host.said == [
        "guarding the run %s: undone unless it is confirmed within 60 s of its last step" % RUN
    ]


def test_confirmed_it_lets_go_within_a_second_and_undoes_nothing(host):
    process = guard(host)
    number = host.journal_step(RUN)
    assert confirm_run(host, RUN) == confirm_run(host, RUN) == host.record
    host.clock.sleep(1.1)
    assert process.ended and process.result == 0 and host.holders == {} and host.led_back == []
    assert (host.record.state, host.record.confirmed, host.record.steps) == (CONFIRMED, RUN, 1)
    assert number == 1 and host.said[-1].endswith("was confirmed")


def test_not_confirmed_it_is_undone_newest_first_with_all_that_is_told(host):
    process = guard(host)
    for kind in ("sriov", "bridge"):
        host.journal_step(RUN, kind, uncovered=["made anew"])
    host.journal_step(OTHER)
    host.journal_step("")
    assert host.clock.finish(process) == 0
    assert host.led_back == [2, 1] and 60 <= host.clock.now < 63
    assert host.record.state == UNDONE and host.record.why == "it was not confirmed within 60 s of its last step"
    assert [line for line in host.record.told if "made anew" in line] == [
        "bridge: not covered: made anew",
        "sriov: not covered: made anew",
    ]
    assert set(host.record.told) < set(host.said) and host.holders == {}


def test_a_step_that_runs_and_each_new_one_begin_the_time_anew(host):
    process = guard(host)
    host.clock.sleep(50)
    long = host.run_step(RUN, 100)  # longer than the time
    host.clock.finish(long)
    host.clock.sleep(50)
    host.run_step(RUN, 0.01)  # shorter than a poll
    host.clock.sleep(55)
    assert not process.ended and host.record.state == OPEN
    host.clock.finish(process)
    assert host.record.state == UNDONE and 261 <= host.clock.now < 264


def test_a_step_that_was_killed_holds_nothing_up(host):
    process = guard(host)
    step = host.run_step(RUN, 1000)
    host.clock.sleep(5)
    host.clock.kill(step)
    began = host.clock.now
    host.clock.finish(process)
    assert host.record.state == UNDONE and host.clock.now - began < WITHIN + 3


def test_a_clock_that_is_set_changes_nothing(host):
    process = guard(host)
    host.clock.date = lambda: "1970-01-01T00:00:00Z"
    host.clock.sleep(50)
    assert not process.ended
    host.clock.date = lambda: "2099-01-01T00:00:00Z"
    host.clock.sleep(5)
    assert not process.ended and host.record.state == OPEN


@pytest.mark.parametrize("at", [58, 59, 59.5, 60, 60.05, 60.5, 61, 61.5, 62])
@pytest.mark.parametrize("takes", [0, 5])
def test_confirmed_at_the_deadline_it_is_either_kept_or_undone(host, at, takes):
    process, host.takes = guard(host), takes
    host.journal_step(RUN)
    host.clock.sleep(at - host.clock.now)
    try:
        confirmed = confirm_run(host, RUN)
    except Exception as error:  # pylint: disable=broad-except
        confirmed, told = False, str(error)
        assert "was undone, because it was not confirmed" in told or "changes this host" in told
    host.clock.finish(process)
    assert host.record.state == (CONFIRMED if confirmed else UNDONE) and host.led_back == ([] if confirmed else [1])


def between(host, process, at, work):
    """After call number ``at`` of ``process`` to the disk from now on, another process does ``work``. Whether it came to it
    is in the list that is returned."""
    real, calls, came = host.tree.call, [], []

    def call(operation, *arguments, **more):
        answer = real(operation, *arguments, **more)
        if host.clock.current is process:
            calls.append(operation)
            if len(calls) == at:
                came.append(host.clock.start("between", work))
                host.clock.sleep(0.01)
        return answer

    host.tree.call = call
    return came


def to_its_last_look(host):
    host.clock.sleep(59.5 - host.clock.now)


@pytest.mark.parametrize("at", range(1, 12))
def test_confirmed_between_any_two_looks_of_the_service_it_is_kept_or_undone(host, at):
    process, answers = guard(host), []
    host.journal_step(RUN)
    to_its_last_look(host)

    def confirming():
        try:
            answers.append(confirm_run(host, RUN).state)
        except Exception as error:  # pylint: disable=broad-except
            answers.append(str(error))

    came = between(host, process, at, confirming)
    host.clock.finish(process)
    host.clock.sleep(11)
    assert came and len(answers) == 1
    assert (answers == [CONFIRMED]) == (host.record.state == CONFIRMED) == (host.led_back == [])
    assert (answers == [CONFIRMED]) == (at < 4)


def stepping(host, seconds, done):
    """What a module does with the token."""
    lock = host.step_lock()
    lock.take(json.dumps({"run": "of a module"}), 100)
    if names_run(host.run_lock().held_by(), RUN):
        number = host.journal_step(RUN, state="open")
        host.clock.sleep(seconds)
        done.append(number)
    lock.release()


@pytest.mark.parametrize("seconds", [0, 3])
@pytest.mark.parametrize("at", range(1, 8))
def test_a_step_at_the_deadline_is_a_whole_one_or_none(host, at, seconds):
    """It begins the time anew and is undone later with the rest, or finds the run ended."""
    process, done = guard(host), []
    to_its_last_look(host)
    came = between(host, process, at, lambda: stepping(host, seconds, done))
    host.clock.finish(process)
    host.clock.sleep(11)
    assert came and host.record.state == UNDONE and host.led_back == done
    assert bool(done) == (at < 4) == (host.clock.now > 120)


def test_what_fails_to_be_led_back_is_told_and_the_rest_is_done(host):
    process = guard(host)
    host.journal_step(RUN, "sriov")
    host.journal_step(RUN, "bridge")
    host.broken = {"bridge"}
    assert host.clock.finish(process) == 3
    assert host.record.state == UNDO_FAILED and host.led_back == [1]
    assert any("bridge: NOT undone" in line and "EBUSY" in line for line in host.record.told)
    assert "FAILED" in host.said[-1] and host.holders == {} and host.services.state(UNIT) == "failed"
    host.broken = set()
    assert undoing(host) == 0 and host.record.state == UNDONE and host.led_back == [1, 2]


@pytest.mark.parametrize("defect", [KeyError("x"), ApplyFailed("cmd", "cause")])
def test_a_defect_in_the_undoing_is_told_and_not_repeated(host, defect):
    process, host.defect = guard(host), defect
    host.journal_step(RUN)
    host.clock.finish(process)
    assert host.record.state == UNDO_FAILED and any("not undone" in line for line in host.record.told)


def test_a_journal_that_cannot_be_listed_is_a_failed_undoing(host):
    process = guard(host)
    host.tree.failures["listdir", "/var/lib/kvm-vnic/journal"] = errno.EIO
    host.clock.finish(process)
    assert host.record.state == UNDO_FAILED and "cannot be listed" in " ".join(host.record.told)


def test_a_full_disk_keeps_nothing_from_being_undone(host):
    process = guard(host)
    host.journal_step(RUN)
    host.tree.failures["replace_private", "/var/lib"] = errno.ENOSPC
    assert host.clock.finish(process) == 0
    assert host.led_back == [1] and host.record.state == OPEN
    assert [line for line in host.said if "could not be written down" in line and "ENOSPC" in line]
    del host.tree.failures["replace_private", "/var/lib"]
    guard(host, OTHER)
    assert host.led_back == [1] and host.record.before.state == UNDONE


def test_on_a_full_disk_nothing_is_opened(host):
    host.tree.failures["replace_private", "/var/lib"] = errno.ENOSPC
    process = guard(host)
    assert process.ended and process.result == 1 and host.holders == {} and "ENOSPC" in host.said[-1]


@pytest.mark.parametrize("state", [OPEN, UNDOING])
def test_a_run_that_was_cut_off_is_undone_before_the_next_is_open(host, state):
    process = guard(host)
    host.journal_step(RUN)
    host.clock.kill(process)
    assert host.holders == {} and host.record.state == OPEN
    put(host, state, confirmed="c2" * 8, steps=4)
    host.services.control(["systemctl", "", "reset-failed", UNIT], "")
    guard(host, OTHER)
    assert host.led_back == [1] and (host.record.run, host.record.state) == (OTHER, OPEN)
    assert host.record.before.state == UNDONE and "was neither confirmed" in host.record.before.why
    assert (host.record.confirmed, host.record.steps) == ("c2" * 8, 4)


def test_a_step_of_the_run_that_was_cut_off_ends_before_it_is_undone(host):
    process = guard(host)
    step = host.run_step(RUN, 30)
    host.clock.sleep(1)
    host.clock.kill(process)
    host.services.control(["systemctl", "", "reset-failed", UNIT], "")
    guard(host, OTHER)
    assert not step.ended and host.record.run == RUN
    host.clock.finish(step)
    host.clock.sleep(2)
    assert host.record.run == OTHER and host.record.before.state == UNDONE


def test_an_undoing_that_was_killed_goes_on_with_the_next_run(host):
    process, host.takes = guard(host), 10
    for _step in range(3):
        host.journal_step(RUN)
    while len(host.led_back) < 1:
        host.clock.sleep(1)
    host.clock.kill(process)
    assert host.record.state == UNDOING
    host.services.control(["systemctl", "", "reset-failed", UNIT], "")
    guard(host, OTHER, seconds=60)
    assert host.led_back == [3, 2, 1] and host.record.run == OTHER
    assert host.record.before.why == "it was not confirmed within 60 s of its last step"


def test_told_to_end_it_leaves_the_run_open(host):
    process = guard(host)
    host.journal_step(RUN)
    host.systemd.stop(UNIT)
    assert process.ended and process.result == 0 and host.record.state == OPEN and host.led_back == []
    assert host.holders == {} and "left open" in host.said[-1]


def test_told_to_end_while_it_undoes_it_undoes_all(host):
    process, host.takes = guard(host), 10
    for _step in range(3):
        host.journal_step(RUN)
    while len(host.led_back) < 1:
        host.clock.sleep(1)
    host.systemd.stop(UNIT)
    assert process.ended and host.record.state == UNDONE and host.led_back == [3, 2, 1]


def test_a_host_that_another_run_holds_is_not_opened(host):
    other = host.run_lock()
    other.take(json.dumps({"module": "kvm.vnic.bridge"}), 0)
    process = guard(host)
    assert host.clock.finish(process) == 75 and "kvm.vnic.bridge" in host.said[-1] and RECORD not in host.tree.private


def test_without_a_lock_nothing_is_opened(host):
    host.refused_locks[LOCK] = ApplyFailed(LOCK, "EPERM")
    assert host.clock.finish(guard(host)) == 1 and RECORD not in host.tree.private


def test_without_the_lock_of_a_step_it_is_undone_all_the_same(host):
    process = guard(host)
    host.journal_step(RUN)
    host.refused_locks[STEP] = ApplyFailed(STEP, "ENOSPC")
    host.clock.finish(process)
    assert host.record.state == UNDONE and host.led_back == [1]


def test_a_record_that_cannot_be_read_is_set_aside(host):
    host.tree.private[RECORD] = "{"
    guard(host)
    assert host.record.run == RUN and host.record.before is None
    assert host.tree.private[RECORD + ".unread"] == "{" and "is damaged" in host.said[0]


@pytest.mark.parametrize("text", [None, "{", CheckpointRecord(OTHER, CONFIRMED, "", 1).to_text()])
def test_a_record_that_somebody_else_spoilt_confirms_nothing(host, text):
    process = guard(host)
    host.journal_step(RUN)
    host.tree.private.pop(RECORD)
    if text:
        host.tree.private[RECORD] = text
    host.clock.finish(process)
    assert host.led_back == [1] and host.record.state == UNDONE


def test_asked_for_it_is_undone_at_once_with_the_reason(host):
    process = guard(host)
    host.journal_step(RUN)
    host.tree.private[RECORD] = replace(host.record, state=UNDOING, why="I changed my mind").to_text()
    host.clock.finish(process)
    assert host.clock.now < 4 and host.record.why == "I changed my mind" and host.led_back == [1]


def test_a_confirmed_run_is_undone_later_and_only_once(host):
    put(host, CONFIRMED, confirmed=RUN, steps=1)
    host.journal_step(RUN)
    assert undoing(host, RUN, "it was slow") == 0
    assert (host.record.state, host.record.why, host.record.confirmed) == (UNDONE, "it was slow", "")
    assert undoing(host) == 0 and host.led_back == [1] and host.record.why == "it was slow"


def test_steps_that_the_journal_lost_are_told(host):
    put(host, CONFIRMED, confirmed=RUN, steps=3)
    host.journal_step(RUN)
    assert undoing(host) == 3 and host.led_back == [1] and host.record.state == UNDO_FAILED
    assert host.record.told[-1].startswith("2 of the 3 steps of the run are not in the journal any more")


def test_the_run_that_was_confirmed_before_one_that_changed_nothing(host):
    put(host, CONFIRMED, OTHER, confirmed=RUN, steps=1)
    host.journal_step(RUN)
    assert undoing(host) == 0 and (host.record.run, host.record.state) == (RUN, UNDONE)
    assert host.record.before.run == OTHER


def test_what_was_cut_off_on_top_of_it_is_undone_first(host):
    put(host, OPEN, OTHER, confirmed=RUN, steps=1)
    host.journal_step(RUN)
    host.journal_step(OTHER)
    assert undoing(host) == 0 and host.led_back == [2, 1] and (host.record.run, host.record.state) == (RUN, UNDONE)


def test_another_run_is_not_undone(host):
    put(host, CONFIRMED, confirmed=RUN)
    assert undoing(host, OTHER) == 1 and host.record.state == CONFIRMED and "no run" in host.said[-1]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["open"],
        ["open", RUN],
        ["open", RUN, "9"],
        ["open", RUN, "86401"],
        ["open", RUN, "-60"],
        ["open", RUN, "\u0661\u0660"],
        ["open", RUN, "60", "x"],
        ["open", "x", "60"],
        ["undo"],
        ["undo", "../x"],
        ["undo", RUN, "why", "x"],
        ["close", RUN],
    ],
)
def test_wrong_words_are_answered_with_the_right_ones(host, words):
    assert hold(host, words, host.said.append) == MISUSED and "hold open TOKEN" in host.said[0]
    assert host.holders == {} and not host.tree.private
