# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as plain data: lists that the modules take as they are, and a report for each NIC."""

from __future__ import annotations

from .interface_xml import interface_xml
from .ovs_intent import trunks_of
from .ovs_side import bandwidth, interface_id
from .rules import BRIDGE, MACVTAP, OVS, SRIOV
from .sentences import reason
from .uplinks import vlan_device

TYPES = {
    SRIOV: "hostdev",
    MACVTAP: "direct",
    BRIDGE: "bridge",
    OVS: "bridge",
}  # libvirt, formatdomain, network interfaces


def empty(host, profile):
    """A plan that asks for nothing."""
    return {
        "host": host,
        "profile": profile,
        "notes": [],
        "pfs": [],
        "vfs": [],
        "vlans": [],
        "bridges": [],
        "ovs": {"bridges": [], "flows": []},
        "lower_devices": [],
        "domains": [],
        "housekeeping": "",
        "steering": {"devices": []},
        "interrupts": {"targets": []},
        "pinnings": [],
        "nics": [],
        "rules": [],
        "topology": {"nodes": [], "isolated": "", "cards": {}},
    }


def _without_none(entry):
    return {key: value for key, value in entry.items() if value is not None}


def _source(attached):
    place = attached.place
    if place.attachment == SRIOV:
        return {"pf": place.vf[0], "index": place.vf[1]}
    if place.attachment == MACVTAP:
        return {"device": place.lower, "mode": "bridge"}
    if place.attachment == OVS:
        return {"bridge": place.bridge, "interface_id": interface_id(attached)}
    return {"bridge": place.bridge}


def _queues(attached, seat):
    """The number of queues to state, or None: one is libvirt's own default."""
    queues = seat.queues.get(attached.nic.name) if seat is not None else None
    present = attached.interface.queues if attached.interface is not None else 1
    return None if queues is None or queues == present == 1 else queues


def _vlans(attached):
    """Stated in any case: a tag that was left over would put the NIC on another network."""
    network, attachment = attached.local.network, attached.place.attachment
    if attachment == OVS:
        trunks = trunks_of(network, attached.nic)
        if trunks:
            return {"trunks": list(trunks), "native_vlan": network.vlan or 0}
    return {"vlan": (network.vlan or 0) if attachment in (SRIOV, OVS) else 0}


def interface(attached, seat):
    """One NIC as the module domain_interface takes it; what it does not own on that attachment is left out."""
    network, place = attached.local.network, attached.place
    return _without_none(
        {
            "name": attached.nic.name,
            "type": TYPES[place.attachment],
            "source": _source(attached),
            "model": attached.model,
            # vhost or QEMU is a choice for virtio only, and libvirt keeps no such element for other models.
            "backend": attached.backend if attached.model == "virtio" else None,
            "queues": _queues(attached, seat),
            "mac": attached.mac,
            **_vlans(attached),
            # libvirt sets the MTU of bridge ports; a macvtap has that of its lower device (qemu_domain.c,
            # qemuDomainNetSupportsMTU).
            "mtu": network.mtu if place.attachment in (BRIDGE, OVS) else None,
            "bandwidth": bandwidth(attached.nic.port),
        }
    )


def domains(residents, interfaces, purge):
    """The guests that are defined here. ``interfaces``: ``{guest: [its NICs as domain_interface takes them]}``."""
    return [
        _without_none(
            {
                "name": resident.domain.name,
                "uuid": resident.domain.uuid,
                "interfaces": interfaces.get(resident.guest.name, []),
                "purge": purge,
            }
        )
        for resident in residents
        if resident.domain is not None
    ]


def nic(entry, wish, guest_node, where, flows):
    """The report of one NIC. ``wish``: what :func:`interface` made of it; ``where``: its :func:`alignment.alignment`;
    ``flows``: how many its port has, None without Open vSwitch.
    """
    place = entry.place
    domain = entry.resident.domain
    return {
        "guest": entry.nic.guest,
        "uuid": domain.uuid if domain is not None else entry.resident.guest.uuid,
        "name": entry.nic.name,
        "network": entry.nic.network,
        "attachment": place.attachment,
        "backend": entry.backend,
        "model": entry.model,
        "mac": entry.mac,
        "vlan": entry.local.network.vlan,
        "trunks": wish.get("trunks", []),
        "bridge": place.bridge,
        "interface_id": wish["source"].get("interface_id"),
        "flows": flows,
        "reason": reason(entry, guest_node),
        "rejected": [{"attachment": attachment, "reason": why} for attachment, why in entry.rejected],
        "numa_node": place.node,
        "vf": {"pf": place.vf[0], "index": place.vf[1]} if place.vf is not None else None,
        "status": entry.resident.status,
        "xml": interface_xml(wish, place.pci),
        **where,
    }


class HostSide:
    """What must exist on the host before its guests' NICs: VLAN subinterfaces, bridges, lower devices that are up and
    wide enough.
    """

    def __init__(self, problems):
        self._problems = problems
        self.vlans, self.bridges, self._lowers, self._ports = {}, {}, {}, {}

    def add(self, entry):
        place, network = entry.place, entry.local.network
        if place.attachment == BRIDGE:
            self._add_bridge(place, network)
        if place.uplink is None:
            return
        if place.attachment == MACVTAP or place.port is not None:
            self._add_lower(place.uplink, network)
            if network.vlan is not None and place.attachment != OVS:  # which tags by itself
                self._add_vlan(place.uplink.name, network)
        elif network.mtu is not None:  # a VF's MTU is at most its card's
            self._add_lower(place.uplink, network)

    def _add_bridge(self, place, network):
        found = self.bridges.setdefault(place.bridge, {"name": place.bridge})
        if place.port is not None:
            found["ports"] = [place.port]
            other = self._ports.setdefault(place.port, place.bridge)
            if other != place.bridge:
                self._problems.at(network.path).at("uplinks").add(
                    place.port,
                    "is to be a port of %s and of %s: a device is the port of one bridge" % (other, place.bridge),
                )

    def _add_lower(self, device, network):
        """MTUs only grow: a card serves all its networks."""
        mtu = self._lowers.get(device.name)
        if network.mtu is not None:
            mtu = max(network.mtu, mtu or 0, device.mtu or 0)
        self._lowers[device.name] = mtu

    def _add_vlan(self, uplink, network):
        name = vlan_device(uplink, network.vlan)
        found = self.vlans.setdefault(name, {"name": name, "lower": uplink, "id": network.vlan})
        if (found["lower"], found["id"]) != (uplink, network.vlan):
            self._problems.at(network.path).at("vlan").add(
                network.vlan,
                "needs the name %s on %s, which VLAN %d of %s has: give one of the two cards a shorter name"
                % (
                    name,
                    uplink,
                    found["id"],
                    found["lower"],
                ),
            )
        if network.mtu is not None:
            found["mtu"] = max(network.mtu, found.get("mtu", 0))

    def lower_devices(self):
        return [_without_none({"name": name, "up": True, "mtu": mtu}) for name, mtu in sorted(self._lowers.items())]


def sorted_values(entries):
    return [entries[key] for key in sorted(entries)]
