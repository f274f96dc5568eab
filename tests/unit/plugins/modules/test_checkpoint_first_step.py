# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from its token to its first change: who changes nothing starts nothing, and who changes something is guarded first."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine import opened
from ansible_collections.kvm.vnic.plugins.module_utils._engine.checkpoint_service import UNIT
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY, LOCK, PASS_OWNER, STEP
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import CONFIRMED, OPEN, UNDONE
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict
from ansible_collections.kvm.vnic.tests.unit.memory_host.guarded import RECORD
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.test_checkpoint import OTHER, stage

__all__ = ["stage"]
NOTE = "/run/kvm-vnic/opened"


def begin(stage, **params):
    result = stage("opened", **params)
    assert not result["failed"], result
    return result["run"]


def there(stage):
    stage.host.kernel.add("br0", kind="bridge", up=True, alias="kvm.vnic")
    assert not stage.step("")["changed"]


def test_a_run_without_changes_starts_nothing_and_writes_only_its_token(stage):
    there(stage)
    run = begin(stage, confirm_within=30)
    for check in (False, True):
        result = stage.step(run, check=check)
        assert not result["failed"] and not result["changed"]
    assert stage.step(run, name="br1", check=True)["changed"]
    for state in ("confirmed", "undone"):
        result = stage(state, run=run)
        assert not result["failed"] and not result["changed"] and result["run"] == run and result["former"] == {}
        assert len(result["told"]) == 1 and "the run changed nothing" in result["told"][0]
    assert stage.host.tree.private_writes == [("write", "opened")] and list(stage.host.tree.private) == [NOTE]
    assert not stage.host.services.started and stage.untouched()
    stage.host.clock.sleep(1000)
    assert begin(stage) != run and stage("opened")["former"] == {}


def test_the_first_step_that_changes_something_has_the_run_guarded_first(stage):
    there(stage)
    run, seen = begin(stage, confirm_within=30), []
    stage.step(run)
    assert not stage.host.services.started
    write = stage.host.tree._write_private

    def watched(base, below, name, text):
        if name.endswith(".open"):
            seen.append((stage.host.record.state, json.loads(stage.host.run_lock().held_by())["run"]))
        write(base, below, name, text)

    stage.host.tree._write_private = watched
    assert stage.step(run, name="br1")["changed"] and seen == [(OPEN, run)]
    assert (stage.host.record.run, stage.host.record.confirm_within) == (run, 30)
    assert stage.step(run, name="br2")["changed"] and len(stage.host.services.started) == 1
    stage.host.clock.sleep(20)
    assert not stage("confirmed", run=run)["failed"] and stage.host.record.state == CONFIRMED
    assert stage.host.record.steps == 2


def test_not_confirmed_within_the_time_that_it_was_opened_with_it_is_undone(stage):
    run = begin(stage, confirm_within=30)
    stage.host.clock.sleep(500)  # nothing is counted before there is something to undo
    assert stage.step(run)["changed"]
    stage.host.clock.sleep(28)
    assert stage.host.record.state == OPEN
    stage.host.clock.sleep(5)
    assert stage.host.record.state == UNDONE and "within 30 s" in stage.host.record.why


def test_a_later_opening_takes_the_place_of_a_run_that_changed_nothing(stage):
    first = begin(stage)
    second = begin(stage)
    result = stage.step(first)
    assert result["failed"] and "the run %s is not open on this host, nothing was written" % first in result["msg"]
    for state in ("confirmed", "undone"):
        assert stage(state, run=first)["failed"]
    assert stage.untouched() and stage.step(second)["changed"] and stage.host.record.run == second


def test_opened_anew_while_its_first_step_is_about_to_change_something_nothing_is_changed(stage, monkeypatch):
    first, arm = begin(stage), opened.arm

    def late(host, run):
        begin(stage)
        arm(host, run)

    monkeypatch.setattr(opened, "arm", late)
    result = stage.step(first)
    assert result["failed"] and result["error_kind"] == "conflict" and first in result["msg"] and stage.untouched()


def test_after_a_boot_nothing_is_known_of_it(stage):
    run = begin(stage)
    del stage.host.tree.private[NOTE]
    result = stage.step(run)
    assert result["failed"] and "the run %s is not open on this host" % run in result["msg"] and stage.untouched()
    for state in ("confirmed", "undone"):
        result = stage(state, run=run)
        assert result["failed"] and run in result["msg"] and "no run was" in result["msg"]


def test_after_the_boot_of_a_run_that_had_changed_something_it_is_none_that_changed_nothing(stage):
    run = begin(stage)
    assert stage.step(run)["changed"]
    stage.kill()
    for path in (NOTE, LOCK, STEP):
        stage.host.tree.private.pop(path, None)
    assert "was cut off" in stage.step(run, name="br1")["msg"]
    result = stage("opened")
    assert result["changed"] and result["former"]["run"] == run and result["former"]["state"] == UNDONE


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"run": 1, "confirm_within": 60}', '{"run": "%s"}' % OTHER])
def test_a_note_that_says_nothing_opens_nothing(stage, text):
    begin(stage)
    stage.host.tree.private[NOTE] = text
    assert "is not open on this host" in stage.step(OTHER)["msg"] and stage.untouched()


def test_two_first_steps_at_once_have_one_service(stage):
    run, host, results = begin(stage), stage.host, []
    steps = [host.clock.start("step", lambda: opened.arm(host, run)) for _number in range(3)]
    host.clock.start("slow", lambda: results.append(opened.arm(host, run)))
    for step in steps:
        host.clock.finish(step)
    assert results == [None] and len(host.services.started) == 1 and host.record.run == run
    assert stage.step(run)["changed"] and not stage("confirmed", run=run)["failed"]


def test_two_first_steps_while_another_has_the_host_both_wait(stage):
    run, host = begin(stage), stage.host

    def module():
        lock = host.run_lock()
        lock.take(json.dumps({"module": "kvm.vnic.macvtap"}), 0)
        host.clock.sleep(40)
        lock.release()

    host.clock.start("module", module)
    host.clock.sleep(1)
    steps = [host.clock.start("step", lambda: opened.arm(host, run)) for _number in range(2)]
    for step in steps:
        host.clock.finish(step)
    assert len(host.services.started) == 1 and 40 <= host.clock.now < 50 and host.record.run == run


def test_a_pass_of_the_reconciler_is_waited_for_longer_than_a_run(stage):
    host = stage.host

    def reconcile():
        lock = host.run_lock()
        lock.take(json.dumps({"module": PASS_OWNER}), 0)
        host.clock.sleep(200)
        lock.release()

    run = begin(stage)
    host.clock.start("pass", reconcile)
    host.clock.sleep(1)
    assert stage.step(run)["changed"] and 200 <= host.clock.now < 210


@pytest.mark.parametrize("owner, seconds", [(PASS_OWNER, 200), ("kvm.vnic.bridge", 5)])
def test_what_another_did_while_it_was_waited_for_is_neither_done_again_nor_guarded(stage, owner, seconds):
    host = stage.host

    def other():
        lock = host.run_lock()
        lock.take(json.dumps({"module": owner}), 0)
        host.clock.sleep(seconds)
        host.kernel.add("br0", kind="bridge", up=True, alias="kvm.vnic")
        lock.release()

    run = begin(stage)
    host.clock.start("other", other)
    host.clock.sleep(1)
    result = stage.step(run)
    assert not result["failed"] and not result["changed"] and host.clock.now >= seconds
    assert not host.services.started and stage.untouched() and not stage("confirmed", run=run)["failed"]


def test_a_run_that_has_ended_is_not_begun_again_by_a_step_that_comes_late(stage):
    """It saw that the run had changed nothing; then another step armed it, and it was confirmed."""
    run = begin(stage)
    assert stage.step(run)["changed"] and not stage("confirmed", run=run)["failed"]
    stage.host.clock.sleep(2)
    opened.arm(stage.host, run)
    stage.host.clock.sleep(5)
    assert stage.host.record.state == CONFIRMED and stage.host.holders == {}
    assert stage.host.services.units[UNIT].result == 1 and "was confirmed" in stage.host.said[-1]
    result = stage.step(run, name="br1")
    assert result["failed"] and "has ended (confirmed)" in result["msg"]


def test_a_run_that_only_ends_an_earlier_one_is_not_guarded(stage):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.host.journal, "move", lambda moves, gone: None)  # it was cut off before it could close
        stage.step("")
    names = [path for path in stage.host.tree.private if path.startswith(DIRECTORY)]
    assert len(names) == 1 and names[0].endswith(".open")
    run = begin(stage)
    result = stage.step(run)
    assert not result["failed"] and not result["changed"] and not stage.host.services.started
    assert [path for path in stage.host.tree.private if path.startswith(DIRECTORY)] == [names[0][:-4] + "done"]
    assert RECORD not in stage.host.tree.private and STEP not in stage.host.tree.private
    assert not stage("confirmed", run=run)["changed"]


def test_what_others_changed_while_it_took_the_lock_is_not_written_unguarded(stage):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage.host.journal, "move", lambda moves, gone: None)
        stage.step("")
    run, run_lock = begin(stage), stage.host.run_lock

    def late():
        stage.host.kernel.links.pop("br0", None)
        lock = run_lock()
        lock.take(json.dumps({"module": "kvm.vnic.macvtap"}), 0)
        lock.release()
        return run_lock()

    before = len(stage.host.writes())
    stage.host.run_lock = late
    result = stage.step(run)
    assert result["failed"] and "run again" in result["msg"] and len(stage.host.writes()) == before
    stage.host.run_lock = run_lock
    assert stage.step(run)["changed"] and stage.host.record.run == run


def test_the_note_names_the_last_one_only(stage):
    run = begin(stage, confirm_within=30)
    assert opened.read_opened(stage.host) == opened.Opened(run, 30)
    assert opened.is_new(stage.host, run, None) and not opened.is_new(stage.host, run, run)
    assert not opened.is_new(stage.host, "", None) and not opened.is_new(stage.host, OTHER, None)
    with pytest.raises(Conflict, match=OTHER):
        opened.arm(stage.host, OTHER)
