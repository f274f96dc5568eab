# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import CheckpointRecord
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_hook import HOOK_TEXT
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_rules import rules_text
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_units import unit_texts
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.reconciler_case import (
    BRIDGE,
    DESIRED,
    ENGINE,
    FILES,
    HOOK,
    PYTHON,
    RULES,
    UNITS,
    everything_written,
    make_host,
    observable,
    run,
    settled,
    told,
)

TIMER = "/etc/systemd/system/kvm-vnic-guests.timer"


@pytest.fixture
def host():
    return make_host()


@pytest.fixture
def kept(host):
    """A host that is kept at BRIDGE."""
    assert not run(host, resources=BRIDGE)["failed"]
    return host


def test_everything_is_put_in_place_in_an_order_that_starts_nothing_half(host):
    result = run(host, resources=BRIDGE, diff=True)
    assert told(result) == [
        ("kvm-vnic.pyz", "content", "absent", "present"),
        ("desired state", "desired.json", "absent", "present"),
        ("desired state", "bridge", None, json.loads(host.tree.private[DESIRED])["resources"]["bridge"]),
        *[(name, "content", "absent", "present") for name in UNITS],
        ("kvm-vnic-guests", "content", "absent", "present"),
        ("90-kvm-vnic.rules", "content", "absent", "present"),
        ("kvm-vnic-host.service", "enabled", False, True),
        ("kvm-vnic-guests.service", "enabled", False, True),
        ("kvm-vnic-guests.path", "enabled", False, True),
        ("kvm-vnic-guests.path", "active", False, True),
        ("kvm-vnic-guests.timer", "enabled", False, True),
        ("kvm-vnic-guests.timer", "active", False, True),
    ]
    contents, modes = host.tree.contents, host.tree.modes
    assert {path: modes[path] for path in [ENGINE, *FILES]} == dict(
        dict.fromkeys(FILES, 0o644), **{HOOK: 0o755, ENGINE: 0o755}
    )
    assert contents[ENGINE].encode("utf-8", "surrogateescape") == b"PK\xffengine"
    assert contents[HOOK] == HOOK_TEXT and contents[RULES] == rules_text(())
    assert {name: contents["/etc/systemd/system/" + name] for name in UNITS} == unit_texts(PYTHON, 900)
    saved = json.loads(host.tree.private[DESIRED])
    assert saved["schema"] == 1 and saved["resources"]["bridge"]["bridges"][0]["name"] == "br0"
    assert host.systemd_memory.writes == [
        ("daemon-reload",),
        ("udevadm", "control", "--reload"),
        ("start", "kvm-vnic-guests.path", "kvm-vnic-guests.timer"),
        ("enable", *UNITS),
    ]
    assert (
        result["kept"] == ["bridge"]
        and result["notes"] == result["pending"] == []
        and result["hook_installed"] is False
    )
    assert json.loads(result["diff"]["after"])["files"][HOOK] == HOOK_TEXT
    settled(host, resources=BRIDGE)


def test_check_mode_writes_nothing_and_tells_the_same(host):
    foreseen = run(host, resources=BRIDGE, check=True, diff=True)
    assert everything_written(host) == [] and host.tree.private == {}
    assert told(foreseen) == told(run(host, resources=BRIDGE, diff=True))
    before = observable(host)
    assert told(run(host, state="absent", check=True)) and observable(host) == before


def test_one_kind_that_differs_is_saved_and_nothing_else_touched(kept):
    before = dict(kept.tree.contents)
    result = run(kept, resources={"bridge": {"bridges": [{"name": "br1"}]}, "vlan": {}})
    assert [(target, field) for target, field, _before, _after in told(result)] == [
        ("desired state", "bridge"),
        ("desired state", "vlan"),
    ]
    assert kept.tree.contents == before and result["kept"] == ["bridge", "vlan"]
    settled(kept, resources={"bridge": {"bridges": [{"name": "br1"}]}, "vlan": {}})


def test_removal_leaves_nothing_behind(kept):
    kept.tree.contents["/run/kvm-vnic/wanted"] = ""
    kept.systemd_memory.failed.add("kvm-vnic-guests.service")
    result = run(kept, state="absent")
    assert [step[:2] for step in told(result)][:2] == [
        ("kvm-vnic-host.service", "enabled"),
        ("kvm-vnic-guests.service", "enabled"),
    ]
    assert told(result)[-1] == ("kvm-vnic.pyz", "content", "present", "absent")
    files, resources, *systemd = observable(kept)
    assert (files, resources, systemd) == ({}, None, [set(), set(), {}]) and kept.systemd_memory.failed == set()
    settled(kept, state="absent")


def test_services_are_not_stopped_because_one_may_be_what_runs_this(kept):
    run(kept, state="absent")
    stopped = [call for call in kept.systemd_memory.writes if call[0] == "stop"]
    assert stopped == [("stop", "kvm-vnic-guests.path", "kvm-vnic-guests.timer")]


@pytest.mark.parametrize(
    ("state", "stays"), [("open", True), ("undoing", True), ("confirmed", False), ("neither", True)]
)
def test_the_engine_stays_while_a_run_is_open_that_it_carries(kept, state, stays):
    text = CheckpointRecord("a123456789abcdef", state, "2026-01-02T03:04:05Z", 600).to_text()
    kept.tree.private["/var/lib/kvm-vnic/checkpoint.json"] = text
    result = run(kept, state="absent")
    assert not result["failed"] and (ENGINE in kept.tree.contents) == stays
    assert [note.partition(" ")[0] for note in result["notes"]] == [ENGINE] * stays


def test_a_newer_engine_and_an_older_one_are_replaced(kept):
    assert told(run(kept, archive=b"PKnew", resources=BRIDGE)) == [
        ("kvm-vnic.pyz", "content", "another version", "present")
    ]
    assert kept.tree.contents[ENGINE] == "PKnew"
    kept.tree.modes[ENGINE] = 0o777
    assert told(run(kept, archive=b"PKnew", resources=BRIDGE)) == [
        ("kvm-vnic.pyz", "content", "another version", "present")
    ]
    assert kept.tree.modes[ENGINE] == 0o755


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("damage", ["text", "mode", "gone"])
def test_what_others_did_to_a_file_is_put_right(kept, path, damage):
    if damage == "text":
        kept.tree.contents[path] += 'RUN+="/bin/evil"\n'
    elif damage == "mode":
        kept.tree.modes[path] = 0o666 if path != HOOK else 0o644
    else:
        del kept.tree.contents[path]
    good = run(kept, resources=BRIDGE)
    assert (path.rpartition("/")[2], "content") in [step[:2] for step in told(good)]
    assert kept.tree.modes[path] == (0o755 if path == HOOK else 0o644)
    settled(kept, resources=BRIDGE)


def test_systemd_reads_files_again_that_a_run_put_there_before_it_was_killed(kept):
    changed = kept.tree.contents[TIMER]
    kept.systemd_memory.known["kvm-vnic-guests.timer"] = "of before"
    assert told(run(kept, resources=BRIDGE)) == [("systemd", "unit files", "of before", "as they are")]
    assert kept.systemd_memory.known["kvm-vnic-guests.timer"] == changed
    settled(kept, resources=BRIDGE)


def test_a_new_interval_reaches_the_timer_that_runs(kept):
    kept.systemd_memory.writes.clear()
    assert told(run(kept, resources=BRIDGE, interval=60)) == [
        ("kvm-vnic-guests.timer", "content", "another version", "present")
    ]
    assert "OnUnitInactiveSec=60\n" in kept.tree.contents[TIMER]
    assert kept.systemd_memory.writes == [
        ("daemon-reload",),
        ("stop", "kvm-vnic-guests.timer"),
        ("start", "kvm-vnic-guests.timer"),
    ]
    settled(kept, resources=BRIDGE, interval=60)


def test_without_an_interval_there_is_no_timer(kept):
    result = run(kept, resources=BRIDGE, interval=0)
    assert [step[:2] for step in told(result)] == [(UNITS[3], "active"), (UNITS[3], "enabled"), (UNITS[3], "content")]
    assert TIMER not in kept.tree.contents
    assert not {UNITS[3]} & (kept.systemd_memory.enabled | kept.systemd_memory.active)
    settled(kept, resources=BRIDGE, interval=0)


def guests(*sources, **more):
    nics = [dict(more, name="n%d" % place, type="hostdev", source=source) for place, source in enumerate(sources)]
    return {"domain_interface": {"domains": [{"name": "$(id)", "interfaces": nics}]}}


def test_network_managers_are_kept_off_the_vfs_of_guests(host):
    card = MemoryCard(host)
    run(host, resources=guests({"pf": card.name, "index": 1}, {"pci": "0000:AB:10.0"}))
    address = host.pci.vf_addresses(card.pci).get(1) or host.pci.future_vf_address(card.pci, 1)
    rules = host.tree.contents[RULES]
    assert rules == rules_text(sorted([address, "0000:ab:10.0"])) and "id)" not in rules


def test_stated_vfs_take_the_place_of_those_of_guests(host):
    run(host, resources=guests({"pci": "0000:ab:10.0"}), unmanaged=["0000:03:10.2"])
    assert host.tree.contents[RULES] == rules_text(["0000:03:10.2"])
    settled(host, resources=guests({"pci": "0000:ab:10.0"}), unmanaged=["0000:03:10.2"])


def test_a_vf_whose_place_is_not_known_is_told_of(host):
    result = run(host, resources=guests({"pf": "enp9s0", "index": 3}))
    assert not result["failed"] and result["notes"] == [
        "network managers are not kept off virtual function enp9s0#3: it is not known where it will be"
    ]


def test_who_manages_a_device_is_told(host):
    host.tree.contents["/sys/class/net/br0/ifindex"] = "7"
    host.tree.contents["/run/systemd/netif/links/7"] = (
        "ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/x.network\n"
    )
    assert run(host, resources=BRIDGE)["notes"] == [
        "br0 is managed by systemd-networkd through /etc/systemd/network/x.network, which may set it back. State the same there, or "
        "Unmanaged=yes in its section [Link]."
    ]


def test_libvirt_that_runs_since_before_the_hook_is_told_of(host, monkeypatch):
    host.tree.contents.update({"/run/libvirtd.pid": "42", "/proc/42/comm": "libvirtd"})
    times = {"/run/libvirtd.pid": 5, HOOK: 9}
    plain = host.tree._stat
    monkeypatch.setattr(host.tree, "_stat", lambda path: dict(plain(path), mtime_ns=times.get(path, 0)))
    assert run(host, resources=BRIDGE)["hook_installed"] is True
    host.tree.contents["/etc/libvirt/hooks/qemu.d/kvm-vnic-ovs"] = "#!/bin/sh\n"  # one that it found when it started
    assert run(host, resources=BRIDGE)["hook_installed"] is False
