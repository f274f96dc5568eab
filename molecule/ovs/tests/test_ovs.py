# SPDX-License-Identifier: GPL-3.0-or-later
"""What Open vSwitch, libvirt and the guests show after everything: restarts, a purge, a daemon that died and one that hung."""

from __future__ import annotations

import json
import uuid
from xml.etree import ElementTree

import pytest

WORDS = {"owner": 'a "quoted" word, [a list], {a set}, \\ and a=b;', "set": "-- del-br mol-ovs"}
VLANS = {"52:54:00:aa:08:01": 20, "52:54:00:aa:08:02": 30, "52:54:00:aa:08:03": 20, "52:54:00:aa:08:04": 30}
LIMITED = "52:54:00:aa:08:01"
# In 1000 bytes a second: 100 and 50 Mbit/s
LIMITS = {"inbound": {"average": "12500", "peak": "12500"}, "outbound": {"average": "6250"}}


def plain(value):
    """OVSDB's JSON (RFC 7047, 5.1): a map as a dict, a set as a list, the rest as it is."""
    if isinstance(value, list) and value and value[0] == "map":
        return dict(value[1])
    if isinstance(value, list) and value and value[0] == "set":
        return value[1]
    return value


@pytest.fixture(scope="module")
def tables(host):
    """``{table: {name: {column: value}}}``."""
    names = ("Bridge", "Port", "Interface", "Mirror")
    answers = host.check_output(
        "ovs-vsctl --timeout=20 --format=json %s" % " -- ".join("list " + name for name in names)
    ).splitlines()
    found = {}
    for name, answer in zip(names, map(json.loads, answers)):
        rows = [dict(zip(answer["headings"], map(plain, row))) for row in answer["data"]]
        found[name] = {row["name"]: row for row in rows}
    return found


def guests_ports(tables):
    """``{MAC: (interface, port)}``."""
    known = {row["external_ids"].get("attached-mac"): row for row in tables["Interface"].values()}
    return {mac: (known[mac], tables["Port"][known[mac]["name"]]) for mac in VLANS}


def test_the_guests_ports_have_their_vlans_and_no_error(tables):
    for mac, (interface, port) in guests_ports(tables).items():
        assert port["tag"] == VLANS[mac]
        assert interface["error"] == [] and interface["ofport"] > 0


def test_libvirts_definitions_hold_vlan_and_interface_id(host, tables):
    """In the running definitions as in those of the next start."""
    dumps = [
        "virsh dumpxml %s %s" % (guest, scope) for guest in ("mol-first", "mol-second") for scope in ("", "--inactive")
    ]
    domains = ElementTree.fromstring("<all>%s</all>" % host.check_output(" && ".join(dumps))).findall("domain")
    for start in range(2):
        seen = {}
        for interface in (each for domain in domains[start::2] for each in domain.findall("devices/interface")):
            mac = interface.find("mac").get("address")
            assert interface.find("virtualport").get("type") == "openvswitch"
            assert interface.find("driver").get("name") == "vhost"
            assert int(interface.find("vlan/tag").get("id")) == VLANS[mac]
            limits = {limit.tag: dict(limit.attrib) for limit in interface.findall("bandwidth/*")}
            assert limits == (LIMITS if mac == LIMITED else {})
            seen[mac] = uuid.UUID(interface.find("virtualport/parameters").get("interfaceid"))
        ports = {
            mac: uuid.UUID(interface["external_ids"]["iface-id"])
            for mac, (interface, _port) in guests_ports(tables).items()
        }
        assert seen == ports and len(set(seen.values())) == len(VLANS)


def test_a_limit_is_in_the_kernel_in_both_directions(host, tables):
    """An average alone is what a port is to get at least: the most would be what the tap says of its speed."""
    interface, _port = guests_ports(tables)[LIMITED]
    assert interface["ingress_policing_rate"] == 50000  # kbit/s
    classes = host.check_output("tc class show dev %s" % interface["name"]).splitlines()
    assert classes and all(" ceil 100Mbit " in line for line in classes)


def test_a_networks_packets_are_copied_to_its_port(tables):
    mirror = tables["Mirror"]["kvm-vnic-blue"]
    assert mirror["select_all"] is True and mirror["select_vlan"] == 30
    assert mirror["output_port"] == tables["Port"]["mol-copy"]["_uuid"]
    assert mirror["statistics"]["tx_packets"] > 0


def test_the_guests_bridge_has_a_controller_that_nobody_runs(tables):
    bridge = tables["Bridge"]["mol-ovs"]
    assert bridge["controller"] != [] and bridge["fail_mode"] == "secure"
    assert bridge["other_config"]["disable-in-band"] == "true"


def test_who_answers_whom(host):
    """The same VLAN's guest does; another VLAN's, or one that forges its address, does not."""
    pairs = ((20, "10.78.8.11"), (30, "10.78.10.12"), (20, "10.78.10.12"), (30, "10.78.8.11"), (20, "10.78.9.12"))
    pings = ["ip netns exec mol-near%d ping -q -c 3 -i 0.3 -W 2 %s >/dev/null; echo $?" % pair for pair in pairs]
    assert host.check_output("; ".join(pings)).split() == ["0", "0", "1", "1", "1"]


def test_a_guest_never_reached_one_of_another_vlan(host):
    ping = json.loads(host.check_output("lab-guest report mol-first --wait 20"))["ping"]
    assert ping["address"] == "10.78.8.12" and ping["sent"] > 5 and ping["received"] == 0


def test_an_isolated_guest_never_reached_one_of_its_own_vlan(host):
    """Both answer the end behind the uplink, as the steps before saw."""
    ping = json.loads(host.check_output("lab-guest report mol-second --wait 20"))["ping"]
    assert ping["address"] == "10.78.10.11" and ping["sent"] > 5 and ping["received"] == 0


def test_the_changed_bridge_is_as_last_wished(tables):
    bridge = tables["Bridge"]["mol-extra"]
    names = {row["_uuid"][1]: name for name, row in tables["Port"].items()}
    ports = bridge["ports"] if isinstance(bridge["ports"][0], list) else [bridge["ports"]]
    assert sorted(names[port[1]] for port in ports) == ["mol-bond", "mol-extra", "mol-in"]
    assert bridge["fail_mode"] == "secure"  # omitted in the change: left alone
    assert bridge["mirrors"] == []
    assert bridge["controller"] != []
    assert tables["Port"]["mol-in"]["tag"] == 12
    assert tables["Port"]["mol-bond"]["bond_mode"] == "balance-slb"
    assert "mol-other" not in tables["Bridge"]


def test_words_arrived_as_they_are_and_others_keys_stayed(tables):
    for row in (tables["Bridge"]["mol-extra"], tables["Port"]["mol-in"]):
        assert {key: row["external_ids"].get(key) for key in WORDS} == WORDS
    assert tables["Bridge"]["mol-extra"]["external_ids"]["theirs"] == "kept"


def test_the_purged_table_holds_what_was_wished_alone(host):
    flows = [
        line.split("priority=")[1]
        for line in host.check_output("ovs-ofctl --no-stats dump-flows mol-extra").splitlines()
        if "priority=" in line
    ]
    assert sorted(flows) == ["100,ip,nw_dst=192.0.2.0/24 actions=group:1", "90,arp,in_port=LOCAL actions=NORMAL"]


def test_the_service_runs_and_starts_at_every_boot(host):
    assert host.check_output(
        "systemctl is-active openvswitch-switch && systemctl is-enabled openvswitch-switch"
    ).split() == ["active", "enabled"]
