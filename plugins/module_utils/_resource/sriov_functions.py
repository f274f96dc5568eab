# SPDX-License-Identifier: GPL-3.0-or-later
"""The physical functions of a host, and which of them a user means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.sriov_drivers import sriov_driver

_REPRESENTOR = re.compile(
    r"^(c\d+)?pf\d+(vf|sf)\d+$", re.ASCII
)  # phys_port_name of a representor (Documentation/networking/switchdev.rst)


@dataclass(frozen=True)
class PhysicalFunction:
    """One port that can have VFs. ``name``: its network device, None where it has none in this namespace; ``speed`` in
    Mb/s or unknown;
    ``device``: PCI device id; ``group``: IOMMU group or None; ``link``: its entry in the link table, or None."""

    pci: str
    name: object
    driver: object
    device: object
    total: object
    speed: object
    group: object
    link: object

    @property
    def traits(self):
        return sriov_driver(self.driver)


def own_netdev(host, pci, links):
    """Name of the port's own network device, or None: the representors of its VFs hang on the same PCI function."""
    found = [links.get(name) for name in host.pci.netdevs(pci)]
    own = [
        link.name
        for link in found
        if link is not None and not _REPRESENTOR.match(str(link.raw.get("phys_port_name", "")))
    ]
    return own[0] if len(own) == 1 else None


class PhysicalFunctions:
    """All of them, read once."""

    def __init__(self, host):
        self._host = host
        self.links = host.ip.links()
        self._totals = host.pci.physical_functions()
        self._names = {pci: own_netdev(host, pci, self.links) for pci in self._totals}
        self._read = {}

    def get(self, pci):
        """The :class:`PhysicalFunction` at a PCI address."""
        if pci not in self._read:
            name = self._names[pci]
            speed = UNKNOWN if name is None else self._host.files.read_or("/sys/class/net/%s/speed" % name)
            self._read[pci] = PhysicalFunction(
                pci=pci,
                name=name,
                driver=self._host.pci.driver(pci),
                device=self._host.pci.device_ids([pci])[pci],
                total=self._totals[pci],
                speed=int(speed) if isinstance(speed, str) and speed.isdigit() and int(speed) else UNKNOWN,
                group=self._host.pci.iommu_group(pci),
                link=None if name is None else self.links.get(name),
            )
        return self._read[pci]

    def find(self, selector):
        """The PCI address that a parsed selector points at. Raises ValueError saying why there is none, or naming those
        that it could be."""
        kind, value = selector
        if kind == "pci":
            return self._checked(value, value)
        if kind == "mac":
            matching = self._with_mac(value)
        else:
            matching = [pci for pci, name in self._names.items() if name is not None and self._is_called(name, value)]
        if len(matching) > 1:
            raise ValueError(
                "fits more than one physical function (%s): say which by its PCI address" % ", ".join(sorted(matching))
            )
        if matching:
            return matching[0]
        if kind == "mac":
            raise ValueError("is the MAC address of no physical function of this host (%s)" % self._offer())
        return self._checked(self._pci_of(value), value)

    def _with_mac(self, mac):
        return [pci for pci, name in self._names.items() if name is not None and self.permanent_mac(name) == mac]

    def with_permanent_mac(self, mac):
        """In words, which physical function has this address of its own; None where none has."""
        return " and ".join("%s at %s" % (self._names[pci], pci) for pci in sorted(self._with_mac(mac))) or None

    def permanent_mac(self, name):
        """The address that the hardware of a network device has of its own."""
        link = self.links.get(name)
        return (link.raw.get("permaddr") or link.mac or "").lower()  # a bond's ports carry the bond's address

    def _is_called(self, name, wanted):
        return wanted == name or wanted in (self.links.get(name).raw.get("altnames") or ())

    def _pci_of(self, name):
        link = self.links.get(name) or next(
            (link for link in self.links if name in (link.raw.get("altnames") or ())), None
        )
        if link is None:
            raise ValueError("is no network device of this host (%s)" % self._offer())
        pci = self._host.files.link_name("/sys/class/net/%s/device" % link.name)
        if pci is None or pci not in self._host.pci.functions():
            raise ValueError(
                "is no network card of this host but a %s device (%s)" % (link.kind or "software", self._offer())
            )
        return pci

    def _checked(self, pci, shown):
        if pci in self._totals:
            if self._names[pci] is None:
                raise ValueError(
                    "has no network device of its own in this network namespace: its driver must be bound "
                    "and have started without an error"
                )
            return pci
        if pci not in self._host.pci.functions():
            raise ValueError("is no PCI function of this host (%s)" % self._offer())
        parent = self._host.pci.physical_function(pci)
        if parent is not None:
            raise ValueError("is itself a virtual function, of %s: name that one" % (self._names.get(parent) or parent))
        raise ValueError(
            "cannot have virtual functions: the card, its firmware settings or its driver lack SR-IOV (%s)"
            % self._offer()
        )

    def _offer(self):
        known = ["%s at %s" % (name, pci) for pci, name in sorted(self._names.items()) if name]
        return "physical functions here: %s" % (", ".join(known) or "none")
