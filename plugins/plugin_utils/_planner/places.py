# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on this host a NIC goes, attachment by attachment, or why it cannot go there."""

from __future__ import annotations

from .ovs_places import find_ovs
from .place_of import Place
from .rules import BRIDGE, MACVTAP, SRIOV
from .uplinks import vlan_device


class Places:
    """Answers for one host. Each of the four returns ``(Place, None)`` or ``(None, reason)``."""

    def __init__(self, facts, pools):
        self._facts = facts
        self._pools = pools
        self._bridges = {}

    def host_refuses_vfs(self):
        """Why no VF at all can be passed through on this host, or None."""
        if self._facts.iommu is None:
            return "whether this host's IOMMU is on could not be read, and without it no VF can be passed through"
        if not self._facts.iommu:
            return (
                "this host has no IOMMU turned on: turn VT-d or AMD-Vi on in the firmware, and on an Intel host "
                "intel_iommu=on on the kernel's command line (vnic_boot_parameters)"
            )
        if self._facts.interrupt_remapping is None:
            return (
                "whether this host remaps interrupts could not be read, and without that passing a VF through is unsafe"
            )
        if not self._facts.interrupt_remapping:
            # drivers/vfio/vfio_iommu_type1.c, vfio_iommu_type1_attach_group: refused unless allow_unsafe_interrupts
            return "interrupt remapping is missing on this host: a guest could forge interrupts, so that vfio refuses"
        return None

    def kept_vf(self, nic, local, interface):
        place = self._pools.keep(local, interface, str(nic))
        return self._vf_place(place) if place else None

    def new_vf(self, nic, local, node):
        place = self._pools.allocate(local, node, str(nic))
        if place is None:
            return None, "; ".join(pool.exhausted() for pool in self._pools.of(local))
        return self._vf_place(place), None

    def _vf_place(self, place):
        pool = self._pools.pool(place[0])
        return Place(SRIOV, uplink=pool.device, vf=place, pci=pool.pci(place[1]), node=pool.node(place[1]))

    def unreachable_host(self, network, device):
        """Why a guest on a VF of ``device`` could not reach this host, or None. Its packets do reach an address of the
        card itself.
        """
        if network.vlan is not None:
            device = self._facts.device(vlan_device(device.name, network.vlan))
        if device is not None and device.addresses:
            return None
        return "requires host_access: this host has no known address on %s that a VF could reach" % network.name

    def macvtap(self, local, node, interface):
        """Of several usable uplinks: the one that the NIC's macvtap stands on already, else one on the guest's node,
        else the first.
        """
        usable, reasons = [], []
        for device in local.devices:
            lower = device.name if local.network.vlan is None else vlan_device(device.name, local.network.vlan)
            reason = self._no_parent(device, lower)
            if reason:
                reasons.append(reason)
            else:
                usable.append(Place(MACVTAP, uplink=device, lower=lower, node=device.node))
        if not usable:
            return None, "; ".join(reasons)
        kept = interface.lower if interface is not None else None
        return min(usable, key=lambda place: (place.lower != kept, node is not None and place.node != node)), None

    def _no_parent(self, device, lower):
        if device.master == "unknown":
            return "whether uplink %s is a port of something could not be read" % device.name
        if device.master is not None:
            return "uplink %s is a port of %s, so it cannot be the parent of macvtaps" % (device.name, device.master)
        return self._no_vlan(device, lower)

    def _no_vlan(self, device, lower):
        existing = self._facts.device(lower)
        if existing is None or lower == device.name:
            return None
        if existing.kind != "vlan" or existing.lower not in (None, device.name):
            return "%s exists and is no VLAN subinterface of %s" % (lower, device.name)
        return None

    def ovs(self, local):
        return self._once(local, lambda uplink: find_ovs(self._facts, local, uplink))

    def bridge(self, local):
        return self._once(local, lambda uplink: self._find_bridge(local.network, uplink))

    def _once(self, local, find):
        """What ``find`` tells of a network's bridge and its only uplink, or None for none."""
        name = local.network.name
        if name not in self._bridges:
            self._bridges[name] = find(local.devices[0] if local.devices else None)
        return self._bridges[name]

    def _find_bridge(self, network, uplink):
        name = network.bridge
        existing = self._facts.device(name)
        if name in self._facts.ovs_bridges:
            return None, "%s is an Open vSwitch bridge on this host: write switch: {ovs: %s}" % (name, name)
        if existing is not None and existing.kind != "bridge":
            return None, "%s exists on this host and is a %s, no bridge" % (name, existing.kind or "network card")
        if uplink is None:
            return self._bridge_as_it_is(name), None
        port = uplink.name if network.vlan is None else vlan_device(uplink.name, network.vlan)
        holder = self._facts.device(port)
        master = holder.master if holder is not None else None
        reason = self._no_vlan(uplink, port)
        if reason:
            return None, reason
        if master == name or ((existing is None or existing.ours) and master is None):
            return Place(BRIDGE, uplink=uplink, bridge=name, port=port, node=uplink.node), None
        if existing is None:
            return None, "bridge %s does not exist, and %s, which would be its port, is %s" % (
                name,
                port,
                "of unknown use" if master == "unknown" else "a port of %s" % master,
            )
        if network.vlan is not None:
            return None, "bridge %s exists without the port %s: its guests might be on another VLAN than %d" % (
                name,
                port,
                network.vlan,
            )
        remark = "bridge %s exists and is used as it is: %s is not among its ports, and is not made one" % (name, port)
        return Place(BRIDGE, bridge=name, node=self._node_of_ports(name), remark=remark), None

    def _bridge_as_it_is(self, name):
        ports = [device for device in self._facts.ports(name) if device.kind not in ("tun", "macvtap")]
        remark = (
            None
            if ports
            else "bridge %s stands alone: the network lists no uplink and the bridge has no port but guests" % name
        )
        return Place(BRIDGE, bridge=name, node=self._node_of_ports(name), remark=remark)

    def _node_of_ports(self, name):
        nodes = set()
        for port in self._facts.ports(name):
            if port.kind in ("tun", "macvtap"):
                continue
            below = self._facts.device(port.lower) if port.kind == "vlan" and port.lower else port
            nodes.add(below.node if below is not None else None)
        return nodes.pop() if len(nodes) == 1 else None
