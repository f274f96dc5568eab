# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run does to guests' NICs, and its way back: afterwards both definitions are as they were."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.interface_xml import SETTINGS
from ansible_collections.kvm.vnic.plugins.module_utils._resource.domain_interface import DomainInterface
from ansible_collections.kvm.vnic.plugins.modules import domain_interface
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MAC,
    MACVTAP,
    UUID2,
    VF,
    define,
    hypervisor,
    nic,
    nics,
    run,
    run_all,
    without_nics,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import nic_xml
from ansible_collections.kvm.vnic.tests.unit.memory_host.led_back import lead_back, way_back

OTHER = "52:54:00:00:00:bb"
OVS = {"bridge": "br-ovs", "virtualport": "openvswitch", "interface_id": "00000000-0000-4000-8000-00000000000a"}
FULL = dict(
    BRIDGE, model="virtio", queues=2, rx_queue_size=512, tx_queue_size=256, mtu=9000, boot_order=1, link_state="down"
)
TRUNK = dict(BRIDGE, source=OVS, trunks=[10, 20], native_vlan=10, bandwidth={"inbound": {"average": 9, "burst": 3}})
ABSENT = {"name": "front", "state": "absent"}
# what the guest has before, whatever the run then makes of it
HAD = {
    "nothing": None,
    "bridge": BRIDGE,
    "full": FULL,
    "macvtap": MACVTAP,
    "vf": VF,
    "ovs": dict(BRIDGE, source=OVS, vlan=5),
    "trunk": TRUNK,
    "emulated": dict(BRIDGE, model="e1000"),
    "by QEMU": dict(BRIDGE, backend="qemu", trust_guest_rx_filters=True, port_isolated=True),
}
WISHED = dict(
    HAD,
    nothing=ABSENT,
    moved=dict(BRIDGE, source={"bridge": "br1"}, link_state="down", port_isolated=True),
    mac=dict(BRIDGE, mac=OTHER),
    limited=dict(BRIDGE, bandwidth={"outbound": {"average": 7, "peak": 8}}),
    cleared=dict(
        BRIDGE, queues=1, rx_queue_size=0, tx_queue_size=0, mtu=0, boot_order=0, link_state="up",
        trust_guest_rx_filters=False, port_isolated=False,
    ),
)  # fmt: skip


def host_with(had, running):
    host = hypervisor()
    host.kernel.add("br-ovs", "openvswitch", up=True)
    if running:
        host.libvirt.start("web1")
    if had is not None:
        assert not run(host, had)["failed"]
    if running:  # what waits comes with the next start
        host.libvirt.stop("web1")
        host.libvirt.start("web1")
    host.libvirt.writes.clear()
    return host


def seen(host, scope, name="web1"):
    """What a definition says of its NICs, without what libvirt makes up, and everything else in it."""
    text = getattr(host.libvirt.get(name), scope + "_xml")
    if text is None:
        return None
    shown = []
    for one in nics(host, scope, name):
        values = {each.name: each.current(one.element) for each in SETTINGS}
        if one.type == "hostdev":
            del values["backend"]  # vfio, while it runs
        foreign = [
            ElementTree.canonicalize(ElementTree.tostring(child, encoding="unicode"), strip_text=True)
            for child in one.element
            if child.tag not in ("alias", "target", "mac", "driver", "link", "port", "vlan", "virtualport")
        ]
        shown.append((one.mac, one.address, values, sorted(foreign)))
    return sorted(shown, key=lambda item: item[0]), without_controllers(without_nics(text))


def without_controllers(text):
    """libvirt adds one where a NIC finds no place in the definition, and leaves it there."""
    root = ElementTree.fromstring(text)
    devices = root.find("devices")
    for controller in devices.findall("controller"):
        devices.remove(controller)
    return ElementTree.tostring(root)


def both(host, name="web1"):
    return {scope: seen(host, scope, name) for scope in ("persistent", "live")}


def go(host, *wishes, consent=()):
    params = {"domains": [{"name": "web1", "interfaces": list(wishes)}]}
    undo = way_back(DomainInterface(), params, host, consent)
    result = run(host, *wishes, consent=list(consent))
    assert not result["failed"], result
    return undo, result


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize("wished", WISHED)
@pytest.mark.parametrize("had", HAD)
def test_everything_comes_back(had, wished, running):
    host = host_with(HAD[had], running)
    before = both(host)
    undo, result = go(host, WISHED[wished], consent=["unplug:web1/front"])
    if not result["changed"]:
        assert undo.params is None
        return
    assert undo.uncovered == ()
    lead_back(domain_interface.main, host, undo)
    assert both(host) == before


@pytest.mark.parametrize("wished", ["full", "macvtap", "vf", "mac", "by QEMU"])
def test_after_a_replug_the_definition_comes_back_and_the_rest_is_said(wished):
    host = host_with(BRIDGE, True)
    before, replugged = both(host), nic(host, "live")
    undo, _result = go(host, WISHED[wished], consent=["replug:web1/front"])
    assert len(undo.uncovered) == 1 and "web1/front is unplugged and plugged in anew" in undo.uncovered[0]
    result = lead_back(domain_interface.main, host, undo)
    assert seen(host, "persistent") == before["persistent"] and nic(host, "live") != replugged
    assert result["pending"]
    host.libvirt.stop("web1")
    host.libvirt.start("web1")
    assert both(host) == before


def test_of_a_transient_guest_nothing_can_be_replugged_back():
    host = host_with(BRIDGE, True)
    host.libvirt.put("web1", persistent_xml=None)
    undo, _result = go(host, dict(BRIDGE, queues=2), consent=["replug:web1/front"])
    assert undo.params is None and len(undo.uncovered) == 1


def test_a_transient_guest():
    host = host_with(None, True)
    host.libvirt.put("web1", persistent_xml=None)
    undo, _result = go(host, BRIDGE)
    lead_back(domain_interface.main, host, undo)
    assert nics(host, "live") == []


@pytest.mark.parametrize("running", [False, True])
def test_an_adopted_nic_is_nobodys_again(running):
    host = host_with(None, False)
    define(host, "db1", UUID2, running=running, interfaces=nic_xml(MAC, bus=3, more=""))
    before = both(host, "db1")
    params = {"domains": [{"name": "db1", "interfaces": [dict(FULL, backend="vhost")]}]}
    undo = way_back(DomainInterface(), params, host)
    assert not run_all(host, *params["domains"])["failed"]
    assert undo.uncovered == ()
    lead_back(domain_interface.main, host, undo)
    assert both(host, "db1") == before and nics(host, "persistent", "db1")[0].name is None


def test_an_adopted_nic_that_was_removed_comes_back_without_a_name_in_its_place():
    host = host_with(None, False)
    foreign = "<driver name='vhost'/><filterref filter='clean-traffic'/><target dev='mytap'/>"
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3, more=foreign))
    params = {"domains": [{"name": "db1", "interfaces": [dict(ABSENT, mac=MAC)]}]}
    undo = way_back(DomainInterface(), params, host, ["unplug:db1/front"])
    assert not run_all(host, *params["domains"], consent=["unplug:db1/front"])["failed"]
    assert "<filterref>, <target>" in undo.uncovered[0] and "db1/front" in undo.uncovered[0]
    lead_back(domain_interface.main, host, undo)
    for scope in ("persistent", "live"):
        (back,) = nics(host, scope, "db1")
        assert (back.name, back.mac, back.address) == (None, MAC, "0000:03:00.0")


def test_another_type_loses_what_others_put_there_and_that_is_said():
    host = host_with(None, False)
    interfaces = nic_xml(MAC, 3, alias="ua-front", more="<driver name='vhost'/><filterref filter='f'/>")
    define(host, "db1", UUID2, interfaces=interfaces)
    params = {"domains": [{"name": "db1", "interfaces": [MACVTAP]}]}
    undo = way_back(DomainInterface(), params, host)
    assert undo.uncovered == (
        "NIC db1/front does not get back <filterref> of its persistent definition, for which this module has no parameter",
    )
    run_all(host, *params["domains"])
    lead_back(domain_interface.main, host, undo)
    assert nic(host, "persistent", name="db1").source == {"bridge": "br0"}


@pytest.mark.parametrize("kind, source", [("user", ""), ("vhostuser", "<source type='unix' path='/s'/>")])
def test_a_nic_for_which_there_are_no_parameters_is_said(kind, source):
    host = host_with(None, False)
    define(host, "db1", UUID2, interfaces=nic_xml(MAC, 3, kind, source, "ua-front"))
    undo = way_back(DomainInterface(), {"domains": [{"name": "db1", "interfaces": [BRIDGE]}]}, host)
    assert undo.params is None and "its type" in undo.uncovered[0]


def test_values_that_no_parameter_takes_are_left_out_and_said():
    host = host_with(None, False)
    more = "<driver name='vhost' rx_queue_size='128'/><mtu size='60'/>"
    define(host, "db1", UUID2, interfaces=nic_xml(MAC, 3, alias="ua-front", more=more))
    undo = way_back(DomainInterface(), {"domains": [{"name": "db1", "interfaces": [FULL]}]}, host)
    assert "<driver>, <mtu>" in undo.uncovered[0]
    item = undo.params["domains"][0]["interfaces"][0]
    assert "mtu" not in item and "rx_queue_size" not in item and item["queues"] == 1


def test_purge():
    host = host_with(None, True)
    second = dict(MACVTAP, name="back", mac=OTHER, queues=2)
    run(host, BRIDGE, second)
    before = both(host)
    consent = ["unplug:web1/back"]
    params = {"domains": [{"name": "web1", "purge": True, "interfaces": [BRIDGE]}]}
    undo = way_back(DomainInterface(), params, host, consent)
    assert not run(host, BRIDGE, purge=True, consent=consent)["failed"]
    assert len(nics(host, "live")) == 1
    lead_back(domain_interface.main, host, undo)
    assert both(host) == before


def test_definitions_that_differ_come_back_different():
    host = host_with(BRIDGE, True)
    for scope, bridge, link in (("live", "br1", "down"), ("persistent", "br0", "up")):
        assert not run_all(
            host,
            {"name": "web1", "scope": scope, "interfaces": [dict(BRIDGE, source={"bridge": bridge}, link_state=link)]},
        )["failed"]
    before = both(host)
    assert before["live"] != before["persistent"]
    undo, _result = go(host, dict(BRIDGE, source={"bridge": "br1"}, link_state="up", port_isolated=True))
    assert sorted(entry["scope"] for entry in undo.params["domains"]) == ["live", "persistent"]
    lead_back(domain_interface.main, host, undo)
    assert both(host) == before


@pytest.mark.parametrize("scope", ["live", "persistent"])
def test_a_nic_that_only_one_definition_had(scope):
    """The other one loses it again; and if the one did, it comes back there alone."""
    host = host_with(None, True)
    assert not run_all(host, {"name": "web1", "scope": scope, "interfaces": [BRIDGE]})["failed"]
    before = both(host)
    undo, _result = go(host, dict(BRIDGE, link_state="down"))
    lead_back(domain_interface.main, host, undo)
    assert both(host) == before
    undo, _result = go(host, ABSENT, consent=["unplug:web1/front"])
    lead_back(domain_interface.main, host, undo)
    assert both(host) == before


def test_a_nic_without_a_free_slot_is_defined_only_and_goes_again():
    host = host_with(None, True)
    before = both(host)
    undo, result = go(host, dict(BRIDGE, model="e1000"))
    assert result["pending"]
    lead_back(domain_interface.main, host, undo)
    assert [found[0] for found in both(host).values()] == [found[0] for found in before.values()] == [[], []]


def test_one_nic_in_the_place_of_another_in_a_full_guest():
    host = hypervisor()
    define(host, "db1", UUID2, running=True, ports=1)
    assert not run_all(host, {"name": "db1", "interfaces": [BRIDGE]})["failed"]
    before = both(host, "db1")
    wish = {"name": "db1", "interfaces": [ABSENT, dict(BRIDGE, name="back", mac=OTHER)]}
    consent = ["unplug:db1/front"]
    undo = way_back(DomainInterface(), {"domains": [wish]}, host, consent)
    result = run_all(host, wish, consent=consent)
    assert not result["failed"] and result["pending"] == [] and nic(host, "live", "back", "db1").mac == OTHER
    lead_back(domain_interface.main, host, undo)
    assert both(host, "db1") == before


def test_what_the_guest_does_not_give_up_is_reported():
    host = host_with(None, True)
    undo, _result = go(host, BRIDGE)
    host.libvirt.deaf.add("web1")
    result = run_all(host, *undo.params["domains"], consent=list(undo.consents))
    assert result["failed"] and "web1/front" in result["msg"] and "did not release" in result["msg"]
    host.libvirt.deaf.clear()
    lead_back(domain_interface.main, host, undo)


@pytest.mark.parametrize("name", ["$(id)", "..", "-rf", "a'b\"", "{{ x }}", "*", "<&>", "\u202e"])
def test_hostile_names_of_guests(name):
    host = host_with(None, False)
    define(host, name, UUID2, running=True)
    before = both(host, name)
    undo = way_back(DomainInterface(), {"domains": [{"uuid": UUID2, "interfaces": [BRIDGE]}]}, host)
    assert not run_all(host, {"uuid": UUID2, "interfaces": [BRIDGE]})["failed"]
    assert undo.consents == ("unplug:%s/front" % name,)
    lead_back(domain_interface.main, host, undo)
    assert both(host, name) == before


def test_a_guest_whose_name_no_consent_can_say_keeps_the_nic_till_it_stops():
    host = host_with(None, False)
    define(host, " x", UUID2, running=True)
    params = {"domains": [{"uuid": UUID2, "interfaces": [BRIDGE]}]}
    undo = way_back(DomainInterface(), params, host)
    assert not run_all(host, *params["domains"])["failed"]
    assert undo.consents == () and "begins with a blank" in undo.uncovered[0]
    lead_back(domain_interface.main, host, undo)
    assert nics(host, "persistent", " x") == [] and len(nics(host, "live", " x")) == 1


def test_what_others_changed_meanwhile_stays():
    host = host_with(FULL, False)
    undo, _result = go(host, dict(BRIDGE, queues=4))
    run(host, dict(BRIDGE, mtu=1400, boot_order=2))
    lead_back(domain_interface.main, host, undo)
    found = nic(host, "persistent")
    assert (found.queues, found.mtu) == (2, 1400) and found.element.find("boot").get("order") == "2"


def test_a_guest_that_was_started_meanwhile_loses_the_nic_too():
    host = host_with(None, False)
    undo, _result = go(host, BRIDGE)
    host.libvirt.start("web1")
    lead_back(domain_interface.main, host, undo)
    assert nics(host, "live") == nics(host, "persistent") == []


class Killed(BaseException):
    pass


@pytest.mark.parametrize("kill_at", range(1, 7))
@pytest.mark.parametrize("wished", ["moved", "full", "nothing", "vf"])
def test_killed_at_any_write_all_comes_back_and_the_same_run_still_converges(wished, kill_at):
    def fresh():
        host = host_with(BRIDGE, True)
        run(host, dict(MACVTAP, name="back", mac="52:54:00:00:00:cc"))
        return host

    wishes = [WISHED[wished], dict(MACVTAP, name="third", mac="52:54:00:00:00:dd"), {"name": "back", "state": "absent"}]
    consent = ["unplug:web1/front", "unplug:web1/back"]
    untouched = fresh()
    go(untouched, *wishes, consent=consent)
    host, count = fresh(), []
    before = both(host)
    undo = way_back(DomainInterface(), {"domains": [{"name": "web1", "interfaces": wishes}]}, host, consent)

    def kill(verb, name):
        count.append(verb)
        if len(count) == kill_at:
            raise Killed

    host.libvirt.on_call = kill
    try:
        run(host, *wishes, consent=consent)
    except Killed:
        pass
    host.lock.holder = ""
    host.libvirt.on_call = lambda verb, name: None
    lead_back(domain_interface.main, host, undo)
    assert both(host) == before
    assert not run(host, *wishes, consent=consent)["failed"]
    assert both(host) == both(untouched)


def test_no_secret_is_in_it():
    host = host_with(BRIDGE, True)
    for field in ("live_xml", "persistent_xml"):
        text = getattr(host.libvirt.get("web1"), field)
        secret = text.replace("<devices>", "<devices><graphics type='vnc' passwd='hunter2'/>")
        host.libvirt.put("web1", **{field: secret})
    undo, _result = go(host, VF, consent=["replug:web1/front"])
    assert "hunter2" not in json.dumps(undo.to_dict()) and "passwd" in host.libvirt.get("web1").persistent_xml


@pytest.mark.parametrize(
    "domains, path",
    [
        ([{"name": "web1", "scope": "running"}], "scope"),
        ([{"name": "web1", "scope": "live"}, {"name": "web1", "scope": "live"}], "domains[1]"),
        ([{"name": "web1"}, {"uuid": UUID2[:-1] + "1"}], "domains[1]"),
        (
            [{"name": "web1", "interfaces": [BRIDGE]}, {"name": "web1", "scope": "live", "interfaces": [BRIDGE]}],
            "front",
        ),
        ([{"name": "web1", "interfaces": [{**BRIDGE, "named": False, "mac": None}]}], "named"),
        ([{"name": "web1", "interfaces": [dict(BRIDGE, named="maybe")]}], "named"),
        ([{"name": "web1", "interfaces": [dict(BRIDGE, slot="3")]}], "slot"),
        ([{"name": "web1", "interfaces": [dict(BRIDGE, slot="../x")]}], "slot"),
        ([{"name": "web1", "interfaces": [dict(VF, backend="none")]}], ""),
    ],
)
def test_bad_input(domains, path):
    host = hypervisor()
    result = run_all(host, *domains)
    assert host.libvirt.writes == [] or not path
    assert result["failed"] == bool(path) and path in result.get("msg", "")


def test_what_one_definition_keeps_is_not_free_for_another_guest():
    host = host_with(VF, True)
    define(host, "db1", UUID2)
    wish = {"name": "db1", "interfaces": [dict(VF, name="edge", mac=OTHER)]}
    gone = {"name": "web1", "scope": "persistent", "interfaces": [ABSENT]}
    result = run_all(host, gone, wish)
    assert result["failed"] and "belongs to NIC web1/front already" in result["msg"] and host.libvirt.writes == []
    assert not run_all(host, dict(gone, scope="both"), wish, consent=["unplug:web1/front"])["failed"]


def test_an_adopted_nic_goes_from_the_running_guest_first_in_whatever_order_its_guest_is_listed():
    """The definition is what it is known by."""
    host = host_with(None, False)
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3))
    run_all(host, {"name": "db1", "interfaces": [BRIDGE]})
    host.libvirt.writes.clear()
    wishes = [{"name": "db1", "scope": scope, "interfaces": [ABSENT]} for scope in ("persistent", "live")]
    assert not run_all(host, *wishes, consent=["unplug:db1/front"])["failed"]
    assert [write[2] for write in host.libvirt.writes] == ["live", "config"]
