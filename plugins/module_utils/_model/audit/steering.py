# SPDX-License-Identifier: GPL-3.0-or-later
"""Receive Packet Steering on cards whose packets go to queues that only one CPU reads."""

from __future__ import annotations

from .. import reading
from ..finding import WARNING, Finding

ID = "rps_on"


def rps_on(scene):
    """Each such card once, with the NICs that it serves. A VF in a guest's hands has no queue on the host."""
    cards, several = {}, set()
    for guest, interface, card in scene.served():
        cards.setdefault(card.name, (card, []))[1].append(guest.subject(interface))
        if interface.queues > 1:
            several.add(card.name)
    for name in sorted(set(cards) - several):
        card, subjects = cards[name]
        masks = reading.mapping(reading.mapping(card.device.get("steering")).get("rps"))
        on = {queue: mask for queue, mask in masks.items() if reading.text(mask) and mask.strip("0,")}
        if on and not scene.wishes.asks_for_rps(card):
            yield Finding(
                id=ID,
                severity=WARNING,
                subject=name,
                summary="%s hands packets from CPU to CPU (RPS, queues %s), though each NIC behind it has one queue: %s"
                % (name, ", ".join(sorted(on, key=_number)), ", ".join(sorted(set(subjects)))),
                evidence={"rps": on, "interfaces": sorted(set(subjects))},
                remedy='run the playbook kvm.vnic.site, or give kvm.vnic.packet_steering {device: %s, rps: "off"}'
                % name,
            )


def _number(queue):
    return (len(queue), queue)
