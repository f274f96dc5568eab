# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's guests with their XML understood, and those that a wish speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

from .._model.definition_scope import BOTH
from .._model.domain_xml import host_pci_devices_of, parse, read_interface
from .._model.errors import ApplyFailed, InvalidInput
from .._model.fields import Problems

_NAMED = 20  # guests in an error


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


def _defined(guests):
    """The names of what there is, for whoever mistyped one."""
    names = [guest.name for guest in guests]
    if not names:
        return "libvirt has no guest at all here"
    more = " and %d more" % (len(names) - _NAMED) if len(names) > _NAMED else ""
    return "defined are %s%s" % (", ".join(names[:_NAMED]), more)


def find_guests(wishes, guests):
    """The :class:`Guest` of each wish, in order. Raises InvalidInput for all that are not there or are listed twice
    for the same of their definitions."""
    problems = []
    by_name = {guest.name: guest for guest in guests}
    by_uuid = {guest.uuid: guest for guest in guests}
    found, taken = [], {}
    for wish in wishes:
        at = Problems(wish.path, problems)
        guest = by_uuid.get(wish.uuid) if wish.uuid is not None else by_name.get(wish.name)
        place = None if guest is None else (guest.uuid, getattr(wish, "scope", BOTH))
        if guest is None:
            key = "uuid" if wish.uuid is not None else "name"
            message = "is no guest of this host: define it first, or take it out of the list (%s)" % _defined(guests)
            at.at(key).add(getattr(wish, key), message)
        elif wish.name is not None and guest.name != wish.name:
            at.at("name").add(wish.name, "is not the guest of UUID %s, which is called %s" % (guest.uuid, guest.name))
        elif place in taken:
            at.add(guest.name, "is listed twice, here and as %s: put all of it in one entry" % taken[place])
        else:
            taken[place] = wish.path
        found.append(guest)
    if problems:
        raise InvalidInput(problems)
    return tuple(found)
