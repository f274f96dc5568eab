# SPDX-License-Identifier: GPL-3.0-or-later
"""What only all hosts' plans together show."""

from __future__ import annotations


def homeless(intent, plans):
    """Names of the guests, in order, that no plan of ``plans`` found defined on its host; they are pending wherever
    they will be.
    """
    names, uuids = set(), set()
    for plan in plans:
        names.update(nic["guest"] for nic in plan.get("nics", ()) if nic["status"] == "planned")
        for domain in plan.get("domains", ()):
            names.add(domain.get("name"))
            uuids.add(domain.get("uuid"))
    return [
        guest.name
        for guest in intent.guests
        if guest.name not in names and (guest.uuid is None or guest.uuid not in uuids)
    ]
