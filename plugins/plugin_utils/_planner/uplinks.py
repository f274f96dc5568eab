# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of the inventory on this host: which cards their uplinks are, and what each card is used for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from ...module_utils._model.fields import Problems
from ...module_utils._model.names import IFNAMSIZ, parse_own_interface_name
from .crosscheck import conflict
from .host_facts import Sriov
from .rules import BRIDGE, MACVTAP, OVS
from .selectors import resolve


@dataclass(frozen=True)
class LocalNetwork:
    """A network here. ``devices``: its uplinks' devices, in order of PCI address; ``beside``: those that the other
    networks of its Open vSwitch bridge list, where it lists none.
    """

    network: object
    devices: tuple
    beside: tuple = ()

    @property
    def switch(self):
        return OVS if self.network.ovs else BRIDGE if self.network.bridge else MACVTAP


def vlan_device(uplink, vlan):
    """The name of the VLAN subinterface, within the kernel's 15 characters: ``ens2.100``, or shortened with a hash of
    the uplink's name.
    """
    suffix = ".%d" % vlan
    name = uplink + suffix
    if len(name.encode("utf-8", "surrogatepass")) >= IFNAMSIZ:
        digest = hashlib.sha256(uplink.encode("utf-8", "surrogatepass")).hexdigest()[:4]
        head = uplink[: IFNAMSIZ - 1 - len(suffix) - 1 - len(digest)]
        name = "%s-%s%s" % (head, digest, suffix)
    try:
        return parse_own_interface_name(name)
    except ValueError:  # foreign device names may hold anything
        return "v-%s%s" % (hashlib.sha256(uplink.encode("utf-8", "surrogatepass")).hexdigest()[:6], suffix)


def _lookup(network, facts, problems):
    """The devices of a network, and ``{device name: (stated number of VFs, path)}``."""
    devices, stated = {}, {}
    for uplink in network.uplinks:
        here = problems.at(uplink.path)
        try:
            found = resolve(uplink.selector, facts)
        except ValueError as error:
            here.at("device").add(str(uplink.selector), str(error))
            continue
        for device in found:
            if device.name in devices:
                here.at("device").add(
                    str(uplink.selector), "means %s, which another uplink of this network means too" % device.name
                )
            devices[device.name] = device
            if uplink.vfs is not None:
                stated[device.name] = (uplink.vfs, uplink.path)
                _check_count(uplink.vfs, device, here.at("vfs"))
    ordered = tuple(sorted(devices.values(), key=lambda device: (device.pci or "~", device.name)))
    if (network.bridge or network.ovs) and len(ordered) > 1:
        problems.at(network.path).at("uplinks").add(
            ", ".join(device.name for device in ordered),
            "are too many for a bridge, which takes one: two uplinks in one bridge close a loop",
        )
    return LocalNetwork(network, ordered), stated


def _check_count(vfs, device, problems):
    if device.sriov is None and vfs > 0:
        problems.add(
            vfs,
            "is more than %s has: it shows no SR-IOV capability; turn SR-IOV on in the firmware, or leave vfs out"
            % device.name,
        )
    elif isinstance(device.sriov, Sriov) and device.sriov.total is not None and vfs > device.sriov.total:
        problems.add(vfs, "is more than %s has: allowed are 0 to %d" % (device.name, device.sriov.total))


def look_up(intent, facts, used, problems, notes):
    """``({name: LocalNetwork}, {device name: stated number of VFs})`` for the networks that this host needs.

    ``used``: names of the networks that its guests use. The others matter only for the numbers of VFs that they state;
    where their uplinks
    are not on this host, that is a note, not a problem.
    """
    networks, counts, kinds, bridges = {}, {}, {}, {}
    for name in sorted(intent.networks):
        network = intent.networks[name]
        if name not in used and not any(uplink.vfs is not None for uplink in network.uplinks):
            continue
        found = []
        local, stated = _lookup(network, facts, problems if name in used else Problems("", found))
        if found:
            notes += sorted(_not_done(name, problem) for problem in found)
            continue
        networks[name] = local
        for device in local.devices:
            first = kinds.setdefault(device.name, local)
            if first.switch != local.switch:
                problems.at(network.path).at("uplinks").add(
                    device.name, conflict(local.switch, first.switch, first.network.name)
                )
            _check_bridge(local, device, bridges, problems)
        for device, (vfs, path) in stated.items():
            first = counts.setdefault(device, (vfs, name))
            if first[0] != vfs:
                problems.at(path).at("vfs").add(
                    vfs, "contradicts network %s, which states %d for %s" % (first[1], first[0], device)
                )
    return _with_neighbours(networks, used), {device: vfs for device, (vfs, name) in counts.items()}


def _with_neighbours(networks, used):
    shared = {}
    for name, local in networks.items():
        if name in used and local.switch == OVS:
            for device in local.devices:
                shared.setdefault(local.network.ovs.bridge, {})[device.name] = device
    return {
        name: replace(local, beside=tuple(shared.get(local.network.ovs.bridge, {}).values()))
        if local.switch == OVS and not local.devices
        else local
        for name, local in networks.items()
    }


def _check_bridge(local, device, bridges, problems):
    """One bridge for all Open vSwitch networks of a device, one device for all of a bridge. ``bridges``: ``{bridge or
    device: (the other, network)}``, filled here.
    """
    if local.switch != OVS:
        return
    network = local.network
    here = problems.at(network.path).at("uplinks")
    bridge, uplink = ("bridge", network.ovs.bridge), ("device", device.name)
    first = bridges.setdefault(bridge, (device.name, network.name))
    if first[0] != device.name:
        here.add(
            device.name,
            "is a second uplink of %s, which has %s in network %s: two uplinks in one bridge close a loop; bond them"
            % (network.ovs.bridge, *first),
        )
    first = bridges.setdefault(uplink, (network.ovs.bridge, network.name))
    if first[0] != network.ovs.bridge:
        here.add(
            device.name,
            "is to be a port of %s, and of %s in network %s: a device is the port of one bridge"
            % (network.ovs.bridge, *first),
        )


def _not_done(name, problem):
    what = problem.path.rsplit(".", 1)[-1]
    return "no guest here uses network %s, so this is left: %s %s %s" % (name, what, problem.value, problem.message)
