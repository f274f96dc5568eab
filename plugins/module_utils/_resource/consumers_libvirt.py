# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests and networks of libvirt use which PCI functions and network devices."""

from __future__ import annotations

from .._model.domain_xml import pci_address
from .consumers_definitions import read_definitions
from .consumers_user import User


def _domain_uses(domain):
    """``(kind, key, owner)`` of everything that a ``<domain>`` takes; kind: pci, device or network."""
    devices = domain.find("devices")
    if devices is None:
        return
    for hostdev in devices.findall("hostdev"):
        if hostdev.get("type") == "pci":
            yield "pci", pci_address(hostdev.find("source/address")), False
    for interface in devices.findall("interface"):
        # the status file keeps what a network gave the guest in <actual> (src/conf/domain_conf.c,
        # virDomainActualNetDefFormat)
        for element in [interface] + interface.findall("actual"):
            source = element.find("source")
            if source is not None:
                yield "pci", pci_address(source.find("address")), True
                yield "device", source.get("bridge"), False
                yield (
                    "device",
                    source.get("dev"),
                    source.get("mode") == "passthrough",
                )  # then the lower device takes the guest's MAC and VLAN
                yield "network", source.get("network"), False
        target = interface.find("target")
        if target is not None:
            yield "device", target.get("dev"), False


def _network_uses(network):
    """``(kind, key)`` of everything that a ``<network>`` hands out or stands on; kind: pci, device or pool (all VFs of
    a PF's device)."""
    bridge = network.find("bridge")
    if bridge is not None:
        yield "device", bridge.get("name")
    forward = network.find("forward")
    if forward is None:
        return
    yield "device", forward.get("dev")
    for element in forward.findall("interface"):
        yield "device", element.get("dev")
    for element in forward.findall("address"):
        yield "pci", pci_address(element)
    for element in forward.findall("pf"):
        yield "pool", element.get("dev")


class LibvirtUses:
    """``of_pci``, ``of_device`` and ``of_pool`` return Users; a pool is the device name of a PF all of whose VFs a
    network hands out."""

    def __init__(self, host):
        definitions = read_definitions(host)
        self.unread = definitions.unread
        self._found = {"pci": {}, "device": {}, "pool": {}}
        for name, elements in sorted(definitions.networks.items()):
            for element in elements:
                for kind, key in _network_uses(element):
                    owner = kind in ("pci", "pool")
                    self._add(kind, key, User("libvirt network %s" % name, active=False, owner=owner))
        for guest in definitions.guests:
            for element in guest.elements:
                for kind, key, owner in _domain_uses(element):
                    if kind == "network":
                        self._add_network(guest, key, definitions.networks.get(key, ()))
                    else:
                        self._add(kind, key, User(str(guest), active=guest.active, owner=owner))

    def _add_network(self, guest, name, elements):
        for element in elements:
            bridge = element.find("bridge")
            if bridge is not None:
                self._add(
                    "device",
                    bridge.get("name"),
                    User("%s through libvirt network %s" % (guest, name), active=guest.active),
                )

    def _add(self, kind, key, user):
        if key:
            self._found[kind].setdefault(key, {})[user] = (
                None  # a dictionary keeps the order and drops the same user's second NIC
            )

    def of_pci(self, address):
        return list(self._found["pci"].get(address, ()))

    def of_device(self, name):
        return list(self._found["device"].get(name, ()))

    def of_pool(self, name):
        return list(self._found["pool"].get(name, ()))
