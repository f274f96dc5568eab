# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's plan for an administrator with one minute."""

from __future__ import annotations

from ...module_utils._model.display_text import display_text
from .drawing import drawing
from .ovs_text import flows_of_ports, port_lines, switch_lines
from .rules_text import legend, of_nic
from .words import short

_ALIGNED = {"cpu": "on one CPU", "node": "on one node", "no": "NOT aligned", "posted": "posted", None: "not placed"}


def _place(nic):
    if nic["vf"]:
        return "VF %d of %s, passed through" % (nic["vf"]["index"], short(nic["vf"]["pf"]))
    words = {"macvtap": "macvtap", "bridge": "bridge", "ovs": "Open vSwitch"}[nic["attachment"]]
    return "%s, %s, %s" % (words, nic["model"], {"vhost": "vhost-net", "qemu": "QEMU"}[nic["backend"]])


def _vlans(nic):
    words = ["VLAN %d" % nic["vlan"]] if nic["vlan"] else []
    if nic["trunks"]:
        words.append("tagged %s" % ", ".join(map(str, nic["trunks"])))
    return " (%s)" % ", ".join(words) if words else ""


def _nic(nic, rules, flows):
    network = short(nic["network"]) + _vlans(nic)
    node = "node %d" % nic["numa_node"] if nic["numa_node"] is not None else "node unknown"
    lines = [
        "  %s/%s on %s: %s; %s; %s" % (short(nic["guest"]), short(nic["name"]), network, _place(nic), nic["mac"], node)
    ]
    if nic["status"] != "planned":
        lines.append("      %s" % display_text(nic["status"]))
    lines.append("      why: %s" % display_text(nic["reason"]))
    lines += ["      not %s: %s" % (entry["attachment"], display_text(entry["reason"])) for entry in nic["rejected"]]
    lines.append("      where: %s" % _where(nic))
    if rules:
        lines.append("      rules: %s" % rules)
    return lines + ["      " + line for line in port_lines(nic, flows)]


def _where(nic):
    parts = [
        "%s on %s" % (what, nic[key])
        for what, key in (("interrupts", "irq_cpus"), ("vCPUs", "vcpu_cpus"), ("vhost", "vhost_cpus"))
        if nic[key]
    ]
    if nic["queues"] and nic["queues"] > 1:
        parts.append("%d queues" % nic["queues"])
    return "%s%s: %s" % (
        ", ".join(parts) + "; " if parts else "",
        _ALIGNED[nic["aligned"]],
        display_text(nic["aligned_reason"]),
    )


def _host_side(plan):
    for entry in plan["pfs"]:
        yield "%s has %d VFs" % (short(entry["pf"]), entry["num_vfs"])
    for entry in plan["vlans"]:
        yield "%s is VLAN %d of %s" % (short(entry["name"]), entry["id"], short(entry["lower"]))
    for entry in plan["bridges"]:
        ports = ", ".join(short(port) for port in entry.get("ports", ()))
        yield "bridge %s %s" % (short(entry["name"]), "has the port %s" % ports if ports else "exists")
    yield from switch_lines(plan)
    for entry in plan["lower_devices"]:
        yield "%s is up%s" % (short(entry["name"]), ", its MTU %d" % entry["mtu"] if entry.get("mtu") else "")


def plan_text(plan):
    """The lines, as one text without a final line end."""
    guests = len({nic["guest"] for nic in plan["nics"]})
    lines = [
        "%s: profile %s, %d NIC%s of %d guest%s"
        % (
            short(plan["host"]),
            short(plan["profile"]),
            len(plan["nics"]),
            "s"[: len(plan["nics"]) != 1],
            guests,
            "s"[: guests != 1],
        )
    ]
    rules, flows = of_nic(plan), flows_of_ports(plan)
    for nic in plan["nics"]:
        lines += _nic(nic, rules[nic["guest"], nic["name"]], flows.get(nic["interface_id"], ()))
    host_side = list(_host_side(plan))
    if host_side:
        lines += ["  on the host:"] + ["      " + line for line in host_side]
    if plan["notes"]:
        lines += ["  to know:"] + ["      " + display_text(note) for note in plan["notes"]]
    if plan["nics"]:
        drawn = drawing(plan)
        if drawn:
            lines += ["  CPUs, and who has them:"] + ["      " + line for line in drawn]
        lines += ["  rules:"] + ["      " + line for line in legend(plan)]
    return "\n".join(lines)
