# SPDX-License-Identifier: GPL-3.0-or-later
"""Undone, the reconciler is as it was; killed anywhere, it is led back or on."""

from __future__ import annotations

import copy
import json
from unittest import mock

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import DIRECTORY
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._model.journal_entry import parse_entry
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import parse_undo
from ansible_collections.kvm.vnic.plugins.module_utils._resource.reconciler import Reconciler
from ansible_collections.kvm.vnic.plugins.module_utils._resource.registry import JOURNALLED
from ansible_collections.kvm.vnic.tests.unit.memory_host.fuse import Fuse, Killed, set_fuse
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.reconciler_case import (
    BRIDGE,
    DESIRED,
    FILES,
    PYTHON,
    RULES,
    make_host,
    observable,
    run,
)

OTHER = {"bridge": {"bridges": [{"name": "br1"}]}, "vlan": {"vlans": []}}
BEFORE = {
    "nothing": None,
    "the same": {"resources": BRIDGE},
    "another wish": {"resources": OTHER, "interval": 60, "unmanaged": ["0000:03:10.2"]},
    "no timer": {"resources": {}, "interval": 0},
}
WISHES = {
    "kept": {"resources": BRIDGE},
    "no timer": {"resources": BRIDGE, "interval": 0},
    "removed": {"state": "absent"},
}


def prepared(before):
    host = make_host()
    if BEFORE[before] is not None:
        assert not run(host, **BEFORE[before])["failed"]
    return host


def entries(host):
    return sorted(path for path in host.tree.private if path.startswith(DIRECTORY + "/0"))


def last_undo(host):
    return parse_undo(parse_entry(host.tree.private[entries(host)[-1]]).undo)


def lead_back(host, undo):
    with mock.patch("sys.executable", PYTHON):
        converge(JOURNALLED["reconciler"](), undo.params, host, Consent(undo.consents), MemoryJournal())


def without_the_engine(host):
    files, *rest = observable(host)
    return [{path: file for path, file in files.items() if path in FILES}, *rest]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("wish", WISHES)
def test_undone_it_is_as_it_was(before, wish):
    host = prepared(before)
    there, earlier = observable(host), entries(host)
    assert not run(host, **WISHES[wish])["failed"]
    if entries(host) == earlier:
        return  # nothing differed
    undo = last_undo(host)
    if WISHES[wish].get("state") == "absent":
        host.tree.contents["/usr/local/libexec/kvm-vnic.pyz"] = "PK"  # what undoes this carries it
        there[0]["/usr/local/libexec/kvm-vnic.pyz"] = ("PK", 0o755)
    lead_back(host, undo)
    assert observable(host) == there and undo.uncovered == ()


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("refusal", [None, ApplyFailed("a write", "EIO")], ids=["killed", "refused"])
def test_killed_or_refused_at_each_write_it_is_led_back_and_on(before, wish, refusal):
    whole = prepared(before)
    start = without_the_engine(whole)
    run(whole, **WISHES[wish])
    finished = observable(whole)
    writes = 0
    while True:
        host = prepared(before)
        earlier = len(entries(host))
        set_fuse(host, Fuse(writes, refusal))
        try:
            result = run(host, **WISHES[wish])
        except Killed:
            pass
        else:
            if not result["failed"]:
                break
        set_fuse(host, Fuse(-1))
        host.lock.holder = ""
        if len(entries(host)) > earlier:
            back, undo = copy.deepcopy(host), last_undo(host)
            back.tree.contents.setdefault("/usr/local/libexec/kvm-vnic.pyz", "PK")
            lead_back(back, undo)
            assert without_the_engine(back) == start, writes
        assert not run(host, **WISHES[wish])["failed"]
        assert observable(host) == finished, writes
        writes += 1
    assert (writes > 1) == (finished != observable(prepared(before)))


def test_what_was_changed_by_hand_is_told_not_to_come_back():
    host = prepared("the same")
    host.tree.contents[RULES] += "# mine\n"
    host.systemd_memory.enabled.discard("kvm-vnic-guests.timer")
    run(host, resources=OTHER)
    undo = last_undo(host)
    assert undo.uncovered == (
        "content of /etc/udev/rules.d/90-kvm-vnic.rules was another version, and will be present",
        "enabled of kvm-vnic-guests.timer was False, and will be True",
    )


def test_a_new_engine_is_told_to_stay():
    host = prepared("the same")
    run(host, archive=b"PKnew", resources=BRIDGE)
    (sentence,) = last_undo(host).uncovered
    assert sentence.startswith("/usr/local/libexec/kvm-vnic.pyz stays in its new version")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "no JSON"),
        ('{"schema": 99}', "newer version"),
        ('{"schema": 1, "saved": "", "resources": {"bridge": 1}}', "bridge"),
    ],
)
def test_a_desired_state_that_cannot_be_read_is_replaced_and_cannot_come_back(text, why):
    host = prepared("the same")
    host.tree.private[DESIRED] = text
    result = run(host, resources=BRIDGE)
    assert why in result["actions"][0]["before"]
    undo = last_undo(host)
    assert undo.params is None and why in undo.uncovered[0]
    assert json.loads(host.tree.private[DESIRED])["resources"]


def test_what_is_kept_can_be_removed_even_if_it_cannot_be_read():
    host = prepared("the same")
    host.tree.private[DESIRED] = "{"
    assert not run(host, state="absent")["failed"] and DESIRED not in host.tree.private


def test_the_host_itself_takes_its_engine_as_it_is():
    host = prepared("the same")
    del host.tree.contents["/usr/local/libexec/kvm-vnic.pyz"]
    desired = Reconciler(python=PYTHON).validate({"state": "present", "resources": {}}, host)
    resource = Reconciler(python=PYTHON)
    (problem,) = resource.missing(desired, resource.observe(host, desired))
    assert "kvm-vnic.pyz, which is gone" in str(problem)
