# SPDX-License-Identifier: GPL-3.0-or-later
"""What no single value shows: names that occur twice, references to nothing, wishes that exclude each other."""

from __future__ import annotations

from .macs import made_mac
from .profiles import BUILT_IN, built_in, derived
from .rules import BRIDGE, MACVTAP, OVS
from .yaml_traps import did_you_mean


def _listed(names):
    return ", ".join(sorted(names)) or "none"


def check_networks(networks, raw, problems):
    """``networks``: what the schema read, without the entries that it refused. ``raw``: what the user wrote."""
    for name, network in networks.items():
        here = problems.at(name)
        switch = network["switch"]
        bridge = (switch or {}).get("bridge")
        if not raw[name].get("uplinks") and "switch" not in raw[name]:
            here.add(None, "leads nowhere: give it uplinks, a switch, or both")
        if raw[name].get("switch") == {}:
            here.at("switch").add({}, "names no switch: expected {bridge: NAME} or {ovs: NAME}")
        if bridge and switch["ovs"] is not None:
            here.at("switch").add(dict(switch), "names two kinds of switch: a network has one")
        if bridge and len(network["uplinks"]) > 1:
            here.at("uplinks").add(
                len(network["uplinks"]),
                "are too many for a bridge, which takes one: two uplinks in one bridge close a loop; bond them first",
            )
        if bridge and network["vlan"] is not None and not network["uplinks"]:
            here.at("vlan").add(
                network["vlan"],
                "needs the uplink on which %s takes that VLAN: list it under uplinks, or leave vlan out where the "
                "bridge has it already" % bridge,
            )
    _check_bridges(networks, problems)
    _check_uplinks(networks, problems)


def _check_bridges(networks, problems):
    owners = {}
    for name in sorted(networks):
        bridge = (networks[name]["switch"] or {}).get("bridge")
        if bridge is not None:
            first = owners.setdefault(bridge, name)
            if first != name:
                problems.at(name).at("switch").at("bridge").add(
                    bridge,
                    "is the switch of network %s too: a bridge is one network; let the guests name %s" % (first, first),
                )


def _check_uplinks(networks, problems):
    counts, kinds, bridges = {}, {}, {}
    for name in sorted(networks):
        network, seen = networks[name], set()
        switch = network["switch"] or {}
        kind = BRIDGE if switch.get("bridge") else OVS if switch.get("ovs") else MACVTAP
        for index, uplink in enumerate(network["uplinks"]):
            if uplink is None or uplink["device"] is None:
                continue
            here = problems.at(name).at("uplinks").at(index)
            device = uplink["device"]
            if device in seen:
                here.at("device").add(str(device), "occurs twice in this network: each uplink may be listed once")
                continue
            seen.add(device)
            if uplink["vfs"] is not None:
                first = counts.setdefault(device, (uplink["vfs"], name))
                if first[0] != uplink["vfs"]:
                    here.at("vfs").add(
                        uplink["vfs"],
                        "contradicts network %s, which states %d for the same card" % (first[1], first[0]),
                    )
            first = kinds.setdefault(device, (kind, name))
            if first[0] != kind:
                here.at("device").add(str(device), conflict(kind, first[0], first[1]))
            elif kind == OVS:
                held = bridges.setdefault(device, (switch["ovs"], name))
                if held[0] != switch["ovs"]:
                    here.at("device").add(
                        str(device),
                        "is the port of Open vSwitch bridge %s in network %s: a device is the port of one bridge, which "
                        "tells the networks apart by their VLANs" % held,
                    )
            elif kind == BRIDGE:
                held = bridges.setdefault((device, network["vlan"]), (switch["bridge"], name))
                if held[1] != name:
                    here.at("device").add(
                        str(device),
                        "is the port of bridge %s in network %s, with the same VLAN or none: a device has one bridge"
                        % held,
                    )


def conflict(kind, other_kind, other):
    """The sentence for an uplink that two networks use with different switches."""
    words = {BRIDGE: "a port of a bridge", MACVTAP: "the parent of macvtaps", OVS: "a port of an Open vSwitch bridge"}
    return (
        "is %s here and %s in network %s: an uplink has one kind of switch; give both networks the same kind, or "
        "another card"
        % (
            words[kind],
            words[other_kind],
            other,
        )
    )


def check_guests(guests, networks, problems):
    """``networks``: every name that the user wrote, also of networks that are wrong; None when even that is unknown."""
    names, uuids = {}, {}
    for index, guest in enumerate(guests):
        if guest is None:
            continue
        here = problems.at(index)
        for key, seen in (("name", names), ("uuid", uuids)):
            if guest[key] is None:
                continue
            if guest[key] in seen:
                here.at(key).add(guest[key], "occurs twice: it is vnic_guests[%d]'s too" % seen[guest[key]])
            seen.setdefault(guest[key], index)
        _check_interfaces(guest, networks, here.at("interfaces"))


def _check_interfaces(guest, networks, problems):
    seen = {}
    for index, nic in enumerate(guest["interfaces"]):
        if nic is None:
            continue
        here = problems.at(index)
        if nic["name"] is not None:
            if nic["name"] in seen:
                here.at("name").add(
                    nic["name"],
                    "occurs twice in guest %s: it is interfaces[%d]'s too" % (guest["name"], seen[nic["name"]]),
                )
            seen.setdefault(nic["name"], index)
        if networks is not None and nic["network"] is not None and nic["network"] not in networks:
            here.at("network").add(
                nic["network"],
                "is no network of vnic_networks:%s defined are %s"
                % (did_you_mean(nic["network"], networks), _listed(networks)),
            )
        if nic["backend"] == "vhost" and nic["model"] not in (None, "virtio"):
            here.at("backend").add(
                "vhost",
                "cannot serve model %s: vhost-net serves virtio only; leave backend out, or take qemu" % nic["model"],
            )


def check_macs(guests, prefix, problems):
    """Stated addresses that occur twice, and those that are made for another NIC; returns the stated ones by NIC."""
    stated, owners, unstated = {}, {}, {}
    for index, guest in enumerate(guests):
        for at, nic in enumerate(guest["interfaces"] if guest else ()):
            if nic is None or guest["name"] is None or nic["name"] is None:
                continue
            pair = (guest["name"], nic["name"])
            if nic["mac"] is None:
                unstated.setdefault(pair, None)
                continue
            here = problems.at(index).at("interfaces").at(at).at("mac")
            if nic["mac"] in owners:
                here.add(nic["mac"], "occurs twice: it is the address of %s/%s too" % owners[nic["mac"]])
            owners.setdefault(nic["mac"], pair)
            stated.setdefault(pair, (nic["mac"], here))
    if owners:
        for pair in unstated:
            mac = made_mac(pair[0], pair[1], prefix)
            if mac in owners and owners[mac] in stated:
                stated[owners[mac]][1].add(mac, "is the address that is made for %s/%s: take another" % pair)
    return {pair: mac for pair, (mac, here) in stated.items()}, list(unstated)


def choose_profile(read, problems):
    """The profile that holds here, or None with the problem recorded. Every profile of the inventory is checked, used
    or not.
    """
    own, done = read["profiles"], {}
    for name in own:
        here = problems.at("vnic_profiles").at(name)
        if name in BUILT_IN:
            here.add(name, "is the name of a built-in profile: choose another and let it extend that")

    def profile(name, here, trail):
        if name in BUILT_IN:
            return built_in(name)
        if name in done:
            return done[name]
        if name in trail:
            here.add(name, "extends itself, by way of %s" % ", ".join(trail))
            return None
        if name not in own:
            known = set(BUILT_IN) | set(own)
            here.add(name, "is no profile:%s there are %s" % (did_you_mean(name, known), _listed(known)))
            return None
        entry = own[name]
        base = profile(entry["extends"], problems.at("vnic_profiles").at(name).at("extends"), trail + (name,))
        done[name] = None
        if base is not None:
            done[name] = derived(name, entry, base)
            _check_profile(done[name], problems.at("vnic_profiles").at(name).at("rules"))
        return done[name]

    for name in sorted(own):
        if name not in done and name not in BUILT_IN:
            profile(name, problems.at("vnic_profiles").at(name), ())
    return profile(read["profile"], problems.at("vnic_profile"), ())


def _check_profile(profile, problems):
    attachments = profile.attachments
    if not attachments:
        problems.at("attachments").at("value").add([], "leaves no attachment: list at least one")
    if len(set(attachments)) != len(attachments):
        problems.at("attachments").at("value").add(list(attachments), "lists an attachment twice")
    if profile.backend == "vhost" and profile.model != "virtio":
        problems.at("backend").add(
            "vhost", "cannot serve model %s: vhost-net serves virtio only; state backend qemu too" % profile.model
        )
