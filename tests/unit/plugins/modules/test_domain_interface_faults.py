# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MAC,
    UUID2,
    define,
    fields,
    hypervisor,
    nic,
    nics,
    run,
    run_all,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import guest_xml


@pytest.fixture
def host():
    return hypervisor()


def test_libvirt_down_is_reported_and_nothing_lost(host):
    host.libvirt.running = False
    result = run(host, BRIDGE)
    assert result["failed"] and result["error_kind"] == "apply" and "Failed to connect socket" in result["msg"]
    assert not run_all(host)["failed"]


def test_libvirts_own_words_are_kept_and_other_guests_go_on(host):
    define(host, "db1", UUID2, running=True)
    host.libvirt.start("web1")
    host.libvirt.failures["attach", "web1"] = "internal error: unable to execute QEMU command 'netdev_add'"
    second = dict(BRIDGE, mac="52:54:00:00:00:bb")
    result = run_all(host, {"name": "web1", "interfaces": [BRIDGE]}, {"name": "db1", "interfaces": [second]})
    assert result["failed"] and "netdev_add" in result["msg"]
    assert [(one["target"], one["status"]) for one in result["results"]] == [
        ("web1/front", "failed"),
        ("db1/front", "done"),
        ("web1/front", "failed"),
        ("db1/front", "done"),
    ]
    assert nic(host, "live", name="db1") is not None


def test_a_guest_redefined_between_reading_and_defining_is_left_alone(host):
    run(host, BRIDGE)

    def edit(verb, name):
        if verb == "define":
            host.libvirt.put(
                "web1",
                persistent_xml=host.libvirt.get("web1").persistent_xml.replace("<vcpu", "<title>new</title><vcpu"),
            )

    host.libvirt.on_call = edit
    result = run(host, dict(BRIDGE, mac="52:54:00:00:00:bb"))
    assert result["failed"] and "somebody else" in result["msg"]
    assert "<title>new</title>" in host.libvirt.get("web1").persistent_xml and nic(host, "persistent").mac == MAC


def test_a_nic_edited_by_somebody_else_between_plan_and_write_is_left_alone(host):
    define(host, "db1", UUID2)
    run(host, BRIDGE)

    def edit(verb, name):
        if name == "db1":
            host.libvirt.put(
                "web1",
                persistent_xml=host.libvirt.get("web1")
                .persistent_xml.replace("'vhost'", "'qemu'")
                .replace('"vhost"', '"qemu"'),
            )

    host.libvirt.on_call = edit
    other = dict(BRIDGE, mac="52:54:00:00:00:bb")
    result = run_all(
        host, {"name": "db1", "interfaces": [other]}, {"name": "web1", "interfaces": [dict(BRIDGE, queues=2)]}
    )
    assert (
        result["failed"] and "changed by somebody else" in result["msg"] and nic(host, "persistent").backend == "qemu"
    )


class Killed(BaseException):
    pass


@pytest.mark.parametrize(
    "wish, consent",
    [
        (BRIDGE, []),
        (dict(BRIDGE, queues=2), ["replug:web1/front"]),
        ({"name": "front", "state": "absent"}, ["unplug:web1/front"]),
    ],
)
@pytest.mark.parametrize("kill_at", [1, 2, 3])
def test_killed_before_any_write_the_next_run_ends_where_it_would_have_ended(host, wish, consent, kill_at):
    host.libvirt.start("web1")
    if wish is not BRIDGE:
        run(host, BRIDGE)
    count = []

    def kill(verb, name):
        count.append(verb)
        if len(count) == kill_at:
            raise Killed()

    host.libvirt.on_call = kill
    try:
        run(host, wish, consent=consent)
    except Killed:
        pass
    host.libvirt.on_call = lambda verb, name: None
    assert not run(host, wish, consent=consent)["failed"]
    final = run(host, wish, consent=consent)
    assert not final["changed"] and final["pending"] == []
    expected = 0 if wish.get("state") else 1
    assert len(nics(host, "live")) == len(nics(host, "persistent")) == expected


def test_a_transient_guest_has_only_its_running_nics(host):
    host.libvirt.define("brief", UUID2, guest_xml("brief", UUID2), None)
    wish = {"name": "brief", "interfaces": [BRIDGE]}
    assert fields(run_all(host, wish)) == [("brief/front", "live")]
    assert not run_all(host, wish)["changed"]
    changed = {"name": "brief", "interfaces": [dict(BRIDGE, queues=2)]}
    assert "replug:brief/front" in run_all(host, changed)["msg"]
    result = run_all(host, changed, consent=["replug:brief/front"])
    assert not result["failed"] and nic(host, "live", name="brief").queues == 2
    assert not run_all(host, changed)["changed"]


def test_the_diff_shows_interfaces_only(host):
    result = run(host, BRIDGE, diff=True)
    assert MAC in result["diff"]["after"] and MAC not in result["diff"]["before"]
    assert "qcow2" not in result["diff"]["after"]
