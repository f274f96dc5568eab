# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in a running guest a NIC can still be plugged in."""

from __future__ import annotations

from xml.etree import ElementTree

from .interface_xml_source import pci_attributes

# libvirt: src/conf/domain_conf.h, virDomainControllerModelPCI; slots that take a hot-plugged device
_CONVENTIONAL = {"pci-root": 31, "pci-bridge": 31, "pcie-to-pci-bridge": 31}
_EXPRESS = {"pcie-root-port": 1, "pcie-switch-downstream-port": 1}
_CONVENTIONAL_MODELS = ("e1000", "rtl8139", "ne2k_pci", "pcnet")


def _bus_and_slot(address):
    return int(address.get("bus", "0"), 0), int(address.get("slot", "0"), 0)


def slot_address(pci):
    """The ``<address>`` for a guest's PCI slot ``dddd:bb:ss.f``."""
    return ElementTree.Element("address", pci_attributes(pci))


class Slots:
    """The guest-side PCI slots of one ``<domain>`` element; taken ones are counted down. ``leaving``: devices of it
    whose slots are going to be free."""

    def __init__(self, root, leaving=()):
        self._free = {}
        self._taken = set()
        controllers = [item for item in root.findall("devices/controller") if item.get("type") == "pci"]
        for item in controllers:
            capacity = _CONVENTIONAL.get(item.get("model")) or _EXPRESS.get(item.get("model"))
            if capacity:
                self._free[int(item.get("index", "0"))] = [item.get("model"), capacity]
        self._known = bool(controllers)
        for item in root.findall("devices/*"):
            address = None if any(item is one for one in leaving) else item.find("address")
            if address is not None and address.get("type") == "pci":
                self._take(*_bus_and_slot(address))

    def _take(self, bus, slot):
        if (bus, slot) not in self._taken:
            self._taken.add((bus, slot))
            if bus in self._free:
                self._free[bus][1] -= 1

    def take_address(self, address):
        """Take the place that an ``<address>`` names; False where this guest has none such or something sits there."""
        if address is None or address.get("type") != "pci":
            return False
        bus, slot = _bus_and_slot(address)
        if bus not in self._free or self._free[bus][1] < 1 or (bus, slot) in self._taken:
            return False
        self._take(bus, slot)
        return True

    def take(self, model):
        """Take any place that fits a NIC of ``model`` (None for a VF); False when the guest has none left."""
        if not self._known:  # an architecture without PCI controllers in its XML: libvirt will tell
            return True
        conventional_root = any(kind == "pci-root" for kind, _free in self._free.values())
        kinds = _CONVENTIONAL if conventional_root or model in _CONVENTIONAL_MODELS else _EXPRESS
        for entry in self._free.values():
            if entry[0] in kinds and entry[1] > 0:
                entry[1] -= 1
                return True
        return False
