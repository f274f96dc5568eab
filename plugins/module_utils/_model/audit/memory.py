# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that is meant to lie on another node than the card that fills it."""

from __future__ import annotations

from ..finding import WARNING, Finding

ID = "memory_elsewhere"


def memory_elsewhere(scene):
    """By the policy of the guest's memory; without a policy the kernel takes it near the vCPUs, which others judge."""
    for guest, interface, card in scene.served():
        if guest.memory and card.node is not None and card.node not in guest.memory:
            yield Finding(
                id=ID,
                severity=WARNING,
                subject=guest.subject(interface),
                summary="memory of %s is taken from node %s (%s), %s is on node %d"
                % (guest.name, guest.memory, guest.memory_mode, card.name, card.node),
                evidence={"memory": guest.memory, "mode": guest.memory_mode, "device": card.name, "node": card.node},
                remedy="run the playbook kvm.vnic.site, then restart the guest",
            )
