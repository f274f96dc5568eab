# SPDX-License-Identifier: GPL-3.0-or-later
"""Intent and one host's facts in, that host's plan out. Pure: the same inputs give the same plan, and so do the facts
after applying it.
"""

from __future__ import annotations

from ...module_utils._model.cpu_set import CpuSet
from ...module_utils._model.fields import Problems
from . import guests, shape
from .alignment import alignment
from .assign import attach
from .host_cpus import listed
from .host_facts import HostFacts
from .interrupts import Interrupts
from .ovs_offload import Offload
from .ovs_overlaps import overlaps
from .ovs_side import OvsSide
from .pinnings import pinnings
from .place import place
from .places import Places
from .rule_report import HOST, RuleReport
from .steering import Steering
from .topology import NO_NODE
from .traffic import cards_of
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
    side, switches = shape.HostSide(problems), OvsSide(facts, networks, intent.purge, problems)
    for entry in attached:
        if entry.place is not None:
            side.add(entry)
            switches.add(entry)
    offload = Offload(attached, problems)
    problems.raise_if_any()
    report = RuleReport(intent.profile)
    placement = place(intent, facts, residents, attached, report, problems, notes)
    problems.raise_if_any()
    result["pfs"] = [_pf(pool) for pool in pools.all() if pool.wanted() is not None]
    result["vlans"] = shape.sorted_values(side.vlans)
    result["bridges"] = shape.sorted_values(side.bridges)
    result["ovs"] = dict(switches.plan(), **offload.plan())
    cards = cards_of(attached, facts)
    notes += [*switches.notes(), *overlaps(attached, intent.networks), *offload.notes(cards)]
    result["lower_devices"] = side.lower_devices()
    arrivals = _add_placement(result, intent, facts, attached, cards, placement, report, offload.takers(cards))
    _add_nics(result, intent, residents, attached, placement, arrivals, switches)
    result["notes"] = notes + sorted({entry.place.remark for entry in attached if entry.place.remark})
    return result


def _pf(pool):
    """Its own address too: the plan is kept on the host, and a name may be another card's after a reboot."""
    known = {"permanent_mac": pool.device.mac} if pool.device.mac else {}
    return dict({"pf": pool.device.name, "num_vfs": pool.wanted()}, **known)


def _add_placement(result, intent, facts, attached, cards, placement, report, takers):
    """What the host is to do with CPUs and packets; returns how each NIC's interrupts arrive."""
    seats = placement.seats
    interrupts = Interrupts(facts, intent.profile, placement, report)
    interrupts.plan(attached, cards)
    steering = Steering(intent.profile, placement, report, lambda entry: _queues(seats, entry))
    result["steering"] = steering.plan(attached, cards, takers)
    result["interrupts"] = {"targets": interrupts.targets}
    result["pinnings"] = pinnings(seats.values())
    if placement.cpus is not None:
        result["housekeeping"] = listed(placement.cpus.housekeeping)
        result["topology"] = _topology(attached, placement.cpus)
        if seats and intent.profile.value("irq_cpu") != "leave":
            result["interrupts"]["default_cpus"] = result["housekeeping"]
    _tell_the_rest(facts, report)
    result["rules"] = report.entries
    return interrupts.arrivals


def _queues(seats, entry):
    seat = seats.get(entry.nic.guest)
    return 1 if seat is None else seat.queues.get(entry.nic.name, 1)


def _topology(attached, cpus):
    nodes = [
        {
            "id": None if node.id == NO_NODE else node.id,
            "cpus": listed(node.cpus),
            "cores": [listed(CpuSet(core.cpus)) for core in node.cores if len(core.cpus) > 1],
            "memory_mib": node.memory_mib,
        }
        for node in cpus.topology.nodes.values()
    ]
    uplinks = {entry.place.uplink.name: entry.place.uplink.node for entry in attached if entry.place.uplink is not None}
    return {"nodes": nodes, "isolated": listed(cpus.topology.isolated), "cards": dict(sorted(uplinks.items()))}


def _tell_the_rest(facts, report):
    """Rules that are decided by the attachments already, and those that others carry out."""
    for rule in ("attachments", "model", "backend"):
        report.applied(rule, HOST)
    report.applied("zero_copy", HOST, {True: "on", False: "off", None: "unknown"}[facts.zero_copy])
    report.not_applicable("guest_rps", HOST, "the role guest_tuning carries it out, run inside the guests")


def _add_nics(result, intent, residents, attached, placement, arrivals, switches):
    interfaces = {}
    for entry in attached:
        seat = placement.seats.get(entry.nic.guest)
        wish = shape.interface(entry, seat)
        interfaces.setdefault(entry.nic.guest, []).append(wish)
        domain = entry.resident.domain
        node = seat.node if seat is not None else domain.node if domain is not None else None
        topology = placement.cpus.topology if placement.cpus is not None else None
        where = alignment(entry, seat, arrivals.get(str(entry.nic)), topology)
        result["nics"].append(
            shape.nic(entry, wish, None if node == NO_NODE else node, where, switches.flows_of(entry))
        )
    result["domains"] = shape.domains(residents, interfaces, intent.purge)


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
        if entry.mac in seen:
            problems.at(entry.nic.path).at("mac").add(
                entry.mac, "of %s is %s's too on this host: give one of them another" % (entry.nic, seen[entry.mac])
            )
        seen.setdefault(entry.mac, str(entry.nic))
        owner = owners.get(entry.mac)
        live = entry.interface is not None and entry.interface.mac == entry.mac
        if owner is not None and not live:
            problems.at(entry.nic.path).at("mac").add(
                entry.mac,
                "is on a NIC of guest %s on this host that the inventory does not list: give the NIC another" % owner,
            )
