# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host does not show of its plan."""

from __future__ import annotations

# libvirt's interface type for each attachment; a NIC on a bridge is of type bridge whatever made the bridge.
TYPES = {"sriov": "hostdev", "macvtap": "direct", "bridge": "bridge", "ovs": "bridge"}


def _port(nic):
    """What the definition of a port of Open vSwitch is to show besides; a trunk has its native VLAN among its tags."""
    trunks, vlan = nic["trunks"], nic["vlan"]
    return {
        "bridge": nic["bridge"],
        "interface_id": nic["interface_id"],
        "vlan": 0 if trunks else vlan or 0,
        "trunks": sorted({*trunks, *([vlan] if vlan else [])}) if trunks else [],
        "native_vlan": (vlan or 0) if trunks else 0,
    }


def _found_port(interface):
    """As :func:`_port`, of what libvirt shows; 0 and empty for what it keeps no element for."""
    source = interface.get("source") or {}
    return {
        "bridge": source.get("bridge"),
        "interface_id": interface.get("interface_id") or source.get("interface_id"),
        "vlan": interface.get("vlan") or 0,
        "trunks": interface.get("trunks") or [],
        "native_vlan": interface.get("native_vlan") or 0,
    }


def _differences(nic, interface):
    """Sentences for what differs in the persistent definition; a NIC of a running guest may show the rest at its next start."""
    wished = {"type": TYPES[nic["attachment"]], "mac": nic["mac"], "vf": nic["vf"]}
    if nic["attachment"] != "sriov":
        wished["model"] = nic["model"]
        if nic["model"] == "virtio":
            wished.update(backend=nic["backend"], queues=nic["queues"])
    if nic["attachment"] == "ovs":
        wished.update(_port(nic))
        interface = dict(interface, **_found_port(interface))
    for key, value in wished.items():
        found = interface.get(key)
        if key == "queues":
            found = found or 1  # libvirt keeps no number for one
        if value is not None and found != value:
            yield "%s/%s has %s %s instead of %s" % (nic["guest"], nic["name"], key, found, value)


def _misplaced(pinning, domain):
    """Sentences for threads that may run elsewhere than planned; a running guest's memory follows at its next start."""
    wished = {"vCPU %s" % number: cpus for number, cpus in pinning.get("vcpus", {}).items()}
    wished["emulator"] = pinning.get("emulator")
    found = {"vCPU %s" % number: cpus for number, cpus in domain["vcpu_pins"].items()}
    found["emulator"] = domain["emulator_pin"]
    for thread, cpus in wished.items():
        if cpus is not None and found.get(thread) != cpus:
            yield "%s of guest %s may run on CPUs %s instead of %s" % (
                thread,
                domain["name"],
                found.get(thread) or "of the whole host",
                cpus,
            )


def unmet(plan, facts):
    """Sentences for planned NICs and pins that ``facts`` (of host_info: ``libvirt``) do not show as planned; empty when all are there.

    ``plan`` and ``facts`` are plain data. Pending NICs, whose guest no host defines, are not expected. What could not be read is not as planned.
    """
    planned = [nic for nic in plan["nics"] if nic["status"] == "planned"]
    libvirt = facts["libvirt"]
    if not planned:
        return []
    if libvirt == "unknown":
        return ["libvirt does not tell its guests"]
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
        interface = next(
            (entry for entry in domain["interfaces"] if entry["name"] == nic["name"] and entry["persistent"]), None
        )
        if interface is None:
            sentences.append("%s has no NIC %s" % (nic["guest"], nic["name"]))
        else:
            sentences += _differences(nic, interface)
    for pinning in plan["pinnings"]:
        domain = domains.get(pinning.get("uuid"))
        if domain is not None and domain["interfaces"] != "unknown":
            sentences += _misplaced(pinning, domain)
    return sentences
