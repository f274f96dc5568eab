# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows, groups and meters bridges are to have."""

from __future__ import annotations

from dataclasses import dataclass

from .openflow_others import Others

ALLOW, DROP, NONE = "allow", "drop", "none"
GROUP_TYPES = ("all", "select", "indirect", "ff")
METER_UNITS = ("kbps", "pktps")


@dataclass(frozen=True)
class FlowWish:
    """``match`` and ``actions`` with ``{NAME}`` where the number of a port of that name goes, ``{port}`` for the guest's own."""

    path: str
    table: int
    priority: int
    match: str
    actions: str

    def to_record(self):
        return {"table": self.table, "priority": self.priority, "match": self.match, "actions": self.actions}

    @property
    def line(self):
        where = "table=%d,priority=%d%s" % (self.table, self.priority, "," + self.match if self.match else "")
        return "%s,actions=%s" % (where, self.actions)


@dataclass(frozen=True)
class BucketWish:
    """``words``: ``("weight:50", …)`` in the order in which ovs-ofctl prints them; ``actions``: a template."""

    path: str
    words: tuple
    actions: str


@dataclass(frozen=True)
class GroupWish:
    path: str
    number: int
    kind: str
    buckets: tuple


@dataclass(frozen=True)
class GuestPortWish:
    """``interface_id``: libvirt's, in the port's ``external_ids:iface-id``; ``protected``: no start without the flows."""

    path: str
    interface_id: str
    guest: str
    flows: tuple
    protected: bool = False

    def to_record(self):
        return {"guest": self.guest, "protected": self.protected, "flows": [flow.to_record() for flow in self.flows]}


@dataclass(frozen=True)
class BridgeFlowsWish:
    """None leaves a thing alone. ``meters``: ``{number: text as of meter_text}``; ``others``: what is put back of others',
    ``if_emptied``: what of it only where the tables were emptied."""

    path: str
    name: str
    flows: object = None
    groups: object = None
    meters: object = None
    guest_ports: object = None
    unlisted_ports: object = None
    purge: bool = False
    others: Others = Others()
    if_emptied: Others = Others()

    @property
    def guarded(self):
        """Whether unlisted ports are dropped; None where that is left alone."""
        return None if self.unlisted_ports is None else self.unlisted_ports == DROP

    @property
    def asks(self):
        """Whether there can be anything to do on a bridge that holds nothing of ours for guests."""
        plain = any(part is not None for part in (self.flows, self.groups, self.meters))
        return plain or bool(self.guest_ports or self.guarded or self.purge) or self.puts_back

    @property
    def puts_back(self):
        return self.others != Others() or self.if_emptied != Others()

    def all_flows(self):
        """``(FlowWish, GuestPortWish or None)`` of each."""
        for flow in self.flows or ():
            yield flow, None
        for port in self.guest_ports or ():
            for flow in port.flows:
                yield flow, port


@dataclass(frozen=True)
class FlowsWish:
    """``skips``: whether what is not there is left out."""

    bridges: tuple
    purge: bool = False
    skips: bool = False

    @property
    def names(self):
        return [wish.name for wish in self.bridges]
