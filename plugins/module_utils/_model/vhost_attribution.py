# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a guest's vhost workers serves which queue of which NIC. Their names tell only the guest.

One worker serves one pair of queues (drivers/vhost/net.c). libvirt opens vhost once for each queue, NIC after NIC in
the order of the running XML, where a hot-plugged one comes last; so the order in which workers were made is that of
the queues. Traffic tells better: only the workers of the NIC that moved packets ran.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ORDER, TRAFFIC = "order", "traffic"
# Types whose packets vhost-net moves; the others have no tap (libvirt: src/qemu/qemu_interface.c,
# qemuInterfaceOpenVhostNet and its callers).
TYPES = ("bridge", "network", "direct", "ethernet")

BUSY_PACKETS = 10
# A worker that only woke up runs for a few microseconds; ten packets take longer than this on any machine.
BUSY_NANOSECONDS = 10000
# Of the run time of the busiest one; below it a worker was woken by something else than the packets counted.
BUSY_SHARE = 0.1


@dataclass(frozen=True)
class VhostNic:
    """A NIC that has workers. ``name``: ours, None for one that others made; ``target``: its device on the host."""

    name: object
    alias: object
    mac: object
    target: object
    queues: int

    @property
    def label(self):
        return self.name or self.alias or self.mac


@dataclass(frozen=True)
class Sample:
    """``run``: ``{tid: nanoseconds run}``; ``packets``: ``{place of the NIC: packets in and out}``."""

    run: dict = field(default_factory=dict)
    packets: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """``nic``: place in the list of NICs, ``queue``: number; None where it cannot be told. ``how``: ``order``,
    ``traffic`` or None."""

    tid: int
    nic: object = None
    queue: object = None
    how: object = None


def has_vhost(interface):
    """Whether vhost serves this running DomainInterface. Where the XML names no backend libvirt tries vhost first."""
    return (
        interface.type in TYPES
        and (interface.model or "").startswith("virtio")
        and interface.backend in (None, "vhost")
    )


def vhost_nics(interfaces):
    """The :class:`VhostNic` of each DomainInterface that has workers, in the XML's order."""
    return tuple(
        VhostNic(each.name, each.alias, each.mac, each.target, each.queues if isinstance(each.queues, int) else 1)
        for each in interfaces
        if has_vhost(each)
    )


def _by_order(tids, nics):
    places = [(index, queue) for index, nic in enumerate(nics) for queue in range(nic.queues)]
    return dict(zip(tids, places)) if len(places) == len(tids) else {}


def _by_traffic(tids, nics, before, after):
    """``(place of the only NIC that had traffic, the workers that ran for it)``, or ``(None, ())``."""
    moved = {}
    for index in range(len(nics)):
        if index not in before.packets or index not in after.packets:
            return None, ()
        moved[index] = after.packets[index] - before.packets[index]
    busy = [index for index, packets in moved.items() if packets]
    if len(busy) != 1 or moved[busy[0]] < BUSY_PACKETS:
        return None, ()
    ran = {tid: after.run[tid] - before.run[tid] for tid in tids if tid in before.run and tid in after.run}
    least = max([BUSY_NANOSECONDS] + [BUSY_SHARE * time for time in ran.values()])
    workers = tuple(tid for tid in tids if ran.get(tid, 0) >= least)
    return (busy[0], workers) if 0 < len(workers) <= nics[busy[0]].queues else (None, ())


def attribute(tids, nics, before=None, after=None):
    """A :class:`Served` for each worker.

    ``tids``: the workers, oldest first; ``nics``: :class:`VhostNic` in the running XML's order; ``before`` and
    ``after``: a :class:`Sample` each. Take the first one's packets before its run times and the last one's after
    them, so that a NIC without a packet had none while the workers were watched.
    """
    order = _by_order(tids, nics)
    busy, ran = _by_traffic(tids, nics, before, after) if before and after else (None, ())
    if any(order and order[tid][0] != busy for tid in ran):
        order = {}  # traffic proves it wrong, for these and so for the others
    found = []
    for tid in tids:
        if tid in ran:
            queue = order[tid][1] if order else None
            if queue is None and len(ran) == nics[busy].queues:
                queue = ran.index(tid)
            found.append(Served(tid, busy, queue, TRAFFIC))
        elif tid in order:
            found.append(Served(tid, *order[tid], how=ORDER))
        else:
            found.append(Served(tid))
    return tuple(found)
