# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that nobody guards any more, undone by a pass at boot, in one go or in two."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.checkpoint_file import Unreadable
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import LOCK, STEP
from ansible_collections.kvm.vnic.plugins.module_utils._engine.undo_run import resume
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import (
    CONFIRMED,
    OPEN,
    UNDO_FAILED,
    UNDOING,
    UNDONE,
    CheckpointRecord,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import RunInProgress
from ansible_collections.kvm.vnic.tests.unit.memory_host.guarded import RECORD, GuardedHost

RUN = "a0" * 8
HOSTS = {"sriov": None, "bridge": None}


@pytest.fixture
def host():
    found = GuardedHost()
    found.run_lock().take("{}", 0)  # of the pass
    yield found
    found.clock.close()


def put(host, state, **more):
    host.tree.private[RECORD] = CheckpointRecord(RUN, state, "d", 60, **more).to_text()


def again(host, kinds=None):
    return resume(host, kinds, host.said.append, host.roll_back)


@pytest.mark.parametrize("state", [CONFIRMED, UNDONE, UNDO_FAILED])
def test_a_run_that_has_ended_is_left_alone(host, state):
    assert again(host) is None
    put(host, state)
    host.journal_step(RUN)
    assert again(host) is None and host.led_back == [] and host.tree.private_writes == []


@pytest.mark.parametrize("state", [OPEN, UNDOING])
def test_one_that_was_cut_off_is_undone_and_told_of(host, state):
    put(host, state)
    host.journal_step(RUN, "sriov")
    host.journal_step(RUN, "domain_interface", state="open")
    assert again(host) == host.record and host.record.state == UNDONE and host.led_back == [2, 1]
    assert "was neither confirmed nor undone when the service that guarded it ended" in host.record.why
    assert host.said[0].startswith("undoing the run " + RUN) and STEP not in host.holders and LOCK in host.holders


def test_the_hosts_side_first_and_the_rest_when_libvirt_is_there(host):
    put(host, OPEN)
    host.journal_step(RUN, "sriov", uncovered=["x"])
    host.journal_step(RUN, "domain_interface", uncovered=["y"])
    assert again(host, HOSTS).state == UNDOING and host.led_back == [1]
    assert again(host).state == UNDONE and host.led_back == [1, 2]
    assert host.record.told == ("sriov: not covered: x", "domain_interface: not covered: y")


def test_all_of_it_was_the_hosts_side(host):
    put(host, OPEN)
    host.journal_step(RUN, "sriov")
    assert again(host, HOSTS).state == UNDONE


def test_what_fails_before_libvirt_is_tried_once_more_with_it(host):
    put(host, OPEN)
    host.journal_step(RUN, "sriov")
    host.broken = {"sriov"}
    assert again(host, HOSTS).state == UNDOING
    assert again(host).state == UNDO_FAILED and "NOT undone" in " ".join(host.record.told)
    assert again(host) is None  # loud and once: who looks at it undoes it by name


def test_an_entry_that_stays_is_told(host, monkeypatch):
    put(host, OPEN)
    host.journal_step(RUN)
    monkeypatch.setattr(host.journal, "move", lambda moves, gone: None)
    assert again(host).state == UNDO_FAILED and "1 steps of the run are left" in host.said[-1]


def test_a_step_that_still_writes_is_waited_for(host):
    put(host, OPEN)
    step = host.run_step(RUN, 100)
    host.clock.sleep(1)
    assert again(host).state == UNDONE and step.ended
    put(host, OPEN)
    host.run_step(RUN, 100000)
    host.clock.sleep(1)
    with pytest.raises(RunInProgress):
        again(host)
    assert host.record.state == OPEN


def test_a_record_that_cannot_be_read_is_told_and_undoes_nothing(host):
    host.tree.private[RECORD] = "{"
    host.journal_step(RUN)
    with pytest.raises(Unreadable, match="look at the host"):
        again(host)
    assert host.led_back == []


def test_nothing_to_do_at_boot_writes_nothing(host):
    put(host, CONFIRMED)
    again(host)
    assert host.tree.private_writes == [] and STEP not in host.tree.private
