# SPDX-License-Identifier: GPL-3.0-or-later
"""Every network device of this network namespace but the loopback."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.device_path import is_virtual, pci_of
from ..._model.ethtool_features import OFFLOADS
from ..consumers import Consumers
from ..management_path import management_path
from ..sriov_functions import own_netdev
from .eswitch import read_eswitch_modes
from .nic_queues import read_queues
from .vfs import read_sriov, vf_places

CLASS = "/sys/class/net"
DEVICES = "/sys/bus/pci/devices"


def _speeds(host, links, paths):
    """``{name: Mb/s | None | unknown}``: None where there is no link or the device has no speed (drivers/net:
    SPEED_UNKNOWN is -1)."""
    read = host.files.read_many("%s/%s/speed" % (CLASS, link.name) for link in links)
    found = {}
    for link in links:
        text = read["%s/%s/speed" % (CLASS, link.name)]
        if text is not UNKNOWN and text.isdigit() and int(text):
            found[link.name] = int(text)
        else:
            hardware = not is_virtual(paths.get(link.name, ""))
            found[link.name] = UNKNOWN if hardware and link.carrier else None
    return found


def _global_addresses(host):
    """``{device: ["192.0.2.1/24", …]}`` without the link-local ones, which every device that is up has."""
    found = {}
    for device in host.ip.addresses():
        found[device["ifname"]] = [
            "%s/%s" % (info["local"], info.get("prefixlen"))
            for info in device.get("addr_info", ())
            if info.get("scope") not in ("link", "host") and info.get("local")
        ]
    return found


def _irqs(host, pci):
    """Numbers of the function's interrupts: its MSIs, or the one line that it shares
    (Documentation/ABI/testing/sysfs-bus-pci).

    Names in ``/proc/interrupts`` would not do: two VFs may use the same, and they keep a device's former name.
    """
    if not isinstance(pci, str):
        return [] if pci is None else UNKNOWN
    numbers = host.files.list_or("%s/%s/msi_irqs" % (DEVICES, pci))
    if numbers is UNKNOWN:
        return UNKNOWN
    if numbers:
        return sorted(int(number) for number in numbers if number.isdigit())
    line = host.files.read_or("%s/%s/irq" % (DEVICES, pci))
    if line is UNKNOWN or not line.isdigit():
        return UNKNOWN
    return [int(line)] if int(line) else []


def _hardware(host, name, path):
    """``{pci, driver, numa_node}``; all None for a device without hardware, unknown where ``path``, its place in sysfs,
    is."""
    if path is None:
        return dict.fromkeys(("pci", "driver", "numa_node"), UNKNOWN)
    pci = pci_of(path)
    return {
        "pci": pci,
        "driver": None if is_virtual(path) else host.files.link_name("%s/%s/device/driver" % (CLASS, name)),
        "numa_node": None if pci is None else host.pci.numa_node(pci),
    }


def _sriov(host, table, link, pci, totals, modes, consumers):
    """Only of the port's own device, not of the representors beside it; unknown where it cannot be told which that
    is."""
    if pci is UNKNOWN or totals.get(pci) is None:
        return pci if pci is UNKNOWN else None
    own = own_netdev(host, pci, table)
    if own is None:
        return UNKNOWN
    if own != link.name:
        return None
    return dict(read_sriov(host, pci, totals[pci], link, consumers), eswitch_mode=modes[pci])


def _offloads(features, name):
    if features is UNKNOWN or name not in features:
        return dict.fromkeys(OFFLOADS, UNKNOWN)
    return {ours: features[name].get(kernels, UNKNOWN) for ours, kernels in OFFLOADS.items()}


def read_nics(host):
    """A list of dictionaries, one for each device, in the kernel's order; the keys are those of the module's
    documentation."""
    table = host.ip.links()
    links = [link for link in table if "LOOPBACK" not in link.raw.get("flags", ())]
    paths = host.files.links(CLASS)
    queues = read_queues(host, [link.name for link in links])
    speeds = _speeds(host, links, paths)
    addresses = _global_addresses(host)
    features = host.ethtool.features(link.name for link in links)
    management = management_path(host)
    totals = host.pci.physical_functions()
    modes = read_eswitch_modes(host, totals)
    places = vf_places(host)
    consumers = Consumers(host, table)
    found = []
    for link in links:
        path = paths.get(link.name)
        hardware = _hardware(host, link.name, path)
        pci = hardware["pci"]
        place = places.get(pci)
        found.append(
            {
                "name": link.name,
                "altnames": list(link.raw.get("altnames") or ()),
                "mac": link.mac,
                "permanent_mac": link.raw.get("permaddr") or (None if is_virtual(path or "") else link.mac),
                **hardware,
                "kind": link.kind,
                "ours": link.ours,
                "up": link.up,
                "carrier": link.carrier,
                "speed_mbit": speeds[link.name],
                "mtu": link.mtu,
                "master": link.master,
                "lower": link.lower,
                "standing_on_it": table.standing_on(link.name),
                "physical_function": place and {"pci": place.pf, "index": place.index, "name": place.name},
                "queues": queues[link.name]["queues"],
                "irqs": _irqs(host, pci),
                "steering": queues[link.name]["steering"],
                "offloads": _offloads(features, link.name),
                "addresses": addresses.get(link.name, []),
                "management": link.name in management,
                "sriov": _sriov(host, table, link, pci, totals, modes, consumers),
            }
        )
    return found
