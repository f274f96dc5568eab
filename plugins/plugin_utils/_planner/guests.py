# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the fleet's guests live on this host, and which of their NICs they have already."""

from __future__ import annotations

from dataclasses import dataclass

PLANNED = "planned"
PENDING = "pending: guest is not defined on this host"


@dataclass(frozen=True)
class Resident:
    """``domain``: what libvirt has, None for a guest that the inventory announces for this host."""

    guest: object
    domain: object

    @property
    def status(self):
        return PENDING if self.domain is None else PLANNED

    def interface(self, nic):
        """The NIC's :class:`Interface`, by our name in its alias, else by its MAC address; None when there is none."""
        if self.domain is None:
            return None
        for interface in self.domain.interfaces:
            if interface.name == nic.name:
                return interface
        for interface in self.domain.interfaces:
            if interface.name is None and interface.mac == nic.mac:
                return interface
        return None


def find(intent, facts, host, problems, notes):
    """The residents of ``host`` in order of name, guests that are only announced last."""
    here = {}
    for domain in facts.domains:
        guest = intent.by_uuid.get(domain.uuid) if domain.uuid is not None else None
        if guest is None:
            guest = intent.by_name.get(domain.name)
            if guest is not None and guest.uuid is not None:
                notes.append(
                    "%s on this host has UUID %s, the inventory's guest of that name has %s: it is left alone"
                    % (domain.name, domain.uuid or "unknown", guest.uuid)
                )
                guest = None
        elif domain.name in intent.by_name and intent.by_name[domain.name] is not guest:
            other = intent.by_name[domain.name]
            if other.uuid is None:
                problems.at(other.path).at("name").add(
                    other.name, "means the same guest as %s.uuid: list it once" % guest.path
                )
        if guest is not None and domain.interfaces is None:
            problems.at(guest.path).add(guest.name, "is defined on this host, but which NICs it has could not be read")
        elif guest is not None:
            here[guest.name] = Resident(guest, domain)
    announced = [guest for guest in intent.by_host.get(host, ()) if guest.name not in here]
    return [here[name] for name in sorted(here)] + [Resident(guest, None) for guest in announced]
