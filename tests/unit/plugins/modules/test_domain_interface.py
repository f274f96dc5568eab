# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import interfaces
from ansible_collections.kvm.vnic.plugins.modules import domain_interface
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import guest_xml, nic_xml
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

UUID1 = "00000000-0000-4000-8000-000000000001"
UUID2 = "00000000-0000-4000-8000-000000000002"
MAC = "52:54:00:00:00:aa"
PF = "0000:03:00.0"
VFS = {0: "0000:03:10.0", 1: "0000:03:10.2"}


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("br0", "bridge", up=True)
    host.kernel.add("br1", "bridge", up=True)
    host.kernel.add("enp2s0", up=True, parentbus="pci", parentdev="0000:02:00.0")
    host.kernel.add("enp3s0", up=True, parentbus="pci", parentdev=PF)
    devices = "/sys/bus/pci/devices/"
    host.tree.contents[devices + PF + "/sriov_totalvfs"] = "7"
    for index, pci in VFS.items():
        host.tree.symlinks["%s%s/virtfn%d" % (devices, PF, index)] = "../" + pci
        host.tree.symlinks["%s%s/physfn" % (devices, pci)] = "../" + PF
        host.tree.contents["%s%s/enable" % (devices, pci)] = "0"
    define(host)
    return host


def define(host, name="web1", uuid=UUID1, running=False, **xml):
    host.libvirt.define(name, uuid, None, guest_xml(name, uuid, **xml))
    if running:
        host.libvirt.start(name)


def run(host, *nics, **more):
    check, diff = more.pop("check", False), more.pop("diff", False)
    consent = more.pop("consent", [])
    domain = dict({"name": "web1"}, interfaces=list(nics), **more)
    return run_module(
        domain_interface.main, host, {"domains": [domain], "allow_disruption": consent}, check=check, diff=diff
    )


def run_all(host, *domains, **more):
    return run_module(
        domain_interface.main, host, {"domains": list(domains), "allow_disruption": more.pop("consent", [])}, **more
    )


def nics(host, scope, name="web1"):
    return interfaces(getattr(host.libvirt.get(name), scope + "_xml"))


def nic(host, scope, which="front", name="web1"):
    found = [one for one in nics(host, scope, name) if one.name == which]
    return found[0] if found else None


def without_nics(text):
    root = ElementTree.fromstring(text)
    for element in root.findall("devices/interface"):
        root.find("devices").remove(element)
    return ElementTree.canonicalize(ElementTree.tostring(root, encoding="unicode"))


def fields(result):
    return [(action["target"], action["field"]) for action in result["actions"]]


def calls(host):
    return [write[:3] for write in host.libvirt.writes]


BRIDGE = {"name": "front", "type": "bridge", "source": {"bridge": "br0"}, "mac": MAC}
MACVTAP = {"name": "front", "type": "direct", "source": {"device": "enp2s0", "mode": "bridge"}, "mac": MAC}
VF = {"name": "front", "type": "hostdev", "source": {"pf": "enp3s0", "index": 1}, "mac": MAC, "vlan": 7}


# --- making


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


# --- adopting


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


# --- changing


def test_what_changes_live_is_changed_in_both_definitions(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    slots = [nic(host, scope).address for scope in ("live", "persistent")]
    wish = dict(BRIDGE, source={"bridge": "br1"}, link_state="down", trust_guest_rx_filters=True, port_isolated=True)
    result = run(host, wish)
    names = ["source", "link_state", "trust_guest_rx_filters", "port_isolated"]
    assert fields(result) == [
        ("web1/front", "%s.%s" % (scope, name)) for scope in ("persistent", "live") for name in names
    ]
    assert calls(host)[2:] == [("update", "web1", "config"), ("update", "web1", "live")]
    assert result["pending"] == [] and nic(host, "live").source == {"bridge": "br1"}
    assert [nic(host, scope).address for scope in ("live", "persistent")] == slots
    assert not run(host, wish)["changed"]
    cleared = dict(BRIDGE, source={"bridge": "br1"}, link_state="up", trust_guest_rx_filters=False, port_isolated=False)
    assert len(run(host, cleared)["actions"]) == 6
    assert nic(host, "live").element.find("port") is None and not run(host, cleared)["changed"]


CHANGES = [
    dict(BRIDGE, queues=2),
    dict(BRIDGE, backend="qemu"),
    dict(BRIDGE, rx_queue_size=512),
    dict(BRIDGE, mtu=9000),
    dict(BRIDGE, model="rtl8139"),
    dict(BRIDGE, mac="52:54:00:00:00:bb"),
    MACVTAP,
    VF,
]


@pytest.mark.parametrize("wish", CHANGES)
def test_what_cannot_change_live_is_pending_and_comes_with_the_next_start(host, wish):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    live, slot = host.libvirt.get("web1").live_xml, nic(host, "persistent").address
    result = run(host, wish)
    assert not result["failed"] and result["changed"]
    assert all(action["field"].startswith("persistent.") for action in result["actions"])
    assert result["pending"] and {one["until"] for one in result["pending"]} == {"guest_start"}
    assert all("replug:web1/front" in one["reason"] for one in result["pending"])
    assert host.libvirt.get("web1").live_xml == live and nic(host, "persistent").address == slot
    written = list(host.libvirt.writes)
    again = run(host, wish)
    assert not again["changed"] and again["pending"] == result["pending"] and host.libvirt.writes == written
    host.libvirt.stop("web1")
    host.libvirt.start("web1")
    final = run(host, wish)
    assert not final["changed"] and final["pending"] == []


@pytest.mark.parametrize("wish", CHANGES)
def test_with_consent_it_is_unplugged_and_plugged_in_anew(host, wish):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    result = run(host, wish, consent=["replug:web1/front"])
    assert not result["failed"], result
    assert result["pending"] == [] and ("web1/front", "live.replug") in fields(result)
    assert calls(host)[-2:] == [("detach", "web1", "live"), ("attach", "web1", "live")]
    assert nic(host, "live").address == nic(host, "persistent").address
    again = run(host, wish, consent=["replug:web1/front"])
    assert not again["changed"] and again["pending"] == []


def test_a_replug_keeps_what_others_put_into_the_definition(host):
    more = "<driver name='vhost'/><bandwidth><inbound average='1000'/></bandwidth>"
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3, more=more))
    run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, queues=2)]}, consent=["replug:db1/front"])
    assert nic(host, "live", name="db1").element.find("bandwidth/inbound").get("average") == "1000"


def test_replug_in_check_mode_is_an_action_only_with_consent(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    wish = dict(BRIDGE, queues=2)
    assert fields(run(host, wish, check=True)) == [("web1/front", "persistent.queues")]
    consented = run(host, wish, check=True, consent=["replug:web1/front"])
    assert fields(consented) == [("web1/front", "persistent.queues"), ("web1/front", "live.replug")]


def test_boot_order_waits_even_with_consent(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    result = run(host, dict(BRIDGE, boot_order=1), consent=["replug:web1/front"])
    assert fields(result) == [("web1/front", "persistent.boot_order")]
    assert [one["field"] for one in result["pending"]] == ["boot_order"]


def test_omitted_is_left_alone_and_zero_clears(host):
    run(host, dict(BRIDGE, queues=4, mtu=9000, boot_order=1, rx_queue_size=512))
    assert not run(host, BRIDGE)["changed"]
    result = run(host, dict(BRIDGE, queues=1, mtu=0, boot_order=0, rx_queue_size=0))
    assert {action["field"] for action in result["actions"]} == {
        "persistent.queues",
        "persistent.mtu",
        "persistent.boot_order",
        "persistent.rx_queue_size",
    }
    element = nic(host, "persistent").element
    assert (
        element.find("mtu") is None
        and element.find("boot") is None
        and element.find("driver").attrib == {"name": "vhost"}
    )


def test_a_mac_changes_in_one_whole_definition_that_keeps_secrets_and_everything_else(host):
    extra = (
        "<metadata><a:note xmlns:a='urn:a'>1 &lt; 2<!-- kept --></a:note></metadata>"
        "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg value='-x'/></q:commandline>"
    )
    define(host, "db1", UUID2, interfaces=nic_xml(MAC, bus=3, alias="ua-front"), extra=extra)
    host.libvirt.secrets["db1"] = lambda text: text.replace(
        "<devices>", "<devices><graphics type='vnc' passwd='hunter2'/>"
    )
    result = run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, mac="52:54:00:00:00:bb")]}, diff=True)
    assert not result["failed"] and calls(host)[-1] == ("define", "db1", "config")
    text = host.libvirt.writes[-1][3]
    assert 'passwd="hunter2"' in text and "a:note" in text and "<!-- kept -->" in text and "q:arg" in text
    assert "hunter2" not in str(result)
    assert nic(host, "persistent", name="db1").address == "0000:03:00.0"


# --- removing


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


# --- refusals


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
        (dict(VF, source={"pci": "180.0"}), "source.pci", "quotes"),
        ({"name": "front", "type": "ethernet", "source": {"device": "vnet0"}}, "source.device", "reserved"),
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
        (dict(VF, source={"pf": "enp9s0", "index": 0}), "source.pf", "physical function"),
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


def test_the_pf_may_be_named_by_its_address(host):
    assert not run(host, dict(VF, source={"pf": PF, "index": 1}))["failed"]
    assert not run(host, VF)["changed"]


@pytest.mark.parametrize("key, value", [("mac", MAC), ("source", {"pf": "enp3s0", "index": 1})])
def test_two_listed_nics_cannot_share(host, key, value):
    define(host, "db1", UUID2)
    first = dict(VF, **{key: value})
    second = dict(VF, mac="52:54:00:00:00:bb", source={"pf": "enp3s0", "index": 0})
    second[key] = value
    result = run_all(host, {"name": "web1", "interfaces": [first]}, {"name": "db1", "interfaces": [second]})
    assert result["failed"] and result["problems"][0]["path"] == "domains[1].interfaces[0]." + key


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


# --- faults


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
