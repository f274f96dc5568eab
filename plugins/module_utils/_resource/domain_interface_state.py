# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is: every guest with its NICs, once as it runs and once as it is defined, and what their wishes build
on."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

from .._model.domain_xml import host_pci_devices_of, parse, read_interface
from .._model.errors import ApplyFailed, InvalidInput
from .._model.fields import Problems
from .._model.link_table import LinkTable
from .sriov_functions import PhysicalFunctions, own_netdev


@dataclass(frozen=True)
class Definition:
    """One of a guest's two definitions: ``root`` is its ``<domain>``, ``nics`` its DomainInterfaces in order."""

    root: object
    nics: tuple
    text: str = field(repr=False, default="")

    def at(self, nic):
        """Its place among the interfaces, counted from 0."""
        return next(index for index, other in enumerate(self.nics) if other.element is nic.element)


@dataclass(frozen=True)
class Guest:
    """``live``, ``persistent``: :class:`Definition` or None."""

    name: str
    uuid: str
    live: object
    persistent: object
    paused: bool
    saved: bool

    @property
    def definitions(self):
        return [definition for definition in (self.persistent, self.live) if definition is not None]

    def count_of_vcpus(self):
        text = self.definitions[0].root.findtext("vcpu")
        return int(text) if text and text.strip().isdigit() else None

    def host_pci_devices(self):
        """Addresses of the host's PCI functions that it has now or takes at its next start."""
        return set().union(*(host_pci_devices_of(definition.root) for definition in self.definitions))


@dataclass(frozen=True)
class Vf:
    """``pci`` is None while the PF has no VF of that index; ``pf``: the link of the PF, or None; ``netdevs``: names of
    the VF's own network devices; ``problem``: why the PF could not be found."""

    pci: object
    pf: object
    netdevs: tuple = ()
    problem: str = ""


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


def read_definition(text):
    if text is None:
        return None
    root = parse(text)
    return Definition(root, tuple(read_interface(element) for element in root.findall("devices/interface")), text)


def read_guest(domain):
    """The :class:`Guest` of a libvirt door's Domain. Raises ApplyFailed when its XML cannot be understood."""
    try:
        live, persistent = read_definition(domain.live_xml), read_definition(domain.persistent_xml)
    except (ValueError, ElementTree.ParseError) as error:
        raise ApplyFailed("read the XML of guest %s" % domain.name, str(error)) from None
    return Guest(domain.name, domain.uuid, live, persistent, domain.paused, domain.saved)


def _find_guests(desired, guests):
    problems = []
    by_name = {guest.name: guest for guest in guests}
    by_uuid = {guest.uuid: guest for guest in guests}
    found, taken = [], {}
    for wish in desired.guests:
        at = Problems(wish.path, problems)
        guest = by_uuid.get(wish.uuid) if wish.uuid is not None else by_name.get(wish.name)
        if guest is None:
            key = "uuid" if wish.uuid is not None else "name"
            at.at(key).add(getattr(wish, key), "is no guest of this host: define it first, or take it out of the list")
        elif wish.name is not None and guest.name != wish.name:
            at.at("name").add(wish.name, "is not the guest of UUID %s, which is called %s" % (guest.uuid, guest.name))
        elif guest.uuid in taken:
            at.add(
                guest.name, "is listed twice, here and as %s: put all its interfaces in one entry" % taken[guest.uuid]
            )
        else:
            taken[guest.uuid] = wish.path
        found.append(guest)
    if problems:
        raise InvalidInput(problems)
    return tuple(found)


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
    return Vf(pci, functions.links.get(name), tuple(host.pci.netdevs(pci)) if pci else ())


def _read_network(host, name):
    found = host.libvirt.network(name)
    return None if found is None else (parse(found[0]), found[1])


def read_state(host, desired):
    """The :class:`State` that ``desired`` speaks of, all guests read once. Raises InvalidInput for guests that are
    not there."""
    if not desired.guests:
        return State((), (), LinkTable(), {}, {}, frozenset())
    guests = tuple(read_guest(domain) for domain in host.libvirt.domains())
    wished = _find_guests(desired, guests)
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
