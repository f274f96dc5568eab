# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of Open vSwitch: interface ID, VLANs, limits."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MAC,
    UUID2,
    calls,
    define,
    fields,
    hypervisor,
    nic,
    run,
    run_all,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import nic_xml

ID1 = "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44"
ID2 = "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c45"
OVS = {"name": "front", "type": "bridge", "source": {"bridge": "br-ovs", "interface_id": ID1}, "mac": MAC}
LIMITS = {"inbound": {"average": 1000, "peak": 5000, "burst": 1024}, "outbound": {"average": 128}}


@pytest.fixture
def host():
    host = hypervisor()
    host.kernel.add("br-ovs", "openvswitch", up=True)
    host.kernel.add("br-two", "openvswitch", up=True)
    return host


def at_rest(host, wish, **more):
    """The second run: nothing is done and nothing written."""
    written = list(host.libvirt.writes)
    again = run(host, wish, **more)
    assert not again["failed"] and not again["changed"] and again["actions"] == [] and host.libvirt.writes == written
    return again


def port(host, scope):
    found = nic(host, scope)
    return found.interface_id, found.vlan, found.trunks, found.native_vlan, found.bandwidth


@pytest.mark.parametrize("running", [False, True])
@pytest.mark.parametrize(
    "more, shown",
    [
        ({}, (ID1, None, None, None, None)),
        ({"vlan": 5}, (ID1, 5, None, None, None)),
        ({"trunks": [20, 10]}, (ID1, None, [10, 20], None, None)),
        ({"trunks": [20], "native_vlan": 10}, (ID1, None, [10, 20], 10, None)),
        ({"vlan": 5, "bandwidth": LIMITS}, (ID1, 5, None, None, LIMITS)),
        ({"vlan": 0, "trunks": [], "bandwidth": {"inbound": "none"}}, (ID1, None, None, None, None)),
    ],
)
def test_a_port_is_made_and_then_left_alone(host, running, more, shown):
    if running:
        host.libvirt.start("web1")
    wish = dict(OVS, **more)
    checked = run(host, wish, check=True)
    assert checked["changed"] and host.libvirt.writes == []
    result = run(host, wish)
    assert not result["failed"] and result["actions"] == checked["actions"] and result["pending"] == []
    for scope in ("persistent", "live") if running else ("persistent",):
        assert port(host, scope) == shown
        assert nic(host, scope).element.find("virtualport").get("type") == "openvswitch"
    assert at_rest(host, wish)["pending"] == []


PORTS = [
    ({}, (None, None, None)),
    ({"vlan": 5}, (5, None, None)),
    ({"vlan": 6}, (6, None, None)),
    ({"trunks": [10, 20]}, (None, [10, 20], None)),
    ({"trunks": [10, 20], "native_vlan": 20}, (None, [10, 20], 20)),
    ({"trunks": [30], "native_vlan": 10}, (None, [10, 30], 10)),
    ({"trunks": [20, 40], "native_vlan": 20}, (None, [20, 40], 20)),
]


@pytest.mark.parametrize("before", [more for more, _shown in PORTS])
@pytest.mark.parametrize("after, shown", PORTS[1:] + [({"vlan": 0}, (None, None, None))])
def test_vlans_change_at_once_in_both_definitions(host, before, after, shown):
    host.libvirt.start("web1")
    run(host, dict(OVS, **before))
    slots = [nic(host, scope).address for scope in ("live", "persistent")]
    wish = dict(OVS, **after)
    result = run(host, wish)
    assert not result["failed"] and result["pending"] == []
    assert calls(host)[2:] == ([("update", "web1", "config"), ("update", "web1", "live")] if result["changed"] else [])
    assert port(host, "live")[1:4] == port(host, "persistent")[1:4] == shown
    assert [nic(host, scope).address for scope in ("live", "persistent")] == slots
    at_rest(host, wish)


def test_a_leftover_tag_on_a_linux_bridge_goes_with_the_next_start(host):
    more = "<driver name='vhost'/><vlan><tag id='5'/></vlan>"
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3, alias="ua-front", more=more))
    result = run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, vlan=0)]})
    assert fields(result) == [("db1/front", "persistent.vlan")]
    assert [(one["field"], one["current"], one["wanted"]) for one in result["pending"]] == [("vlan", 5, 0)]


def test_the_actions_of_a_tag_that_becomes_a_trunk(host):
    made = run(host, dict(OVS, vlan=5))["actions"][0]["after"]
    assert (made["interface_id"], made["vlan"]) == (ID1, 5) and "trunks" not in made
    result = run(host, dict(OVS, trunks=[10, 20], native_vlan=10))
    assert [(one["field"], one["before"], one["after"]) for one in result["actions"]] == [
        ("persistent.vlan", 5, 0),
        ("persistent.trunks", [], [10, 20]),
        ("persistent.native_vlan", 0, 10),
    ]


def test_what_is_left_out_is_left_alone(host):
    run(host, dict(OVS, trunks=[10, 20], native_vlan=10, bandwidth=LIMITS))
    at_rest(host, OVS)
    at_rest(host, dict(OVS, source={"bridge": "br-ovs", "virtualport": "openvswitch"}))
    assert port(host, "persistent") == (ID1, None, [10, 20], 10, LIMITS)
    at_rest(host, dict(OVS, bandwidth={"inbound": {"average": 1000}}))
    cleared = run(host, dict(OVS, trunks=[]))
    assert fields(cleared) == [("web1/front", "persistent.trunks")]
    assert port(host, "persistent") == (ID1, None, None, None, LIMITS)
    run(host, dict(OVS, vlan=5))
    at_rest(host, dict(OVS, trunks=[]))
    assert port(host, "persistent")[1] == 5


@pytest.mark.parametrize("source", [OVS["source"], BRIDGE["source"]])
def test_limits_change_at_once_in_both_definitions(host, source):
    host.libvirt.start("web1")
    base = dict(OVS, source=source)
    run(host, base)
    steps = [
        ({"inbound": {"average": 1000}}, {"inbound": {"average": 1000}}),
        (
            {"inbound": {"average": 1000, "peak": 2000}, "outbound": {"average": 5, "burst": 6}},
            {"inbound": {"average": 1000, "peak": 2000}, "outbound": {"average": 5, "burst": 6}},
        ),
        (
            {"inbound": {"average": 900, "peak": 0}},
            {"inbound": {"average": 900}, "outbound": {"average": 5, "burst": 6}},
        ),
        ({"outbound": "none"}, {"inbound": {"average": 900}}),
        ({"inbound": "none", "outbound": "none"}, None),
    ]
    for stated, shown in steps:
        wish = dict(base, bandwidth=stated)
        written = len(host.libvirt.writes)
        result = run(host, wish)
        assert fields(result) == [("web1/front", "persistent.bandwidth"), ("web1/front", "live.bandwidth")]
        assert calls(host)[written:] == [("update", "web1", "config"), ("update", "web1", "live")]
        assert result["pending"] == [] and port(host, "live")[4] == port(host, "persistent")[4] == shown
        at_rest(host, wish)
    assert nic(host, "live").element.find("bandwidth") is None


def test_limits_of_others_stay_when_a_nic_is_adopted(host):
    more = "<driver name='vhost'/><bandwidth><inbound average='1000'/><outbound average='7'/></bandwidth>"
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3, more=more))
    result = run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, bandwidth={"inbound": {"average": 5}})]})
    assert fields(result) == [
        ("db1/front", "persistent.name"),
        ("db1/front", "persistent.bandwidth"),
        ("db1/front", "live.bandwidth"),
    ]
    assert nic(host, "persistent", name="db1").bandwidth == {"inbound": {"average": 5}, "outbound": {"average": 7}}


@pytest.mark.parametrize(
    "wish, names",
    [
        (dict(OVS, source={"bridge": "br-ovs", "interface_id": ID2}), ["interface_id"]),
        (dict(OVS, source={"bridge": "br-two", "interface_id": ID1}), ["source"]),
        # a tag of the other bridge's would put the guest on a wrong network of this one
        (dict(OVS, source={"bridge": "br-two", "interface_id": ID1}, vlan=7), ["source", "vlan"]),
        (dict(BRIDGE), ["source", "virtualport"]),
    ],
)
@pytest.mark.parametrize("consent", [False, True])
def test_another_identity_or_bridge_comes_with_the_next_start_or_a_replug(host, wish, names, consent):
    host.libvirt.start("web1")
    run(host, dict(OVS, vlan=5) if "vlan" in wish else OVS)
    live = host.libvirt.get("web1").live_xml
    consents = ["replug:web1/front"] if consent else []
    result = run(host, wish, consent=consents)
    assert not result["failed"], result
    if consent:
        assert result["pending"] == [] and calls(host)[-2:] == [("detach", "web1", "live"), ("attach", "web1", "live")]
    else:
        assert [one["field"] for one in result["pending"]] == names
        assert host.libvirt.get("web1").live_xml == live and calls(host)[2:] == [("update", "web1", "config")]
        assert at_rest(host, wish)["pending"] == result["pending"]
        host.libvirt.stop("web1")
        host.libvirt.start("web1")
    assert at_rest(host, wish, consent=consents)["pending"] == []
    assert port(host, "live")[:2] == port(host, "persistent")[:2]


def test_from_a_linux_bridge_the_tag_waits_with_the_bridge(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    result = run(host, dict(OVS, vlan=5))
    names = ["source", "virtualport", "interface_id", "vlan"]
    assert fields(result) == [("web1/front", "persistent.%s" % name) for name in names]
    assert [one["field"] for one in result["pending"]] == names


def test_limits_do_not_wait_for_another_bridge(host):
    host.libvirt.start("web1")
    run(host, OVS)
    wish = dict(OVS, source={"bridge": "br-two", "interface_id": ID1}, bandwidth={"inbound": {"average": 5}})
    result = run(host, wish)
    assert [one["field"] for one in result["pending"]] == ["source"] and not result["failed"]
    assert nic(host, "live").bandwidth == {"inbound": {"average": 5}} and nic(host, "live").source["bridge"] == "br-ovs"


def test_an_interface_id_that_libvirt_made_up_is_left_alone(host):
    wish = dict(OVS, source={"bridge": "br-ovs", "virtualport": "openvswitch"})
    run(host, wish)
    made = nic(host, "persistent").interface_id
    assert made is not None
    at_rest(host, wish)
    run(host, dict(wish, vlan=5))
    assert nic(host, "persistent").interface_id == made


def other_ovs(identity=ID1):
    source = (
        "<source bridge='br-ovs'/><virtualport type='openvswitch'><parameters interfaceid='%s'/></virtualport>"
        % identity
    )
    return nic_xml("52:54:00:00:00:01", source=source)


def test_an_interface_id_of_another_nic_is_refused(host):
    define(host, "db1", UUID2, interfaces=other_ovs(ID1.upper()))
    refused = run(host, OVS)
    assert refused["failed"] and refused["error_kind"] == "conflict" and host.libvirt.writes == []
    assert "interfaces[0].source.interface_id" in refused["msg"] and ID1 in refused["msg"] and "db1" in refused["msg"]


def test_two_listed_nics_cannot_have_one_interface_id(host):
    define(host, "db1", UUID2)
    other = dict(OVS, mac="52:54:00:00:00:bb")
    result = run_all(host, {"name": "web1", "interfaces": [OVS]}, {"name": "db1", "interfaces": [other]})
    assert result["failed"] and result["error_kind"] == "value"
    assert result["problems"][0]["path"] == "domains[1].interfaces[0].source.interface_id"


def test_an_interface_id_that_a_running_nic_keeps_is_not_free(host):
    define(host, "db1", UUID2)
    host.libvirt.start("web1")
    run(host, OVS)
    wishes = [
        {"name": "web1", "interfaces": [dict(OVS, source={"bridge": "br-ovs", "interface_id": ID2})]},
        {"name": "db1", "interfaces": [dict(OVS, mac="52:54:00:00:00:bb")]},
    ]
    assert "web1/front" in run_all(host, *wishes)["msg"]
    assert not run_all(host, *wishes, consent=["replug:web1/front"])["failed"]
    assert nic(host, "persistent", name="db1").interface_id == ID1


def test_an_interface_id_is_free_when_its_nic_goes_to_a_linux_bridge(host):
    define(host, "db1", UUID2)
    run(host, OVS)
    result = run_all(
        host,
        {"name": "web1", "interfaces": [BRIDGE]},
        {"name": "db1", "interfaces": [dict(OVS, mac="52:54:00:00:00:bb")]},
    )
    assert not result["failed"], result
    assert nic(host, "persistent").interface_id is None and nic(host, "persistent", name="db1").interface_id == ID1


@pytest.mark.parametrize(
    "source, path, word",
    [
        ({"bridge": "br0", "interface_id": ID1}, "source.interface_id", "Linux bridge"),
        ({"bridge": "br0", "virtualport": "openvswitch"}, "source.virtualport", "Linux bridge"),
        ({"bridge": "br-ovs"}, "source.bridge", "interface_id"),
        ({"bridge": "enp2s0", "interface_id": ID1}, "source.bridge", "network card"),
    ],
)
def test_bridges_of_the_other_kind(host, source, path, word):
    result = run(host, dict(OVS, source=source))
    assert result["failed"] and result["error_kind"] == "value" and host.libvirt.writes == []
    assert [one["path"] for one in result["problems"]] == ["domains[0].interfaces[0]." + path]
    assert word in result["problems"][0]["message"]


def test_a_bridge_in_user_space_is_a_bridge(host):
    host.kernel.add("br-user", "tun", {"type": "tap"}, up=True)
    assert not run(host, dict(OVS, source={"bridge": "br-user", "interface_id": ID1}))["failed"]
    assert run(host, dict(BRIDGE, source={"bridge": "br-user"}))["failed"]


def test_a_bridge_that_an_earlier_step_makes_is_known_after_apply(host):
    wish = dict(OVS, source={"bridge": "br-new", "interface_id": ID1})
    assert "br-new" in run(host, wish)["msg"]
    checked = run(host, wish, check=True)
    assert not checked["failed"] and any("known after apply" in note for note in checked["notes"])


def test_bad_input_is_refused_before_any_read_or_write_and_all_at_once(host):
    host.libvirt.running = False
    bad = dict(
        OVS,
        source={"bridge": "br-ovs", "interface_id": "web1"},
        trunks=[0, 4095],
        native_vlan=4095,
        bandwidth={"inbound": {"peak": 1}, "outbound": "all"},
    )
    result = run(host, bad)
    assert result["failed"] and result["error_kind"] == "value"
    prefix = "domains[0].interfaces[0]."
    assert sorted(one["path"][len(prefix) :] for one in result["problems"]) == [
        "bandwidth.inbound.average",
        "bandwidth.outbound",
        "native_vlan",
        "source.interface_id",
        "trunks[0]",
        "trunks[1]",
    ]


def test_a_peak_of_what_the_guest_sends_is_a_note(host):
    peak = {"average": 5, "peak": 9}
    assert any("peak" in note for note in run(host, dict(OVS, bandwidth={"outbound": peak}))["notes"])
    for limits in ({"inbound": peak, "outbound": {"average": 5, "peak": 0}}, {"outbound": "none"}):
        assert not any("peak" in note for note in run(host, dict(OVS, bandwidth=limits))["notes"])


def test_what_a_port_gets_without_a_peak_is_no_limit_and_a_note(host):
    def told(wish):
        return [note for note in run(host, wish)["notes"] if "peak" in note]

    (note,) = told(dict(OVS, bandwidth={"inbound": {"average": 5}}))
    assert note.startswith("web1/front") and "inbound" in note
    (note,) = told(dict(OVS, bandwidth={"inbound": {"average": 5, "peak": 0}}))
    assert told(dict(OVS, bandwidth={"inbound": {"average": 5, "peak": 5}})) == []
    assert told(dict(OVS, bandwidth={"inbound": {"average": 5}})) == []  # the peak that is there is left alone
    assert told(dict(OVS, bandwidth={"outbound": {"average": 5}})) == []
    assert told(dict(BRIDGE, bandwidth={"inbound": {"average": 5, "peak": 0}})) == []


def test_a_live_change_that_libvirt_refuses_is_reported_and_the_definition_is_written(host):
    host.libvirt.start("web1")
    run(host, OVS)
    host.libvirt.on_call = lambda verb, name: host.libvirt.failures.update(
        {"update": "ovs-vsctl: timed out"} if ("update", "web1", "config") in calls(host) else {}
    )
    result = run(host, dict(OVS, vlan=5))
    assert result["failed"] and result["error_kind"] == "apply" and "timed out" in result["msg"]
    assert nic(host, "persistent").vlan == 5 and nic(host, "live").vlan is None
