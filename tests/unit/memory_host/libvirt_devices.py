# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt makes of a device in a domain's XML: addresses, aliases, targets, and the changes it refuses."""

from __future__ import annotations

from copy import deepcopy
from xml.etree import ElementTree

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import pci_address


class Refused(Exception):
    """libvirt's own words."""


def _get(element, path, attribute):
    found = element.find(path)
    return None if found is None else found.get(attribute)


def _alias(element):
    return _get(element, "alias", "name")


def _mac(element):
    return (_get(element, "mac", "address") or "").lower()


def _address(element):
    return pci_address(element.find("address"))


def _port(element):
    """``(type of virtualport, interface ID)``."""
    return _get(element, "virtualport", "type"), _get(element, "virtualport/parameters", "interfaceid")


def _complete_port(element):
    """src/conf/netdev_vport_profile_conf.c, virNetDevVPortProfileParse."""
    kind, identity = _port(element)
    if kind == "openvswitch" and identity is None:
        digits = _get(element, "mac", "address").replace(":", "").lower()
        ElementTree.SubElement(
            element.find("virtualport"), "parameters", interfaceid="00000000-0000-4000-9000-%s" % digits
        )


def _check_bandwidth(element):
    """src/conf/netdev_bandwidth_conf.c, virNetDevBandwidthParseRate."""
    for limit in element.findall("bandwidth/*"):
        if limit.get("average") is None:
            raise Refused("XML error: Missing mandatory average or floor attributes")


def same_device(root, element):
    """The interface that libvirt takes ``element`` for: by MAC address, and by slot and alias where they are given
    (virDomainNetFindIdx)."""
    for found in root.findall("devices/interface"):
        if _mac(found) != _mac(element) or (_address(element) and _address(found) != _address(element)):
            continue
        if _alias(element) and _alias(found) and _alias(found) != _alias(element):
            continue
        return found
    raise Refused(
        "device not found: no device found at address '%s' matching MAC address '%s' and alias '%s'"
        % (_address(element), _mac(element), _alias(element))
    )


class Devices:
    def __init__(self):
        self._count = {"vnet": 0, "macvtap": 0, "net": 0, "mac": 0}

    def _next(self, what):
        self._count[what] += 1
        return self._count[what] - 1

    @staticmethod
    def _check(element):
        kind = element.get("type")
        if element.find("mtu") is not None and kind in ("direct", "hostdev"):
            raise Refused("unsupported configuration: setting MTU on interface type %s is not supported yet" % kind)
        if element.find("source") is None and kind != "ethernet":
            raise Refused("XML error: interface type='%s' requires a 'source' element" % kind)
        if element.find("vlan") is not None and element.find("vlan/tag") is None:
            raise Refused("XML error: missing tag id - each <vlan> must have at least one <tag id='n'/> subelement")
        _check_bandwidth(element)

    @staticmethod
    def _forget(element):
        """What libvirt drops without a word."""
        driver = element.find("driver")
        if driver is not None and (element.get("type") == "hostdev" or _get(element, "model", "type") != "virtio"):
            element.remove(driver)
        link = element.find("link")
        if link is not None and link.get("state") is None:
            element.remove(link)

    def add(self, root, element, live):
        element = deepcopy(element)
        self._check(element)
        self._forget(element)
        if element.find("mac") is None:
            ElementTree.SubElement(element, "mac", address="52:54:00:00:%02x:%02x" % divmod(self._next("mac"), 256))
        _complete_port(element)
        alias = _alias(element)
        if alias and not live and not alias.startswith("ua-"):
            element.remove(element.find("alias"))
        others = root.findall("devices/interface")
        if alias and alias in [_alias(other) for other in others]:
            raise Refused("unsupported configuration: non unique alias detected: %s" % alias)
        if element.get("type") == "hostdev":
            pci = pci_address(element.find("source/address"))
            if pci in [pci_address(other.find("source/address")) for other in root.findall("devices/*")]:
                raise Refused("XML error: Hostdev already exists in the domain configuration")
        self._settle_address(root, element, live)
        if live:
            self.realize(root, element)
        root.find("devices").append(element)

    def realize(self, root, element):
        """What a NIC gets when its guest runs."""
        if _alias(element) is None:
            ElementTree.SubElement(element, "alias", name="net%d" % self._next("net"))
        prefix = {"bridge": "vnet", "network": "vnet", "direct": "macvtap"}.get(element.get("type"))
        if prefix and element.find("target") is None:
            ElementTree.SubElement(element, "target", dev="%s%d" % (prefix, self._next(prefix)))
        if element.get("type") == "hostdev" and element.find("driver") is None:
            ElementTree.SubElement(element, "driver", name="vfio")

    @staticmethod
    def _taken(root):
        return {_address(device) for device in root.findall("devices/*")} - {None}

    def _settle_address(self, root, element, live):
        taken = self._taken(root)
        buses = {
            int(item.get("index")): item.get("model")
            for item in root.findall("devices/controller")
            if item.get("type") == "pci"
        }
        wished = _address(element)
        if wished is not None:
            bus = int(wished.split(":")[1], 16)
            if wished in taken:
                raise Refused("XML error: Attempted double use of PCI Address %s" % wished)
            if bus not in buses:
                raise Refused(
                    "XML error: Invalid PCI address %s. Only PCI buses up to %d are available"
                    % (wished, max(buses, default=0))
                )
            return
        conventional = _get(element, "model", "type") in ("e1000", "rtl8139")
        places = []
        for bus, model in sorted(buses.items()):
            if not conventional and model == "pcie-root-port":
                places.append("0000:%02x:00.0" % bus)
            if (conventional and model in ("pcie-to-pci-bridge", "pci-bridge")) or model == "pci-root":
                places += ["0000:%02x:%02x.0" % (bus, slot) for slot in range(1, 32)]
        free = [place for place in places if place not in taken]
        if not free:
            if live:
                raise Refused("internal error: No more available PCI slots")
            free = [
                self._grow(root, "pcie-to-pci-bridge" if conventional else "pcie-root-port", max(buses, default=0) + 1)
            ]
        _domain, bus, last = free[0].split(":")
        ElementTree.SubElement(
            element,
            "address",
            {"type": "pci", "domain": "0x0000", "bus": "0x" + bus, "slot": "0x" + last[:2], "function": "0x0"},
        )

    @staticmethod
    def _grow(root, model, index):
        ElementTree.SubElement(root.find("devices"), "controller", type="pci", index=str(index), model=model)
        return "0000:%02x:%s.0" % (index, "00" if model == "pcie-root-port" else "01")

    def update_config(self, root, element):
        element = deepcopy(element)
        found = same_device(root, element)
        self._check(element)
        self._forget(element)
        _complete_port(element)
        devices = root.find("devices")
        place = list(devices).index(found)
        devices.remove(found)
        alias = _alias(element)
        if alias and alias in [_alias(other) for other in devices.findall("interface")]:
            raise Refused("unsupported configuration: non unique alias detected: %s" % alias)
        if element.find("address") is None:
            self._settle_address(root, element, False)
        devices.insert(place, element)

    def update_live(self, root, element):
        """src/qemu/qemu_hotplug.c, qemuDomainChangeNet."""
        element = deepcopy(element)
        found = same_device(root, element)
        if "hostdev" in (found.get("type"), element.get("type")):
            raise Refused("Operation not supported: cannot change config of 'hostdev' network interface type")
        if _get(found, "model", "type") != _get(element, "model", "type"):
            raise Refused(
                "Operation not supported: cannot modify network device model from %s to %s"
                % (_get(found, "model", "type"), _get(element, "model", "type"))
            )
        if dict(getattr(found.find("driver"), "attrib", {})) != dict(getattr(element.find("driver"), "attrib", {})):
            raise Refused("Operation not supported: cannot modify virtio network device driver attributes")
        if _get(found, "mtu", "size") != _get(element, "mtu", "size"):
            raise Refused("Operation not supported: cannot modify MTU")
        if found.get("type") == "direct" and dict(found.find("source").attrib) != dict(element.find("source").attrib):
            raise Refused("Operation not supported: unable to change config on 'direct' network type")
        if found.get("type") != element.get("type"):
            raise Refused("Operation not supported: unable to change config on '%s' network type" % element.get("type"))
        if _alias(found) != _alias(element):
            raise Refused("Operation not supported: cannot modify network device alias")
        self._check(element)
        moved = _get(found, "source", "bridge") != _get(element, "source", "bridge") and _port(element)[0]
        if _port(found) != _port(element) or moved:
            raise Refused("Operation not supported: unable to change config on '%s' network type" % element.get("type"))
        devices = root.find("devices")
        devices[list(devices).index(found)] = element
