# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cards carry guests' packets through the host's kernel, and whose."""

from __future__ import annotations

from dataclasses import dataclass, field

from .rules import BRIDGE, OVS, SRIOV

# Mb/s that hardware of a driver can do, for cards without a link to tell. Only drivers whose fastest card is known.
_FASTEST = {"igb": 1000, "e1000": 1000, "e1000e": 1000, "tg3": 1000, "igc": 2500, "ixgbe": 10000}
SLOW = 10000


@dataclass
class Card:
    """``entries``: the NICs planned on it; ``others``: why it serves more than them, or None; ``several``: whether a
    guest that the inventory does not name has a NIC with several queues on it.
    """

    device: object
    entries: list = field(default_factory=list)
    others: object = None
    several: bool = False

    @property
    def guests(self):
        return sorted({entry.nic.guest for entry in self.entries})

    @property
    def speed(self):
        """Mb/s, None when unknown."""
        return self.device.speed or _FASTEST.get(self.device.driver)


def cards_of(attached, facts):
    """``{device name: Card}`` of all cards under macvtaps and bridges, in order of name."""
    cards, under = {}, {}
    for entry in attached:
        uplink = entry.place.uplink
        if entry.place.attachment == SRIOV or uplink is None:
            continue
        if uplink.name not in under:
            under[uplink.name] = facts.hardware(uplink)
        for device in under[uplink.name]:
            cards.setdefault(device.name, Card(device)).entries.append(entry)
    if not cards:
        return {}
    users = _strangers_nics(attached, facts)
    for card in cards.values():
        _look_for_others(card, users)
    return {name: cards[name] for name in sorted(cards)}


def _strangers_nics(attached, facts):
    """``{device or bridge: [(guest, queues)]}`` of NICs that this plan is not about."""
    planned = {id(entry.interface) for entry in attached}
    found = {}
    for domain in facts.domains:
        for interface in domain.interfaces or ():
            below = interface.lower or interface.bridge
            if below and id(interface) not in planned:
                found.setdefault(below, []).append((domain.name, interface.queues))
    return found


def _look_for_others(card, users):
    device = card.device
    touched = {device.name}
    for entry in card.entries:
        touched.add(entry.place.uplink.name)
        touched.add(entry.place.bridge if entry.place.attachment in (BRIDGE, OVS) else entry.place.lower)
    if device.management:
        card.others = "it may carry the connection to this host"
    elif device.addresses or device.addresses is None:
        card.others = "this host has, or may have, an address on it"
    for name in sorted(filter(None, touched)):
        for guest, queues in users.get(name, ()):
            card.others = card.others or "guest %s has a NIC on it that the inventory does not list" % guest
            card.several = card.several or queues > 1
