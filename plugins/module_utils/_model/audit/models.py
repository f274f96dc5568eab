# SPDX-License-Identifier: GPL-3.0-or-later
"""Emulated NICs of guests that have a virtio driver."""

from __future__ import annotations

from ..finding import WARNING, Finding

ID = "emulated_model"
EMULATED = ("e1000", "e1000e", "rtl8139", "pcnet", "ne2k_pci", "i82551", "i82557b", "i82559er", "igb")


def emulated_model(scene):
    """Where another NIC of the guest is virtio, or the wish is virtio; one that is wished emulated is none."""
    for guest in scene.guests:
        for interface in guest.interfaces or ():
            if interface.model not in EMULATED:
                continue
            wish = scene.wishes.interface(guest, interface) or {}
            if wish.get("model") in EMULATED:
                continue
            others = [each.label for each in guest.interfaces if each.is_virtio]
            if wish.get("model") == "virtio" or others:
                yield Finding(
                    id=ID,
                    severity=WARNING,
                    subject=guest.subject(interface),
                    summary="%s is an emulated %s, which leaves the guest for each register access, though %s"
                    % (
                        guest.subject(interface),
                        interface.model,
                        "its %s is virtio" % others[0] if others else "virtio is wished",
                    ),
                    evidence={"model": interface.model, "virtio": others},
                    remedy="list it under vnic_guests and run the playbook kvm.vnic.site: the model changes at a replug",
                )
