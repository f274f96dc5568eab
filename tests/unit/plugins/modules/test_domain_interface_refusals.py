# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MAC,
    MACVTAP,
    PF,
    UUID1,
    UUID2,
    VF,
    VFS,
    define,
    fields,
    hypervisor,
    nic,
    nics,
    run,
    run_all,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import nic_xml


@pytest.fixture
def host():
    return hypervisor()


@pytest.mark.parametrize(
    "wish, path, word",
    [
        (dict(BRIDGE, name="a b"), "name", "letters"),
        (dict(BRIDGE, name="x" * 61), "name", "60"),
        ({"name": "front"}, "type", "hostdev"),
        (dict(BRIDGE, mac="41135085296"), "mac", "quotes"),
        (dict(BRIDGE, mac="01:00:5e:00:00:01"), "mac", "multicast"),
        (dict(BRIDGE, mac="00:00:00:00:00:00"), "mac", "all-zero"),
        (dict(BRIDGE, source={}), "source.bridge", "missing"),
        (dict(BRIDGE, source={"bridge": "-rf"}), "source.bridge", "allowed"),
        (dict(BRIDGE, source={"bridge": "br0", "device": "enp2s0"}), "source.device", "bridge"),
        (dict(BRIDGE, vlan=5), "vlan", "Linux bridge"),
        (dict(BRIDGE, vlan=4095), "vlan", "4094"),
        (dict(BRIDGE, mtu=67), "mtu", "68"),
        (dict(BRIDGE, mtu=65536), "mtu", "65535"),
        (dict(BRIDGE, queues=0), "queues", "256"),
        (dict(BRIDGE, queues=257), "queues", "256"),
        (dict(BRIDGE, rx_queue_size=300), "rx_queue_size", "512"),
        (dict(BRIDGE, rx_queue_size=2048), "rx_queue_size", "1024"),
        (dict(BRIDGE, tx_queue_size=512), "tx_queue_size", "does not start"),
        (dict(BRIDGE, boot_order=-1), "boot_order", "1"),
        (dict(BRIDGE, model="e1000", backend="vhost"), "backend", "virtio"),
        (dict(BRIDGE, model="rtl8139", queues=2), "queues", "virtio"),
        (dict(BRIDGE, model="e1000", rx_queue_size=512), "rx_queue_size", "virtio"),
        (dict(MACVTAP, source={"device": "enp2s0"}), "source.mode", "missing"),
        (dict(MACVTAP, vlan=5), "vlan", "passthrough"),
        (dict(MACVTAP, mtu=9000), "mtu", "lower device"),
        (dict(MACVTAP, port_isolated=True), "port_isolated", "private"),
        (dict(VF, queues=2), "queues", "VF"),
        (dict(VF, model="virtio"), "model", "VF"),
        (dict(VF, backend="vhost"), "backend", "VF"),
        (dict(VF, mtu=9000), "mtu", "guest"),
        (dict(VF, link_state="down"), "link_state", "sriov"),
        (dict(VF, trust_guest_rx_filters=True), "trust_guest_rx_filters", "sriov"),
        (dict(VF, source={"pf": "enp3s0"}), "source", "index"),
        (dict(VF, source={"pf": "enp3s0", "index": 1, "pci": VFS[1]}), "source", "twice"),
        (dict(VF, source={"pf": "enp3s0", "index": -1}), "source.index", "0"),
        (dict(VF, source={"pf": "180.0", "index": 1}), "source.pf", "quotes"),
        (dict(VF, source={"pf": "../../etc", "index": 1}), "source.pf", "physical function"),
        (dict(VF, source={"pf": "-rf", "index": 1}), "source.pf", "physical function"),
        (dict(VF, source={"pf": "52:54:00:12:34", "index": 1}), "source.pf", "physical function"),
        (dict(VF, source={"pci": "180.0"}), "source.pci", "quotes"),
        ({"name": "front", "type": "ethernet", "source": {"device": "vnet0"}}, "source.device", "reserved"),
        ({"name": "front", "type": "ethernet", "source": {"device": "macvtap0"}}, "source.device", "reserved"),
        ({"name": "front", "type": "ethernet", "source": {"device": "tap0"}, "vlan": 3}, "vlan", "ethernet"),
    ],
)
def test_bad_input_is_refused_before_any_read_or_write(host, wish, path, word):
    host.libvirt.running = False
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value" and "hv1" in result["msg"]
    assert ["domains[0].interfaces[0]." + path] == [problem["path"] for problem in result["problems"]]
    assert word in result["problems"][0]["message"]


@pytest.mark.parametrize(
    "wish",
    [
        dict(BRIDGE, type="hostdevv"),
        dict(MACVTAP, source={"device": "enp2s0", "mode": "promisc"}),
        dict(BRIDGE, model="virtio-net"),
    ],
)
def test_unknown_words_are_refused_with_the_known_ones(host, wish):
    result = run(host, wish)
    assert result["failed"] and "must be one of" in result["msg"] and host.libvirt.writes == []


def test_every_problem_is_reported_at_once(host):
    result = run(host, dict(BRIDGE, mac="zz", queues=0), dict(BRIDGE, name="-x y", vlan=5))
    assert len(result["problems"]) == 4


@pytest.mark.parametrize(
    "domain, path, word",
    [
        ({"name": "nobody"}, "domains[0].name", "no guest of this host"),
        ({"name": "a/b"}, "domains[0].name", "no guest of this host"),
        ({"name": ".."}, "domains[0].name", "no guest of this host"),
        ({"name": "web1\n"}, "domains[0].name", "one non-empty line"),
        ({"name": 45000}, "domains[0].name", "no guest of this host"),
        ({"uuid": UUID2}, "domains[0].uuid", "no guest of this host"),
        ({"uuid": "zz"}, "domains[0].uuid", "32 hexadecimal"),
        ({}, "domains[0]", "name"),
        ({"name": ""}, "domains[0].name", "non-empty"),
        ({"name": "other", "uuid": UUID1}, "domains[0].name", "web1"),
    ],
)
def test_guests_are_named_exactly(host, domain, path, word):
    result = run_all(host, domain)
    assert result["failed"] and result["error_kind"] == "value"
    assert [problem["path"] for problem in result["problems"]] == [path] and word in result["problems"][0]["message"]


def test_a_guest_listed_by_name_and_by_uuid_is_listed_twice(host):
    result = run_all(host, {"name": "web1"}, {"uuid": UUID1.upper()})
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == ["domains[1]"]


@pytest.mark.parametrize(
    "name",
    [
        "$(id)",
        "`id`",
        "..",
        "-rf",
        "--help",
        "a;b",
        "'\"<&",
        "{{ lookup('pipe','id') }}",
        "\u202eabc",
        "x" * 5000,
        "a b",
    ],
)
def test_guests_may_have_any_name(host, name):
    define(host, name, UUID2, running=True)
    wish = {"name": name, "interfaces": [BRIDGE]}
    assert not run_all(host, wish)["failed"]
    assert nic(host, "live", name=name) is not None
    gone = {"name": name, "interfaces": [{"name": "front", "state": "absent"}]}
    assert not run_all(host, gone, consent=["unplug:%s/front" % name])["failed"]
    assert nics(host, "live", name) == []


@pytest.mark.parametrize(
    "wish, path, word",
    [
        (dict(BRIDGE, source={"bridge": "br9"}), "source.bridge", "br9"),
        (dict(MACVTAP, source={"device": "enp9s0", "mode": "bridge"}), "source.device", "enp9s0"),
        (dict(VF, source={"pf": "enp3s0", "index": 5}), "source", "index"),
        (dict(VF, source={"pf": "enp9s0", "index": 0}), "source.pf", "no network device"),
        (dict(VF, source={"pf": VFS[1], "index": 0}), "source.pf", "virtual function"),
        (dict(VF, source={"pci": "0000:99:00.0"}), "source", "virtual function"),
        (dict(VF, source={"pci": "0000:02:00.0"}), "source", "virtual function"),
        ({"name": "front", "type": "network", "source": {"network": "lan"}}, "source.network", "network"),
        ({"name": "front", "type": "ethernet", "source": {"device": "tap0"}}, "source.device", "tap0"),
    ],
)
def test_what_is_missing_is_named_and_in_check_mode_known_after_apply(host, wish, path, word):
    result = run(host, wish)
    assert result["failed"] and [problem["path"] for problem in result["problems"]] == [
        "domains[0].interfaces[0]." + path
    ]
    assert word in str(result["problems"][0]) and host.libvirt.writes == []
    checked = run(host, wish, check=True)
    assert not checked["failed"] and fields(checked) == [("web1/front", "persistent")]
    assert any("known after apply" in note for note in checked["notes"])


def test_a_vf_whose_pf_is_down_is_refused_because_libvirt_would(host):
    host.kernel.links["enp3s0"]["flags"] = []
    result = run(host, VF)
    assert result["failed"] and "enp3s0" in result["msg"] and "down" in result["msg"]


@pytest.mark.parametrize("pf", [PF, PF.upper()[5:], "02:00:00:00:00:05", "netboot0"])
def test_the_pf_may_be_named_in_any_of_its_ways(host, pf):
    host.kernel.links["enp3s0"].update(address="02:00:00:00:00:05", altnames=["netboot0"])
    assert not run(host, dict(VF, source={"pf": pf, "index": 1}))["failed"]
    assert nic(host, "persistent").source == {"pci": VFS[1]} and not run(host, VF)["changed"]


@pytest.mark.parametrize("key, value", [("mac", MAC), ("source", {"pf": "enp3s0", "index": 1})])
def test_two_listed_nics_cannot_share(host, key, value):
    define(host, "db1", UUID2)
    first = dict(VF, **{key: value})
    second = dict(VF, mac="52:54:00:00:00:bb", source={"pf": "enp3s0", "index": 0})
    second[key] = value
    result = run_all(host, {"name": "web1", "interfaces": [first]}, {"name": "db1", "interfaces": [second]})
    assert result["failed"] and result["problems"][0]["path"] == "domains[1].interfaces[0]." + key
    assert "domains[1].interfaces[0].%s: %r is domains[0].interfaces[0]'s already" % (key, value) in result["msg"]


def test_one_vf_named_in_two_ways_is_still_one(host):
    define(host, "db1", UUID2)
    other = {"name": "x", "type": "hostdev", "source": {"pci": VFS[1]}}
    result = run_all(host, {"name": "web1", "interfaces": [VF]}, {"name": "db1", "interfaces": [other]})
    assert (
        result["failed"]
        and result["error_kind"] == "conflict"
        and VFS[1] in result["msg"]
        and host.libvirt.writes == []
    )


def hostdev(pci):
    bus, slot, function = pci.split(":")[1], pci[8:10], pci[-1]
    return "<source><address type='pci' domain='0x0000' bus='0x%s' slot='0x%s' function='0x%s'/></source>" % (
        bus,
        slot,
        function,
    )


@pytest.mark.parametrize(
    "theirs, wish",
    [
        (nic_xml(MAC), BRIDGE),
        (nic_xml("52:54:00:00:00:01", kind="hostdev", source=hostdev(VFS[1]), model=None, more=""), VF),
        ("<hostdev mode='subsystem' type='pci' managed='yes'>%s</hostdev>" % hostdev(VFS[1]), VF),
    ],
)
def test_what_another_guest_has_is_refused(host, theirs, wish):
    define(host, "db1", UUID2, interfaces=theirs)
    result = run(host, wish)
    assert (
        result["failed"] and result["error_kind"] == "conflict" and "db1" in result["msg"] and host.libvirt.writes == []
    )


def test_a_vf_may_move_between_guests_in_one_run(host):
    define(host, "db1", UUID2)
    run(host, VF)
    moved = dict(VF, mac="52:54:00:00:00:bb")
    result = run_all(
        host,
        {"name": "db1", "interfaces": [moved]},
        {"name": "web1", "interfaces": [{"name": "front", "state": "absent"}]},
    )
    assert not result["failed"] and nic(host, "persistent", name="db1").source == {"pci": VFS[1]}


def test_a_vf_that_a_running_guest_keeps_till_its_next_start_is_not_free(host):
    define(host, "db1", UUID2)
    host.libvirt.start("web1")
    run(host, VF)
    moved = dict(VF, mac="52:54:00:00:00:bb")
    wishes = [
        {"name": "web1", "interfaces": [dict(VF, source={"pf": "enp3s0", "index": 0})]},
        {"name": "db1", "interfaces": [moved]},
    ]
    assert "web1/front" in run_all(host, *wishes)["msg"]
    assert not run_all(host, *wishes, consent=["replug:web1/front"])["failed"]
    assert nic(host, "live").source == {"pci": VFS[0]}


def test_a_vf_at_work_in_the_host_is_not_taken(host):
    host.tree.contents["/sys/bus/pci/devices/%s/net/enp3s0v1/address" % VFS[1]] = MAC
    host.kernel.add("enp3s0v1", up=True)["master"] = "br0"
    result = run(host, VF)
    assert result["failed"] and result["error_kind"] == "conflict" and "br0" in result["msg"]


def test_vlan_on_a_macvtap_only_in_passthrough_on_a_vf(host):
    wish = dict(MACVTAP, vlan=5, source={"device": "enp3s0v1", "mode": "passthrough"})
    host.kernel.add("enp3s0v1", up=True, parentbus="pci", parentdev=VFS[1])
    assert not run(host, wish)["failed"]
    other = run(host, dict(wish, source={"device": "enp2s0", "mode": "passthrough"}))
    assert other["failed"] and other["problems"][0]["path"].endswith("vlan")


def test_a_bridges_port_is_no_parent_of_a_macvtap(host):
    host.kernel.links["enp2s0"]["master"] = "br0"
    result = run(host, MACVTAP)
    assert result["failed"] and "br0" in result["msg"]


def test_a_passthrough_macvtap_on_the_management_device_needs_consent(host):
    host.session.address = "192.0.2.1"
    host.kernel.addresses = [
        {"ifname": "enp2s0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    wish = dict(MACVTAP, source={"device": "enp2s0", "mode": "passthrough"})
    assert "management:enp2s0" in run(host, wish)["msg"] and host.libvirt.writes == []
    assert not run(host, MACVTAP)["failed"]


def test_something_that_is_no_bridge(host):
    assert "no bridge" in run(host, dict(BRIDGE, source={"bridge": "enp2s0"}))["msg"]


@pytest.mark.parametrize(
    "more, wish",
    [
        ({"os": "<boot dev='hd'/>"}, dict(BRIDGE, boot_order=1)),
        ({"interfaces": nic_xml("52:54:00:00:00:01", more="<boot order='1'/>")}, dict(BRIDGE, boot_order=1)),
    ],
)
def test_boot_orders_that_libvirt_refuses(host, more, wish):
    define(host, "db1", UUID2, **more)
    result = run_all(host, {"name": "db1", "interfaces": [wish]})
    assert result["failed"] and result["problems"][0]["path"].endswith("boot_order")


def test_virtio_settings_on_an_emulated_nic_that_keeps_its_model(host):
    define(host, "db1", UUID2, interfaces=nic_xml(MAC, model="e1000", more=""))
    result = run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, queues=4)]})
    assert result["failed"] and "e1000" in result["msg"]
    assert not run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, queues=2, model="virtio")]})["failed"]
    assert nic(host, "persistent", name="db1").backend == "vhost"


def test_more_queues_than_vcpus_is_a_note(host):
    assert any("2 vCPUs" in note for note in run(host, dict(BRIDGE, queues=4))["notes"])


def test_a_saved_guest_is_a_note(host):
    host.libvirt.put("web1", saved=True)
    assert any("managed-save" in note for note in run(host, BRIDGE)["notes"])
