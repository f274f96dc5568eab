# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual functions: where each belongs, and who has it."""

from __future__ import annotations

from dataclasses import dataclass

from ..._model.action import UNKNOWN
from ..._model.errors import VnicError
from ..._model.vf_attributes import read_attributes
from ..consumers_user import is_unknown
from ..iommu_groups import others_of
from ..sriov_functions import own_netdev

DEVICES = "/sys/bus/pci/devices"
COUNT_TIMEOUT = 2.0


@dataclass(frozen=True)
class Place:
    """``pf``: PCI address of the physical function; ``name``: its network device, None where it has none here."""

    pf: str
    index: int
    name: object


def vf_places(host):
    """``{PCI address of a VF: Place}`` of every VF whose physical function belongs to this host."""
    try:
        links = host.ip.links()
    except VnicError:
        links = {}
    found = {}
    for pf in host.pci.physical_functions():
        addresses = host.pci.vf_addresses(pf)
        name = own_netdev(host, pf, links) if addresses and links else None
        found.update({address: Place(pf, index, name) for index, address in addresses.items()})
    return found


def _count(host, pf):
    """How many VFs are enabled. The read waits for a lock that a write of the same file holds for minutes: hence alone,
    and bounded."""
    try:
        return int(host.files.read("%s/%s/sriov_numvfs" % (DEVICES, pf), timeout=COUNT_TIMEOUT))
    except (OSError, ValueError):
        return UNKNOWN


def _free(users, count):
    if any(not is_unknown(user) for user in users):
        return False
    return UNKNOWN if users or count is UNKNOWN else True


def _numa_nodes(host, functions):
    """``{address: node}``; None where the firmware names none."""
    read = host.files.read_many("%s/%s/numa_node" % (DEVICES, function.pci) for function in functions)
    nodes = {}
    for path, text in read.items():
        node = int(text) if text is not UNKNOWN and text.lstrip("-").isdigit() else UNKNOWN
        nodes[path.split("/")[-2]] = None if node == -1 else node
    return nodes


def read_sriov(host, pf, total, link, consumers):
    """``{total, count, autoprobe, vfs}`` of the physical function at ``pf``, whose network device is ``link``.

    A VF is free when nobody uses it, and unknown while the number of VFs is being changed or a user may be hidden.
    """
    count = _count(host, pf)
    functions = host.pci.virtual_functions(pf)
    nodes = _numa_nodes(host, functions)
    users = consumers.of_vfs(pf) if functions else {}
    groups = others_of(host, {vf.group for vf in functions if vf.group is not None})
    shown = {info.get("vf"): read_attributes(info) for info in link.vfs}
    return {
        "total": total,
        "count": count,
        "autoprobe": host.pci.autoprobe(pf),
        "vfs": [
            {
                "index": vf.index,
                "pci": vf.pci,
                "driver": vf.driver,
                "numa_node": nodes[vf.pci],
                "iommu_group": vf.group,
                "iommu_group_shared_with": [str(each) for each in groups.get(vf.group, ()) if each.pci != vf.pci],
                "netdevs": list(vf.netdevs),
                "mac": shown.get(vf.index, {}).get("mac", UNKNOWN),
                "vlan": shown.get(vf.index, {}).get("vlan", UNKNOWN),
                "users": users.get(vf.index, []),
                "free": _free(users.get(vf.index, []), count),
            }
            for vf in functions
        ],
    }
