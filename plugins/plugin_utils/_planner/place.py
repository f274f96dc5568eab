# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the guests run: on the node of their NICs, a vCPU to a core, their vhost workers beside them."""

from __future__ import annotations

from .guest_memory import GuestMemory
from .host_cpus import HostCpus
from .seats import LEFT, OWN, SHARED, WIDE, FreeCores, Seating
from .topology import NO_NODE
from .words import few
from .workers import Workers


class Placement:
    """``cpus``: the host's :class:`HostCpus`, None where nothing is known of its CPUs; ``seats``: ``{guest: Seat}``."""

    def __init__(self, cpus, seats, floating):
        self.cpus, self.seats, self.floating = cpus, seats, floating


def place(intent, facts, residents, attached, report, problems, notes):
    """The :class:`Placement` of the guests that are defined here."""
    profile, topology = intent.profile, facts.topology
    defined = [resident for resident in residents if resident.domain is not None]
    if topology.online is None:
        if defined:
            notes.append("which CPUs this host has could not be read: nothing is placed")
        return Placement(None, {}, [])
    notes += topology.notes if defined else ()
    spreads = profile.value("irq_cpu") == "spread" or profile.value("host_rss") == "local"
    cpus = HostCpus(topology, intent.housekeeping, spreads, problems, notes)
    strangers = _strangers(facts, defined)
    free = FreeCores(cpus, _taken(strangers, cpus))
    seating = Seating(cpus, free, profile.value("vcpu_cpu"), _preferred_nodes(topology))
    workers = Workers(cpus, free, profile.value("vhost_cpu"), profile.value("queues"))
    seats, newcomers = [], []
    for resident, nics in _with_nics(defined, attached):
        if resident.domain.vcpus is None:
            notes.append("how many vCPUs %s has could not be read: it is left where it is" % resident.guest.name)
            continue
        seat = seating.keep(resident, nics)
        if seat is None:
            newcomers.append((resident, nics))
            continue
        workers.keep(seat)
        seats.append(seat)
    seats = sorted(seats + seating.seat(newcomers), key=lambda seat: seat.name)
    workers.place(seats)
    GuestMemory(topology, profile, report).place(seats)
    _tell_shortages(seating.shortages, seats, intent, problems, notes)
    placement = Placement(cpus, {seat.name: seat for seat in seats}, _floating(strangers, seats))
    _tell_floating(placement, notes)
    _tell_rules(seats, profile, cpus, report)
    return placement


def _with_nics(defined, attached):
    nics = {}
    for entry in attached:
        nics.setdefault(entry.nic.guest, []).append(entry)
    return [(resident, nics.get(resident.guest.name, [])) for resident in defined]


def _strangers(facts, defined):
    """Guests of this host that the inventory does not name."""
    own = {id(resident.domain) for resident in defined}
    return [domain for domain in facts.domains if id(domain) not in own]


def _taken(strangers, cpus):
    """CPUs that strangers are pinned to. One that may run on a whole node has none of its own."""
    taken = set()
    for domain in strangers:
        reach = domain.reach()
        if reach and not any(reach.issuperset(cpus.pool(node)) for node in cpus.topology.with_cpus):
            taken |= reach
    return taken


def _preferred_nodes(topology):
    """The function that gives the nodes which most of a guest's NICs are on, all where nothing is known."""

    def preferred(nics):
        counts = {}
        for entry in nics:
            node = entry.place.node
            if node in topology.nodes and topology.nodes[node].cores:
                counts[node] = counts.get(node, 0) + 1
        most = max(counts.values(), default=0)
        return [node for node in topology.with_cpus if counts.get(node, 0) == most]

    return preferred


def _tell_shortages(shortages, seats, intent, problems, notes):
    """What a full host costs; an error where the inventory wants none of it."""
    for node, residents in shortages:
        names = [resident.guest.name for resident in residents]
        pool = next(seat.cpus for seat in seats if seat.name == names[0])
        if node is None:
            text = "%s has more vCPUs than any NUMA node has CPUs for guests: they share CPUs %s of all nodes" % (
                names[0],
                pool,
            )
        else:
            vcpus = sum(resident.domain.vcpus for resident in residents)
            text = "%s not a core for each of the %d vCPUs of %s: they share CPUs %s" % (
                "this host has" if node == NO_NODE else "NUMA node %d has" % node,
                vcpus,
                few(names),
                pool,
            )
            beside = [seat.name for seat in seats if seat.kind == OWN and seat.cpus & pool]
            if beside:
                text += ", on which vCPUs of %s are pinned too" % few(beside)
        if not intent.strict:
            notes.append(text)
            continue
        for resident in residents:
            problems.at(resident.guest.path).add(
                resident.guest.name,
                "has no core for each vCPU on this host, and vnic_strict_placement wants that: %s; move guests, or "
                "let them share" % text,
            )


def _floating(strangers, seats):
    """Names of strangers that run and may come onto CPUs that guests have for themselves."""
    own = [seat.cpus for seat in seats if seat.kind == OWN]
    found = []
    for domain in strangers:
        reach = domain.reach()
        if own and domain.active and (reach is None or any(reach & cpus for cpus in own)):
            found.append(domain.name)
    return sorted(found)


def _tell_floating(placement, notes):
    if placement.floating:
        notes.append(
            "no CPU is one guest's alone: %s, which the inventory does not name, may run on any; pin them elsewhere or "
            "list them" % few(placement.floating)
        )


def _tell_rules(seats, profile, cpus, report):
    for seat in seats:
        if seat.kind in (OWN, LEFT) or profile.value("vcpu_cpu") != "own_core":
            report.applied("vcpu_cpu", seat.name)
        else:
            report.applied("vcpu_cpu", seat.name, "shared", "there are too few cores: see the notes")
        for name in sorted(seat.queues):
            scope = "%s/%s" % (seat.name, name)
            report.applied("queues", scope, seat.queues[name])
            _tell_worker(seat, name, scope, profile, cpus, report)


def _tell_worker(seat, name, scope, profile, cpus, report):
    where = seat.workers.get((name, 0))
    if where is None:
        if profile.value("vhost_cpu") != "leave":
            report.not_applicable("vhost_cpu", scope, "its guest is on no single NUMA node")
    elif seat.kind in (SHARED, WIDE):
        report.applied("vhost_cpu", scope, "shared", "its guest shares its CPUs")
    elif where & cpus.housekeeping:
        report.applied(
            "vhost_cpu", scope, "housekeeping", "no core is left for it, so it runs where the host's work does"
        )
    else:
        report.applied("vhost_cpu", scope)
