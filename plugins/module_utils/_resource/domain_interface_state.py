# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is: every guest with its NICs, once as it runs and once as it is defined, and what their wishes build
on."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.domain_xml import parse
from .._model.link_table import LinkTable
from .guests import find_guests, read_guest
from .iommu_groups import others_of
from .sriov_functions import PhysicalFunctions, own_netdev


@dataclass(frozen=True)
class Vf:
    """``pci`` is None while the PF has no VF of that index; ``pf``: the link of the PF, or None; ``netdevs``: names of
    the VF's own network devices; ``problem``: why the PF could not be found; ``mates``: Members of iommu_groups that
    share its IOMMU group."""

    pci: object
    pf: object
    netdevs: tuple = ()
    problem: str = ""
    mates: tuple = ()


@dataclass(frozen=True)
class State:
    """``wished``: a :class:`Guest` for each wish, in its order; ``guests``: all of the host's.

    ``vfs``: ``{(selector of the PF, index) or PCI address: Vf}``; ``networks``: ``{name: (root, active) or None}``;
    ``vf_devices``: names of network devices that are VFs.
    """

    wished: tuple
    guests: tuple
    links: object
    vfs: dict
    networks: dict
    vf_devices: frozenset


def _read_vf(host, functions, key):
    """``key``: ``(selector of the PF, index)``, or the VF's PCI address."""
    if isinstance(key, str):
        address = host.pci.physical_function(key)
        pci = key if address else None
    else:
        try:
            address = functions.find(key[0])
        except ValueError as error:
            return Vf(None, None, problem=str(error))
        pci = host.pci.vf_addresses(address).get(key[1])
    name = own_netdev(host, address, functions.links) if address else None
    netdevs = tuple(host.pci.netdevs(pci)) if pci else ()
    return Vf(pci, functions.links.get(name), netdevs, mates=_mates(host, pci) if pci else ())


def _mates(host, pci):
    group = host.pci.iommu_group(pci)
    found = others_of(host, [group]).get(group, ()) if group is not None else ()
    return tuple(member for member in found if member.pci != pci)


def _read_network(host, name):
    found = host.libvirt.network(name)
    return None if found is None else (parse(found[0]), found[1])


def read_state(host, desired):
    """The :class:`State` that ``desired`` speaks of, all guests read once. Raises InvalidInput for guests that are
    not there."""
    if not desired.guests:
        return State((), (), LinkTable(), {}, {}, frozenset())
    guests = tuple(read_guest(domain) for domain in host.libvirt.domains())
    wished = find_guests(desired.guests, guests)
    nics = [nic for guest in desired.guests for nic in guest.nics if nic.present]
    sources = [(nic.settings.get("type"), nic.settings.get("source", {})) for nic in nics]
    functions = PhysicalFunctions(host) if any(kind == "hostdev" for kind, _source in sources) else None
    links = functions.links if functions else host.ip.links() if sources else LinkTable()
    keys = {nic.vf for nic in nics if nic.vf is not None} | {
        source["pci"] for _kind, source in sources if "pci" in source
    }
    names = {source["device"] for kind, source in sources if kind == "direct"}
    devices = [link for link in links if link.name in names and link.pci is not None]
    return State(
        wished,
        guests,
        links,
        {key: _read_vf(host, functions, key) for key in sorted(keys, key=str)},
        {source["network"]: _read_network(host, source["network"]) for _kind, source in sources if "network" in source},
        frozenset(link.name for link in devices if host.pci.physical_function(link.pci) is not None),
    )
