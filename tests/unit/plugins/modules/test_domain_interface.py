# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MAC,
    MACVTAP,
    UUID2,
    VF,
    VFS,
    calls,
    define,
    fields,
    hypervisor,
    nic,
    nics,
    run,
    run_all,
    without_nics,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import guest_xml, nic_xml


@pytest.fixture
def host():
    return hypervisor()


def test_a_nic_of_a_guest_that_is_shut_off_is_defined_and_then_left_alone(host):
    before = without_nics(host.libvirt.get("web1").persistent_xml)
    result = run(host, BRIDGE)
    assert not result["failed"] and fields(result) == [("web1/front", "persistent")]
    found = nic(host, "persistent")
    assert (found.mac, found.source, found.model, found.backend) == (MAC, {"bridge": "br0"}, "virtio", "vhost")
    assert without_nics(host.libvirt.get("web1").persistent_xml) == before
    written = list(host.libvirt.writes)
    again = run(host, BRIDGE)
    assert not again["changed"] and again["actions"] == [] and host.libvirt.writes == written


def test_a_running_guest_gets_the_nic_at_once_with_the_same_mac_and_slot_as_its_definition(host):
    host.libvirt.start("web1")
    result = run(host, {key: value for key, value in BRIDGE.items() if key != "mac"})
    assert fields(result) == [("web1/front", "persistent"), ("web1/front", "live")]
    assert calls(host) == [("attach", "web1", "config"), ("attach", "web1", "live")]
    live, persistent = nic(host, "live"), nic(host, "persistent")
    assert live.mac == persistent.mac and live.address == persistent.address and live.target == "vnet0"
    assert not run(host, {key: value for key, value in BRIDGE.items() if key != "mac"})["changed"]


def test_check_mode_tells_the_same_actions_and_writes_nothing(host):
    host.libvirt.start("web1")
    checked = run(host, BRIDGE, check=True)
    assert checked["changed"] and host.libvirt.writes == []
    assert run(host, BRIDGE)["actions"] == checked["actions"]


@pytest.mark.parametrize(
    "wish, expected",
    [
        (
            MACVTAP,
            {"type": "direct", "source": {"device": "enp2s0", "mode": "bridge"}, "model": "virtio", "backend": "vhost"},
        ),
        (VF, {"type": "hostdev", "source": {"pci": VFS[1]}, "vlan": 7, "model": None, "backend": None}),
        (dict(VF, source={"pci": VFS[0]}), {"type": "hostdev", "source": {"pci": VFS[0]}}),
        (dict(BRIDGE, backend="qemu"), {"model": "virtio", "backend": "qemu"}),
        (dict(BRIDGE, model="e1000"), {"model": "e1000", "backend": None}),
        (dict(BRIDGE, model="rtl8139", backend="qemu"), {"model": "rtl8139", "backend": None}),
        (dict(BRIDGE, queues=2, rx_queue_size=1024, tx_queue_size=256, mtu=9000), {"queues": 2, "mtu": 9000}),
        (dict(BRIDGE, boot_order=1), {"model": "virtio"}),
    ],
)
def test_each_kind_is_made_and_then_left_alone(host, wish, expected):
    result = run(host, wish)
    assert not result["failed"], result
    found = nic(host, "persistent")
    assert {key: getattr(found, key) for key in expected} == expected
    host.libvirt.start("web1")
    written = list(host.libvirt.writes)
    again = run(host, wish)
    assert not again["changed"] and again["pending"] == [] and host.libvirt.writes == written


def test_a_vf_is_managed_by_libvirt(host):
    run(host, VF)
    assert nic(host, "persistent").element.get("managed") == "yes"


def test_a_tap_that_exists_is_taken_as_it_is(host):
    host.kernel.add("tap-web1", "tun", {"type": "tap", "multi_queue": True})
    wish = {"name": "front", "type": "ethernet", "source": {"device": "tap-web1"}, "queues": 2}
    assert not run(host, wish)["failed"]
    target = nic(host, "persistent").element.find("target")
    assert (target.get("dev"), target.get("managed")) == ("tap-web1", "no")
    refused = run(host, dict(wish, queues=1))
    assert refused["failed"] and refused["error_kind"] == "value" and "multi_queue" in refused["msg"]


def test_a_network_of_libvirts(host):
    host.libvirt.network_xml["lan"] = ("<network><name>lan</name><portgroup name='eng'/></network>", True)
    wish = {"name": "front", "type": "network", "source": {"network": "lan", "portgroup": "eng"}}
    assert not run(host, wish)["failed"]
    assert nic(host, "persistent").source == {"network": "lan", "portgroup": "eng"}
    assert not run(host, {"name": "front", "type": "network", "source": {"network": "lan"}})["changed"]
    assert "eng" in run(host, dict(wish, source={"network": "lan", "portgroup": "zz"}))["msg"]
    assert "vlan" in run(host, dict(wish, vlan=5))["problems"][0]["path"]


def test_an_open_vswitch_bridge_tags(host):
    host.kernel.add("br-ovs", "openvswitch", up=True)
    wish = {"name": "front", "type": "bridge", "source": {"bridge": "br-ovs", "virtualport": "openvswitch"}, "vlan": 5}
    assert not run(host, wish)["failed"]
    found = nic(host, "persistent")
    assert found.vlan == 5 and found.element.find("virtualport").get("type") == "openvswitch"
    refused = run(host, {"name": "front", "type": "bridge", "source": {"bridge": "br-ovs"}})
    assert refused["failed"] and "virtualport" in refused["msg"]


def test_from_a_linux_bridge_to_open_vswitch_and_back_waits_for_the_next_start(host):
    host.kernel.add("br-ovs", "openvswitch", up=True)
    host.libvirt.start("web1")
    run(host, BRIDGE)
    result = run(host, dict(BRIDGE, source={"bridge": "br-ovs", "virtualport": "openvswitch"}))
    assert fields(result) == [("web1/front", "persistent.source"), ("web1/front", "persistent.virtualport")]
    assert [one["field"] for one in result["pending"]] == ["source", "virtualport"]
    back = run(host, BRIDGE)
    assert len(back["actions"]) == 2 and back["pending"] == []
    assert nic(host, "persistent").element.find("virtualport") is None


def test_a_guest_without_a_free_slot_gets_it_at_its_next_start(host):
    wish = dict(BRIDGE, model="e1000")  # which needs a conventional slot, and this guest has none
    host.libvirt.start("web1")
    result = run(host, wish)
    assert not result["failed"] and fields(result) == [("web1/front", "persistent")]
    assert [(one["target"], one["field"], one["until"]) for one in result["pending"]] == [
        ("web1/front", "live", "guest_start")
    ]
    written = list(host.libvirt.writes)
    again = run(host, wish)
    assert not again["changed"] and again["pending"] == result["pending"] and host.libvirt.writes == written
    host.libvirt.stop("web1")
    host.libvirt.start("web1")
    assert run(host, wish)["pending"] == [] and nic(host, "live").model == "e1000"


def test_slots_are_counted_over_all_nics_of_one_run(host):
    define(host, "small", UUID2, running=True, ports=1)
    many = [dict(BRIDGE, name="n%d" % index, mac="52:54:00:00:01:%02x" % index) for index in range(3)]
    result = run_all(host, {"uuid": UUID2, "interfaces": many})
    assert not result["failed"]
    assert len(nics(host, "live", "small")) == 1 and len(nics(host, "persistent", "small")) == 3
    assert [one["target"] for one in result["pending"]] == ["small/n1", "small/n2"]


def test_a_nic_of_others_is_adopted_by_its_mac_and_keeps_its_slot_and_foreign_parts(host):
    more = "<driver name='vhost' queues='4'/><bandwidth><inbound average='1000'/></bandwidth>"
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC.upper(), bus=3, more=more))
    before = host.libvirt.get("db1")
    result = run_all(host, {"name": "db1", "interfaces": [BRIDGE]})
    assert fields(result) == [("db1/front", "persistent.name")] and result["pending"] == []
    after = host.libvirt.get("db1")
    assert after.live_xml == before.live_xml
    expected = ElementTree.fromstring(before.persistent_xml)
    ElementTree.SubElement(expected.find("devices/interface"), "alias", name="ua-front")
    adopted = ElementTree.fromstring(after.persistent_xml)
    for root in (expected, adopted):
        element = root.find("devices/interface")
        element[:] = sorted(element, key=lambda child: child.tag)
    assert ElementTree.canonicalize(ElementTree.tostring(adopted)) == ElementTree.canonicalize(
        ElementTree.tostring(expected)
    )
    assert not run_all(host, {"name": "db1", "interfaces": [BRIDGE]})["changed"]


def test_an_adopted_nic_with_a_new_mac_is_still_the_same_nic_while_it_runs(host):
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3))
    run_all(host, {"name": "db1", "interfaces": [BRIDGE]})
    other = dict(BRIDGE, mac="52:54:00:00:00:bb")
    result = run_all(host, {"name": "db1", "interfaces": [other]})
    assert fields(result) == [("db1/front", "persistent.mac")]
    assert [(one["field"], one["current"], one["wanted"]) for one in result["pending"]] == [
        ("mac", MAC, "52:54:00:00:00:bb")
    ]
    assert nic(host, "persistent", name="db1").address == "0000:03:00.0"
    again = run_all(host, {"name": "db1", "interfaces": [other]})
    assert not again["changed"] and again["pending"] == result["pending"]


def test_two_nics_of_one_mac_cannot_be_adopted(host):
    define(host, "db1", UUID2, interfaces=nic_xml(MAC, 1) + nic_xml(MAC, 2))
    result = run_all(host, {"name": "db1", "interfaces": [BRIDGE]})
    assert (
        result["failed"] and result["error_kind"] == "conflict" and MAC in result["msg"] and host.libvirt.writes == []
    )


def test_a_nic_that_has_another_name_is_not_renamed(host):
    run(host, BRIDGE)
    result = run(host, dict(BRIDGE, name="edge"))
    assert result["failed"] and result["error_kind"] == "conflict" and "front" in result["msg"]


def test_a_nic_that_only_runs_is_defined_with_its_mac_and_slot(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    live = nic(host, "live")
    host.libvirt.put("web1", persistent_xml=guest_xml())
    wish = {key: value for key, value in BRIDGE.items() if key != "mac"}
    assert fields(run(host, wish)) == [("web1/front", "persistent")]
    assert nic(host, "persistent").mac == live.mac and nic(host, "persistent").address == live.address


def test_absent_from_a_guest_that_is_shut_off_needs_no_consent(host):
    run(host, BRIDGE)
    result = run(host, {"name": "front", "state": "absent"})
    assert not result["failed"] and nics(host, "persistent") == []
    assert not run(host, {"name": "front", "state": "absent"})["changed"]


def test_absent_from_a_running_guest_needs_consent_by_name(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    written = list(host.libvirt.writes)
    refused = run(host, {"name": "front", "state": "absent"})
    assert refused["failed"] and refused["error_kind"] == "conflict" and "unplug:web1/front" in refused["msg"]
    assert host.libvirt.writes == written
    result = run(host, {"name": "front", "state": "absent"}, consent=["unplug:web1/front"])
    assert not result["failed"] and nics(host, "live") == nics(host, "persistent") == []
    assert calls(host)[-2:] == [("detach", "web1", "live"), ("detach", "web1", "config")]


def test_purge_removes_what_has_a_name_of_ours_and_is_not_listed(host):
    define(host, "db1", UUID2, interfaces=nic_xml("52:54:00:00:00:01", 1))
    second = dict(BRIDGE, name="back", mac="52:54:00:00:00:bb")
    run_all(host, {"name": "db1", "interfaces": [BRIDGE, second]})
    result = run_all(host, {"name": "db1", "interfaces": [BRIDGE], "purge": True})
    assert fields(result) == [("db1/back", "persistent")]
    assert [one.mac for one in nics(host, "persistent", "db1")] == ["52:54:00:00:00:01", MAC]
    assert not run_all(host, {"name": "db1", "interfaces": [BRIDGE], "purge": True})["changed"]


def test_purge_unplugs_an_adopted_nic_too(host):
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, 1))
    run_all(host, {"name": "db1", "interfaces": [BRIDGE]})
    assert "unplug:db1/front" in run_all(host, {"name": "db1", "purge": True})["msg"]
    result = run_all(host, {"name": "db1", "purge": True}, consent=["unplug:db1/front"])
    assert not result["failed"] and nics(host, "live", "db1") == nics(host, "persistent", "db1") == []


def test_a_guest_that_does_not_release_is_reported_and_its_definition_kept(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    host.libvirt.deaf.add("web1")
    result = run(host, {"name": "front", "state": "absent"}, consent=["unplug:web1/front"])
    assert (
        result["failed"]
        and result["error_kind"] == "apply"
        and "did not release" in result["msg"]
        and "60 s" in result["msg"]
    )
    assert [one["status"] for one in result["results"]] == ["failed", "failed"]
    assert nic(host, "live") is not None and nic(host, "persistent") is not None
    host.libvirt.deaf.clear()
    assert not run(host, {"name": "front", "state": "absent"}, consent=["unplug:web1/front"])["failed"]
    assert nics(host, "live") == nics(host, "persistent") == []


def test_a_guest_that_misses_the_request_while_it_boots_is_asked_again(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    host.libvirt.missed["web1"] = 2
    assert not run(host, {"name": "front", "state": "absent"}, consent=["unplug:web1/front"])["failed"]
    assert calls(host)[2:] == [("detach", "web1", "live")] * 3 + [("detach", "web1", "config")]
    assert 15 < host.clock.now < 30


def test_a_paused_guest_is_not_asked_to_release(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    host.libvirt.put("web1", paused=True)
    written = list(host.libvirt.writes)
    for wish, consent in (
        ({"name": "front", "state": "absent"}, "unplug:web1/front"),
        (dict(BRIDGE, queues=2), "replug:web1/front"),
    ):
        refused = run(host, wish, consent=[consent])
        assert refused["failed"] and refused["error_kind"] == "conflict" and "paused" in refused["msg"]
    assert host.libvirt.writes == written
    assert not run(host, dict(BRIDGE, name="second", mac="52:54:00:00:00:bb"))["failed"]
