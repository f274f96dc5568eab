# SPDX-License-Identifier: GPL-3.0-or-later
"""A pass of the reconciler on a host in memory."""

from __future__ import annotations

import json
import sys
from unittest import mock

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine import interrupted, kept_kind
from ansible_collections.kvm.vnic.plugins.module_utils._engine.reconcile import ROUNDS, Pass
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import CheckpointRecord
from ansible_collections.kvm.vnic.plugins.module_utils._model.desired_state import DesiredState
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._model.journal_entry import JournalEntry
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_units import WANTED
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import Undo
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

SAVED = "2026-01-01T00:00:00Z"
DESIRED = "/var/lib/kvm-vnic/desired.json"
RECORD = "/var/lib/kvm-vnic/checkpoint.json"
HEALED = "/run/kvm-vnic/healed.json"
BRIDGE = {"name": "br0", "mtu": 9000, "stp": False, "forward_delay": 0, "ports": ["enp1s0"]}
WISH = {"bridge": {"bridges": [BRIDGE]}}


class Hypervisor(MemoryHost):
    """``lines``: what passes said."""

    def __init__(self, **resources):
        super().__init__()
        self.lines, self.settled = [], 0
        self.on_settle = lambda: None
        self.commands.tools["udevadm"] = self._udevadm
        self.kernel.add("enp1s0", up=True)
        self.keep(resources)

    def _udevadm(self, argv, stdin):
        assert argv == ["udevadm", "settle", "--timeout=30"]
        self.settled += 1
        self.on_settle()

    def keep(self, resources):
        self.tree.private[DESIRED] = DesiredState(SAVED, resources).to_text()

    def run_pass(self, before_guests=False):
        """Whether all was well; ``lines`` are those of this pass alone."""
        del self.lines[:]
        well = Pass(self, self.lines.append, before_guests).run()
        print("\n".join(self.lines))  # shown when a test fails
        return well

    def told(self, *words):
        return [line for line in self.lines if all(word in line for word in words)]

    def drift(self):
        self.kernel.links["br0"]["mtu"] = 1500


@pytest.fixture
def host():
    host = Hypervisor(**WISH)
    assert host.run_pass()
    host.clock.now += 7200
    host.settled = 0
    return host


def all_writes(host):
    return host.writes() + host.tree.private_writes


def test_a_host_without_a_kept_state_is_left_alone():
    host = Hypervisor()
    del host.tree.private[DESIRED]
    assert host.run_pass() and host.told("nothing is kept")
    assert all_writes(host) == []


def test_what_differs_is_put_right_and_told_with_its_reason(host):
    host.drift()
    assert host.run_pass()
    assert host.kernel.links["br0"]["mtu"] == 9000
    assert host.told("bridge: mtu of br0 from 1500 to 9000 (")
    assert host.lines[-1] == "bridge of what was confirmed at %s: 1 changed" % SAVED


def test_an_idle_pass_writes_nothing_and_starts_nothing(host):
    before = len(all_writes(host)), host.settled
    assert host.run_pass()
    assert (len(all_writes(host)), host.settled) == before
    assert host.lines == ["bridge of what was confirmed at %s: nothing written" % SAVED]


def test_what_is_put_right_is_in_the_journal_first(host):
    host.drift()
    host.run_pass()
    assert host.tree.private_writes[-2:] == [
        ("write", "00000002-bridge.open"),
        ("move", "00000002-bridge.open", "00000002-bridge.done"),
    ]


def test_the_lock_is_held_throughout_and_free_afterwards(host):
    host.drift()
    host.on_settle = lambda: holders.append(json.loads(host.lock.holder)["module"])
    holders = []
    host.run_pass()
    assert holders == ["the reconciler"] and host.lock.holder == ""


def test_a_run_that_is_open_keeps_the_pass_away(host):
    host.drift()
    host.tree.contents[WANTED] = ""
    host.lock.holder = '{"module": "kvm.vnic.checkpoint"}'
    before = list(host.kernel.writes)
    assert host.run_pass()
    assert host.told("kvm.vnic.checkpoint", "nothing was done")
    assert host.kernel.writes == before
    assert WANTED not in host.tree.contents  # systemd would start the next pass at once


def test_without_a_lock_nothing_is_done(host):
    host.drift()
    host.lock.refused = ApplyFailed("/run/kvm-vnic/lock", "ENOSPC (No space left on device)")
    before = list(host.kernel.writes)
    assert not host.run_pass()
    assert host.kernel.writes == before and host.told("FAILED", "ENOSPC")


def test_the_event_is_answered_and_so_are_those_of_our_own_writes(host):
    host.tree.contents[WANTED] = ""
    host.on_settle = lambda: host.tree.contents.update({WANTED: ""})
    host.drift()
    assert host.run_pass()
    assert host.settled == 1 and WANTED not in host.tree.contents


def test_an_event_that_comes_while_the_last_round_looks_is_kept(host):
    host.tree.contents[WANTED] = ""
    ip = host.commands.tools["ip"]

    def show(argv, stdin):
        host.tree.contents[WANTED] = ""
        return ip(argv, stdin)

    host.commands.tools["ip"] = show
    assert host.run_pass()
    assert WANTED in host.tree.contents


def test_one_kind_that_fails_keeps_no_other_from_its_turn(host):
    host.keep({"vlan": {"vlans": [{"name": "v1", "lower": "gone", "id": 7}], "purge": False}, **WISH})
    host.drift()
    assert not host.run_pass()
    assert host.told("FAILED: vlan", "gone") and host.kernel.links["br0"]["mtu"] == 9000
    assert host.lines[-1].endswith("1 changed; FAILED: vlan")


def test_a_mistake_of_ours_in_one_kind_keeps_no_other_from_its_turn(host):
    class Broken(Resource):
        kind = "vlan"

        def validate(self, params, host):
            raise KeyError("name")

    host.keep({"vlan": {}, **WISH})
    host.drift()
    with mock.patch.dict(kept_kind.KINDS, vlan=Broken):
        assert not host.run_pass()
    assert host.told("FAILED: vlan", "error of kvm.vnic itself", "KeyError")
    assert host.kernel.links["br0"]["mtu"] == 9000


def test_what_one_kind_needs_of_a_later_one_comes_in_the_next_round():
    host = Hypervisor(vlan={"vlans": [{"name": "v1", "lower": "br0", "id": 7}], "purge": False}, **WISH)
    assert host.run_pass()
    assert "v1" in host.kernel.links and host.told("FAILED: vlan") and "FAILED" not in host.lines[-1]


def test_rounds_end_and_do_not_start_the_next_pass(host):
    host.drift()

    def set_back():
        host.drift()
        host.tree.contents[WANTED] = ""

    host.on_settle = set_back
    assert not host.run_pass()
    assert host.settled == ROUNDS and host.told("FAILED to come to rest", "bridge")
    assert WANTED not in host.tree.contents


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("[1]", "schema"),
        ('{"schema": 99, "saved": "x", "resources": {}}', "newer version"),
        ('{"schema": 1, "saved": "x", "resources": {"bridge": 3}}', "bridge"),
    ],
)
def test_a_kept_state_that_cannot_be_understood_is_told_and_nothing_touched(host, text, words):
    host.drift()
    host.tree.private[DESIRED] = text
    before = all_writes(host)
    assert not host.run_pass()
    assert host.told("FAILED", words, "kvm.vnic.site") and all_writes(host) == before


def test_a_kind_that_is_not_known_is_told_and_the_others_are_kept(host):
    host.keep({"teleport": {}, **WISH})
    host.drift()
    assert not host.run_pass()
    assert host.told("FAILED", "teleport") and host.kernel.links["br0"]["mtu"] == 9000


def test_nothing_disruptive_is_done():
    host = Hypervisor(bridge={"bridges": [BRIDGE]})
    host.kernel.add("br-other", "bridge")
    host.kernel.links["enp1s0"]["master"] = "br-other"
    assert not host.run_pass()
    assert host.kernel.writes == [] and host.told("FAILED: bridge", "br-other")


# Before libvirt


def test_before_libvirt_it_is_never_asked_and_what_needs_guests_waits():
    targets = [{"device": "lo", "guest": "web1", "vcpu": 0, "policy": "vcpu"}]
    host = Hypervisor(
        domain_interface={"domains": [{"name": "web1", "interfaces": []}]},
        domain_pinning={"domains": [{"name": "web1", "vcpus": {"0": "1"}}]},
        irq_affinity={"targets": targets, "purge": True, "irqbalance": "leave"},
        **WISH,
    )
    asked = []
    host.libvirt._connected = lambda: asked.append("libvirt")
    assert host.run_pass(before_guests=True)
    assert asked == [] and not host.libvirt.available()
    assert host.told("bridge, irq_affinity of what")


# Runs that were cut off


TOKEN = "c0ffee0123456789"


def record(state):
    return CheckpointRecord(TOKEN, state, SAVED, 600)


def cut_off(host, kind, undo, state="open"):
    """A run that changed something of ``kind``, and was neither confirmed nor undone."""
    host.tree.private[RECORD] = record(state).to_text()
    entry = JournalEntry(TOKEN, kind, 1, "boot", "7", SAVED, {}, {}, [], TOKEN, undo.to_dict())
    host.tree.private["/var/lib/kvm-vnic/journal/00000009-%s.done" % kind] = entry.to_text()


@pytest.mark.parametrize("state", ["open", "undoing"])
def test_a_run_that_was_cut_off_is_undone_first(host, state):
    cut_off(host, "bridge", Undo({"bridges": [{"name": "br0", "mtu": 1400}]}), state)
    host.keep({})
    assert host.run_pass(before_guests=True)
    assert host.kernel.links["br0"]["mtu"] == 1400
    assert host.told("undoing the run %s" % TOKEN) and host.lines[-1].startswith("nothing of what was confirmed")
    assert json.loads(host.tree.private[RECORD])["state"] == "undone"


def test_guests_are_led_back_by_the_pass_that_has_libvirt(host):
    cut_off(host, "irq_affinity", Undo({"targets": [], "irqbalance": "leave"}))
    assert host.run_pass(before_guests=True)
    assert json.loads(host.tree.private[RECORD])["state"] == "undoing"
    assert host.run_pass()
    assert json.loads(host.tree.private[RECORD])["state"] == "undone"


def test_where_nothing_was_kept_before_the_run_that_was_cut_off_nothing_is_led_before_libvirt(host):
    cut_off(host, "reconciler", Undo({"state": "absent"}))
    host.drift()
    assert host.run_pass(before_guests=True)
    assert host.told("nothing was kept") and host.kernel.links["br0"]["mtu"] == 1500
    assert DESIRED in host.tree.private


def test_what_could_not_be_undone_is_told_and_the_kept_state_is_led_to_all_the_same(host):
    cut_off(host, "bridge", Undo({"bridges": [{"name": "br0", "ports": ["gone"]}]}))
    host.drift()
    assert not host.run_pass()
    assert json.loads(host.tree.private[RECORD])["state"] == "undo_failed"
    assert host.told("NOT undone", "gone") and host.kernel.links["br0"]["mtu"] == 9000


@pytest.mark.parametrize("state", ["confirmed", "undone", "undo_failed"])
def test_a_run_that_ended_is_none_of_a_pass(host, state):
    host.tree.private[RECORD] = record(state).to_text()
    with mock.patch.dict(sys.modules, {interrupted.__name__: None}):
        assert host.run_pass()


@pytest.mark.parametrize("before_guests", [True, False])
def test_a_record_that_cannot_be_read_is_told(host, before_guests):
    host.tree.private[RECORD] = "{"
    host.drift()
    assert not host.run_pass(before_guests)
    assert host.told("FAILED", RECORD) and host.kernel.links["br0"]["mtu"] == 9000


# Others who change it back


def heal(host, times, apart=60):
    for _time in range(times):
        host.drift()
        assert host.run_pass()
        host.clock.now += apart


def test_what_others_keep_changing_back_is_left_to_them(host):
    heal(host, 3)
    host.drift()
    with mock.patch(
        "ansible_collections.kvm.vnic.plugins.module_utils._host.network_managers.manager_of",
        lambda host, name: "%s is managed by NetworkManager: it may set it back." % name,
    ):
        assert host.run_pass()
    assert host.kernel.links["br0"]["mtu"] == 1500
    assert host.told("LEFT: bridge: mtu of br0", "3 times", "br0 is managed by NetworkManager")
    assert host.lines[-1].endswith("nothing written; 1 left to others")
    host.clock.now += 3600
    assert host.run_pass() and host.kernel.links["br0"]["mtu"] == 9000


def test_what_happens_seldom_is_no_fight(host):
    heal(host, 5, apart=1801)
    assert host.kernel.links["br0"]["mtu"] == 9000


def test_what_comes_with_each_start_of_a_guest_is_no_fight(host):
    for pid in range(5):
        host.tree.contents["/run/libvirt/qemu/web1.pid"] = str(pid)
        heal(host, 1)
        assert host.kernel.links["br0"]["mtu"] == 9000


def test_what_is_set_back_at_once_is_a_fight_too(host):
    ip = host.commands.tools["ip"]

    def reverted(argv, stdin):
        done = ip(argv, stdin)
        host.drift()
        return done

    host.drift()
    host.commands.tools["ip"] = reverted
    assert not host.run_pass() and host.told("FAILED: bridge", "does not show it")
    healed = {each["field"]: each["times"] for each in json.loads(host.tree.contents[HEALED])["healed"]}
    assert len(healed["mtu"]) == ROUNDS
    assert host.run_pass() and host.told("LEFT")
