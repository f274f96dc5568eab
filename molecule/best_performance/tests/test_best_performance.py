# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt, the kernel and the guests show in the end."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree


def interfaces(host, guest, *scope):
    devices = ElementTree.fromstring(host.check_output("virsh dumpxml %s %s" % (guest, " ".join(scope))))
    return {each.find("alias").get("name"): each for each in devices.findall("devices/interface")}


def pci(interface):
    address = interface.find("source/address")
    return "%s:%s.%s" % (address.get("bus")[2:], address.get("slot")[2:], address.get("function")[2:])


def test_the_first_guest_answered_all_the_while(host):
    pings = host.file("/run/mol-first.pings").content_string
    sent, received = map(int, re.search(r"(\d+) packets transmitted, (\d+) received", pings).groups())
    assert sent > 20 and received >= sent - 1  # the last one may be under way when ping is interrupted


def test_the_first_guest_has_one_nic_left_in_both_definitions(host):
    for scope in ((), ("--inactive",)):
        assert list(interfaces(host, "mol-first", *scope)) == ["ua-front"]


def test_two_running_guests_have_two_virtual_functions(host):
    functions = {guest: pci(interfaces(host, guest)["ua-front"]) for guest in ("mol-first", "mol-second")}
    assert len(set(functions.values())) == 2
    for guest, address in (("mol-first", "10.78.2.11"), ("mol-second", "10.78.2.12")):
        assert host.run("ping -c 3 -W 3 %s" % address).rc == 0
        drivers = [
            nic["driver"] for nic in json.loads(host.check_output("lab-guest report %s --wait 20" % guest))["nics"]
        ]
        assert drivers == ["igbvf"]


def test_the_third_guests_macvtaps_name_vhost_and_a_mode(host):
    third = interfaces(host, "mol-third")
    for name, lower in (("ua-front", "ens2"), ("ua-back", "enp1s0.200")):
        assert third[name].get("type") == "direct"
        assert (third[name].find("source").get("dev"), third[name].find("source").get("mode")) == (lower, "bridge")
        assert third[name].find("driver").get("name") == "vhost"
    link = json.loads(host.check_output("ip -d -j link show dev enp1s0.200"))[0]
    assert link["linkinfo"]["info_data"]["id"] == 200 and link["mtu"] == 1400


def test_the_bridge_that_was_there_is_still_there(host):
    assert host.run("ip link show dev mol-br").rc == 0
