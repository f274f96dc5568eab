# SPDX-License-Identifier: GPL-3.0-or-later
"""Intent and one host's facts in, that host's plan out. Pure: the same inputs give the same plan, and so do the facts
after applying it.
"""

from __future__ import annotations

from ...module_utils._model.fields import Problems
from . import guests, shape
from .assign import attach
from .host_facts import HostFacts
from .places import Places
from .uplinks import look_up
from .vf_pool import VfPools


def plan(intent, raw_facts, host):
    """The plan of ``host`` (see :mod:`shape`). ``raw_facts``: what host_info returned, or None to have the inventory
    validated only.

    Raises InvalidInput with every problem that this host has with the inventory.
    """
    result = shape.empty(host, intent.profile.name)
    if raw_facts is None:
        return result
    facts = HostFacts(raw_facts)
    problems, notes = Problems(), []
    if facts.libvirt_problem is not None:
        notes.append(
            "libvirt of this host does not tell its guests (%s): none is planned until it does" % facts.libvirt_problem
        )
    residents = guests.find(intent, facts, host, problems, notes)
    used = {nic.network for resident in residents for nic in resident.guest.nics}
    networks, counts = look_up(intent, facts, used, problems, notes)
    problems.raise_if_any()
    pools = VfPools(networks, counts, facts)
    attached = attach(intent, residents, networks, Places(facts, pools))
    _refuse_the_impossible(attached, facts, problems)
    side = shape.HostSide(problems)
    for entry in attached:
        if entry.place is not None:
            side.add(entry)
    problems.raise_if_any()
    result["pfs"] = [
        {"pf": pool.device.name, "num_vfs": pool.wanted()} for pool in pools.all() if pool.wanted() is not None
    ]
    result["vlans"] = shape.sorted_values(side.vlans)
    result["bridges"] = shape.sorted_values(side.bridges)
    result["lower_devices"] = side.lower_devices()
    result["domains"] = shape.domains(residents, attached, intent.purge)
    result["nics"] = [shape.nic(entry) for entry in attached]
    result["notes"] = notes + sorted({entry.place.remark for entry in attached if entry.place.remark})
    return result


def _refuse_the_impossible(attached, facts, problems):
    for entry in attached:
        if entry.place is None:
            why = "; ".join("%s: %s" % rejected for rejected in entry.rejected)
            problems.at(entry.nic.path).add(str(entry.nic), "can be attached by no means on this host: %s" % why)
    known = {id(entry.interface) for entry in attached}
    owners = {
        interface.mac: domain.name
        for domain in facts.domains
        for interface in domain.interfaces or ()
        if interface.mac and id(interface) not in known
    }
    seen = {}
    for entry in attached:
        here = problems.at(entry.nic.path).at("mac")
        if entry.mac in seen:
            here.add(
                entry.mac, "of %s is %s's too on this host: give one of them another" % (entry.nic, seen[entry.mac])
            )
        seen.setdefault(entry.mac, str(entry.nic))
        owner = owners.get(entry.mac)
        live = entry.interface is not None and entry.interface.mac == entry.mac
        if owner is not None and not live:
            here.add(
                entry.mac,
                "is on a NIC of guest %s on this host that the inventory does not list: give the NIC another" % owner,
            )
