# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as the parameters of the modules that bring it about."""

from __future__ import annotations

from .shape import empty


def wishes(plan, purge=False):
    """``{module: its parameters}``, without the modules that nothing is wished of. ``plan``: whole, as the planner returns
    it. Raises ValueError for something else."""
    missing = sorted(set(empty(None, None)) - set(plan)) if isinstance(plan, dict) else ["everything"]
    if missing:
        raise ValueError("is no plan: it lacks %s" % ", ".join(missing))
    steering, interrupts, switch = plan["steering"], plan["interrupts"], plan["ovs"]
    found = {
        "sriov": {"pfs": plan["pfs"], "vfs": plan["vfs"]},
        "macvtap": {"lower_devices": plan["lower_devices"]},
        "vlan": {"vlans": plan["vlans"], "purge": purge},
        "bridge": {"bridges": plan["bridges"], "purge": purge},
        "ovs_bridge": dict(
            _stated(switch, "hw_offload"), bridges=switch["bridges"], purge=purge and bool(switch["bridges"])
        ),
        "ovs_flows": {"bridges": switch["flows"], "purge": purge and bool(switch["flows"])},
        "domain_interface": {"domains": plan["domains"]},
        "packet_steering": dict(
            _stated(steering, "devices", "rps_default_cpus", "rps_sock_flow_entries"), best_effort=True
        ),
        "domain_pinning": {"domains": plan["pinnings"]},
        "irq_affinity": dict(_stated(interrupts, "targets", "default_cpus"), purge=purge),
    }
    return {module: params for module, params in found.items() if _asks(params)}


def _stated(found, *names):
    return {name: found[name] for name in names if found.get(name) is not None}


def _asks(params):
    """``best_effort`` alone asks for nothing."""
    return any(value not in ([], None, False) for name, value in params.items() if name != "best_effort")
