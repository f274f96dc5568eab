# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does not show of its plan."""

from __future__ import annotations

# libvirt's interface type for each attachment; a NIC on a bridge is of type bridge whatever made the bridge.
TYPES = {"sriov": "hostdev", "macvtap": "direct", "bridge": "bridge"}


def _differences(nic, interface):
    """Sentences for what differs in the persistent definition; a NIC of a running guest may show the rest at its next start."""
    wished = {"type": TYPES[nic["attachment"]], "mac": nic["mac"], "vf": nic["vf"]}
    if nic["attachment"] != "sriov":
        wished["model"] = nic["model"]
        if nic["model"] == "virtio":
            wished["backend"] = nic["backend"]
    for key, value in wished.items():
        found = interface.get(key)
        if value is not None and found != value:
            yield "%s/%s has %s %s instead of %s" % (nic["guest"], nic["name"], key, found, value)


def unmet(plan, facts):
    """Sentences, one for each planned NIC that ``facts`` (of host_info: ``libvirt``) do not show as planned; empty when all are there.

    ``plan`` and ``facts`` are plain data. Pending NICs, whose guest no host defines, are not expected. What could not be read is not as planned.
    """
    planned = [nic for nic in plan["nics"] if nic["status"] == "planned"]
    libvirt = facts["libvirt"]
    if not planned:
        return []
    if libvirt["domains"] == "unknown":
        return ["libvirt does not tell its guests (%s)" % libvirt["problem"]]
    domains = {domain["uuid"]: domain for domain in libvirt["domains"]}
    sentences = []
    for nic in planned:
        domain = domains.get(nic["uuid"])
        if domain is None:
            sentences.append("guest %s is no longer defined" % nic["guest"])
            continue
        if domain["interfaces"] == "unknown":
            sentences.append("the NICs of guest %s could not be read" % nic["guest"])
            continue
        interface = next((entry for entry in domain["interfaces"] if entry["name"] == nic["name"] and entry["persistent"]), None)
        if interface is None:
            sentences.append("%s has no NIC %s" % (nic["guest"], nic["name"]))
        else:
            sentences += _differences(nic, interface)
    return sentences
