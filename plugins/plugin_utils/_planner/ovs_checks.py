# SPDX-License-Identifier: GPL-3.0-or-later
"""What no single value shows about networks and NICs of Open vSwitch."""

from __future__ import annotations

from .ovs_mirrors import OF_ITS_OWN, an_uplink
from .ovs_schema import SWITCH_KEYS

_SHARED = ("datapath_type", "fail_mode")


def check_ovs_networks(networks, problems):
    """``networks``: what the schema read, without the entries that it refused."""
    for name in sorted(networks):
        switch = networks[name]["switch"] or {}
        here = problems.at(name)
        if switch.get("ovs") is not None:
            _check_network(networks[name], switch, here)
            continue
        for key in SWITCH_KEYS:
            if switch.get(key):
                here.at("switch").at(key).add(switch[key], "is for Open vSwitch only: it goes with ovs: NAME")
    _check_names(networks, problems)
    _check_mirrors(networks, problems)
    _check_shared(networks, problems)
    _check_vlans(networks, problems)


def _check_network(network, switch, problems):
    here = problems.at("switch")
    if len(network["uplinks"]) > 1:
        problems.at("uplinks").add(
            len(network["uplinks"]),
            "are too many for a bridge, which takes one: two uplinks in one bridge close a loop; bond them first",
        )
    if switch["isolated"] and switch["trunks"]:
        here.at("trunks").add(switch["trunks"], "do not go with isolated: an isolated guest has one VLAN, or none")
    if (switch["anti_spoofing"] or switch["isolated"]) and switch["fail_mode"] not in (None, "secure"):
        here.at("fail_mode").add(
            switch["fail_mode"],
            "would leave guests' ports open when the flows are lost: anti_spoofing and isolated need secure, leave it out",
        )


def _check_mirrors(networks, problems):
    uplinks, bridges, outputs = {}, {}, {}
    for name in sorted(networks):
        for uplink in networks[name]["uplinks"]:
            device = uplink["device"] if uplink is not None else None
            if device is not None and device.kind == "name":
                uplinks.setdefault(device.value, name)
        switch = networks[name]["switch"] or {}
        bridges.setdefault(switch.get("bridge") or switch.get("ovs"), name)
    for name, _network, switch in _of_open_vswitch(networks):
        port, here = switch["mirror_to"], problems.at(name).at("switch").at("mirror_to")
        if port is None:
            continue
        if port == switch["ovs"]:
            here.add(port, "is the bridge itself: %s" % OF_ITS_OWN)
        elif port in bridges:
            here.add(port, "is a bridge of network %s: %s" % (bridges[port], OF_ITS_OWN))
        elif port in uplinks:
            here.add(port, an_uplink(uplinks[port]))
        first = outputs.setdefault(port, (switch["ovs"], name))
        if first[0] != switch["ovs"]:
            here.add(port, "is a port of %s in network %s: a copy stays within its bridge %s" % (*first, switch["ovs"]))


def _check_names(networks, problems):
    linux = {}
    for name in sorted(networks):
        bridge = (networks[name]["switch"] or {}).get("bridge")
        if bridge is not None:
            linux.setdefault(bridge, name)
    for name in sorted(networks):
        ovs = (networks[name]["switch"] or {}).get("ovs")
        if ovs in linux and linux[ovs] != name:  # both in one network is told already
            problems.at(name).at("switch").at("ovs").add(
                ovs, "is a Linux bridge in network %s: one name is one device" % linux[ovs]
            )


def _of_open_vswitch(networks):
    for name in sorted(networks):
        switch = networks[name]["switch"] or {}
        if switch.get("ovs") is not None:
            yield name, networks[name], switch


def _check_shared(networks, problems):
    """What belongs to the bridge is one thing for all its networks."""
    stated, guarded = {}, {}
    for name, _network, switch in _of_open_vswitch(networks):
        if switch["anti_spoofing"] or switch["isolated"]:
            guarded.setdefault(switch["ovs"], name)
        for key in _SHARED:
            if switch[key] is None:
                continue
            first = stated.setdefault((switch["ovs"], key), (switch[key], name))
            if first[0] != switch[key]:
                problems.at(name).at("switch").at(key).add(
                    switch[key], "contradicts network %s, which states %s for the same bridge" % (first[1], first[0])
                )
    for name, _network, switch in _of_open_vswitch(networks):
        if switch["anti_spoofing"] or switch["isolated"] or switch["fail_mode"] in (None, "secure"):
            continue
        if switch["ovs"] in guarded:
            problems.at(name).at("switch").at("fail_mode").add(
                switch["fail_mode"],
                "contradicts network %s, whose anti_spoofing or isolated needs the same bridge to be secure"
                % guarded[switch["ovs"]],
            )


def _check_vlans(networks, problems):
    owners = {}
    for name, network, switch in _of_open_vswitch(networks):
        place = (switch["ovs"], network["vlan"], tuple(sorted(set(filter(None, switch["trunks"] or ())))))
        first = owners.setdefault(place, name)
        if first != name:
            problems.at(name).at("switch").at("ovs").add(
                switch["ovs"],
                "is the switch of network %s too, with the same VLANs or none: that is one network; let the guests name "
                "%s, or tell them apart by vlan" % (first, first),
            )


def check_ovs_interfaces(guests, networks, problems):
    """What NICs state that only a port of Open vSwitch has."""
    for index, guest in enumerate(guests):
        for at, nic in enumerate(guest["interfaces"] if guest else ()):
            network = networks.get(nic["network"]) if nic is not None else None
            if network is not None:
                _check_interface(nic, network["switch"] or {}, problems.at(index).at("interfaces").at(at))


def _check_interface(nic, switch, problems):
    if switch.get("ovs") is None:
        for key in ("addresses", "rate_limit", "trunks"):
            if nic[key]:
                problems.at(key).add(
                    nic[key],
                    "needs a port of Open vSwitch, and network %s has none: switch: {ovs: NAME}" % nic["network"],
                )
        return
    if nic["addresses"] and not switch["anti_spoofing"]:
        problems.at("addresses").add(
            nic["addresses"],
            "would be checked by nobody: network %s does not state anti_spoofing: true" % nic["network"],
        )
    if nic["trunks"] and switch["isolated"]:
        problems.at("trunks").add(nic["trunks"], "do not go with network %s, which is isolated" % nic["network"])
