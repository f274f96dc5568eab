# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests with a NIC whose vCPUs run anywhere, so that nothing of the NIC can be near them."""

from __future__ import annotations

from ..finding import NOTICE, Finding

ID = "vcpu_floating"


def vcpu_floating(scene):
    for guest in scene.running:
        if guest.live and guest.pins == {} and guest.floats_by_default and len(scene.online or ()) > 1:
            yield Finding(
                id=ID,
                severity=NOTICE,
                subject=guest.name,
                summary="the vCPUs of %s may run on every CPU (%s), so that no place is near them"
                % (guest.name, scene.online),
                evidence={"vcpus": guest.vcpus, "online": scene.online},
                remedy="list it under vnic_guests and run the playbook kvm.vnic.site, or pin it with "
                "kvm.vnic.domain_pinning",
            )
