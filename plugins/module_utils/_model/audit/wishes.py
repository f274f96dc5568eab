# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wished, where a check must know it: parameters of the modules, read totally."""

from __future__ import annotations

from dataclasses import dataclass

from .. import reading
from ..cpu_choice import parse_cpu_choice
from ..cpu_set import CpuSet
from ..vf_range import split_vf

_OFF = (None, "off", False)  # False: what YAML makes of an unquoted off
_RECEIVED = "in_port={port}"  # in a flow of a guest's port: of what the port receives


@dataclass(frozen=True)
class ProtectedPort:
    """A guest's port that is to be kept from false addresses. ``flows``: how many of its flows match what it receives."""

    interface_id: str
    guest: object
    flows: int


class Wishes:
    """``wished``: ``{module: its parameters}``."""

    def __init__(self, wished):
        wished = reading.mapping(wished)

        def entries(kind, key):
            return reading.mappings(reading.mapping(wished.get(kind)).get(key))

        self._targets = entries("irq_affinity", "targets")
        self._domains = entries("domain_interface", "domains")
        self._devices = entries("packet_steering", "devices")
        self._ovs_bridges = entries("ovs_bridge", "bridges")
        self._ovs_flows = entries("ovs_flows", "bridges")
        self.hw_offload = reading.mapping(wished.get("ovs_bridge")).get("hw_offload") is True

    def interrupt_targets(self, card):
        """The wished targets that speak of the interrupts of ``card``."""
        return [target for target in self._targets if _names(target, card)]

    def interrupt_cpus(self, card):
        """All CPUs that the user named for the interrupts of ``card``."""
        found = CpuSet()
        for target in self.interrupt_targets(card):
            if target.get("cpus") is not None:
                try:
                    found |= CpuSet(parse_cpu_choice(target["cpus"]))
                except ValueError:
                    continue
        return found

    def interface(self, guest, interface):
        """The parameters of a guest's NIC, or None where nobody wished it."""
        for domain in self._domains:
            if domain.get("name") != guest.name and (domain.get("uuid") or "").lower() != guest.uuid:
                continue
            for entry in reading.mappings(domain.get("interfaces")):
                if entry.get("name") == interface.label:
                    return entry
        return None

    def vhost_on(self, bridge):
        """``guest/NIC`` of each that is wished on ``bridge`` and is to be served by vhost."""
        return [
            "%s/%s" % (domain.get("name") or domain.get("uuid"), entry.get("name"))
            for domain in self._domains
            for entry in reading.mappings(domain.get("interfaces"))
            if reading.mapping(entry.get("source")).get("bridge") == bridge and entry.get("backend") == "vhost"
        ]

    def ovs_bridges(self):
        """Names of the bridges of Open vSwitch that are wished, or are to get flows."""
        return [
            entry["name"]
            for entry in self._ovs_bridges + self._ovs_flows
            if reading.text(entry.get("name")) and entry.get("state") != "absent"
        ]

    def protected_ports(self):
        """``[(bridge, ProtectedPort)]``, those without a flow of their own left out."""
        found = []
        for bridge in self._ovs_flows:
            for entry in reading.mappings(bridge.get("guest_ports")):
                name, interface_id = reading.text(bridge.get("name")), reading.text(entry.get("interface_id"))
                flows = [flow for flow in reading.mappings(entry.get("flows")) if _RECEIVED in str(flow.get("match"))]
                if name and interface_id and flows and entry.get("protected") is True:
                    guest = reading.text(entry.get("guest"))
                    found.append((name, ProtectedPort(interface_id.lower(), guest, len(flows))))
        return found

    def asks_for_rps(self, card):
        """Whether software steering is wished on the network device of ``card``."""
        return any(
            entry.get("device") in _names_of(card.device) and entry.get("rps") not in _OFF for entry in self._devices
        )


def _names_of(device):
    """Whatever a user may call a network device."""
    names = [device.get("name"), device.get("pci"), device.get("mac")] + reading.listed(device.get("altnames"))
    return {name for name in names if isinstance(name, str)}


def _names(target, card):
    if isinstance(target.get("device"), str):
        return target["device"] in _names_of(card.device) | {card.pci}
    if card.vf is None or not isinstance(target.get("vf"), str):
        return False
    try:
        pf, indices = split_vf(target["vf"])
    except ValueError:
        return False
    return pf in _names_of(card.vf[0]) and card.vf[1] in indices
