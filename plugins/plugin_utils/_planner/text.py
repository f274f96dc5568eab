# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's plan for an administrator with one minute."""

from __future__ import annotations

from ...module_utils._model.display_text import display_text

LONGEST = 80


def _short(value):
    text = display_text(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _place(nic):
    if nic["vf"]:
        return "VF %d of %s, passed through" % (nic["vf"]["index"], _short(nic["vf"]["pf"]))
    words = {"macvtap": "macvtap", "bridge": "bridge"}[nic["attachment"]]
    return "%s, %s, %s" % (words, nic["model"], {"vhost": "vhost-net", "qemu": "QEMU"}[nic["backend"]])


def _nic(nic):
    network = _short(nic["network"]) + (" (VLAN %d)" % nic["vlan"] if nic["vlan"] else "")
    node = "node %d" % nic["numa_node"] if nic["numa_node"] is not None else "node unknown"
    lines = [
        "  %s/%s on %s: %s; %s; %s"
        % (_short(nic["guest"]), _short(nic["name"]), network, _place(nic), nic["mac"], node)
    ]
    if nic["status"] != "planned":
        lines.append("      %s" % display_text(nic["status"]))
    lines.append("      why: %s" % display_text(nic["reason"]))
    lines += ["      not %s: %s" % (entry["attachment"], display_text(entry["reason"])) for entry in nic["rejected"]]
    return lines


def _host_side(plan):
    for entry in plan["pfs"]:
        yield "%s has %d VFs" % (_short(entry["pf"]), entry["num_vfs"])
    for entry in plan["vlans"]:
        yield "%s is VLAN %d of %s" % (_short(entry["name"]), entry["id"], _short(entry["lower"]))
    for entry in plan["bridges"]:
        ports = ", ".join(_short(port) for port in entry.get("ports", ()))
        yield "bridge %s %s" % (_short(entry["name"]), "has the port %s" % ports if ports else "exists")
    for entry in plan["lower_devices"]:
        yield "%s is up%s" % (_short(entry["name"]), ", its MTU %d" % entry["mtu"] if entry.get("mtu") else "")


def plan_text(plan):
    """The lines, as one text without a final line end."""
    guests = len({nic["guest"] for nic in plan["nics"]})
    lines = [
        "%s: profile %s, %d NIC%s of %d guest%s"
        % (
            _short(plan["host"]),
            _short(plan["profile"]),
            len(plan["nics"]),
            "s"[: len(plan["nics"]) != 1],
            guests,
            "s"[: guests != 1],
        )
    ]
    for nic in plan["nics"]:
        lines += _nic(nic)
    host_side = list(_host_side(plan))
    if host_side:
        lines += ["  on the host:"] + ["      " + line for line in host_side]
    if plan["notes"]:
        lines += ["  to know:"] + ["      " + display_text(note) for note in plan["notes"]]
    return "\n".join(lines)
