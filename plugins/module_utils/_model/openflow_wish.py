# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows, groups and meters bridges are to have: the parameters checked by themselves."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from .fields import Problems
from .names import parse_interface_name
from .openflow_others import Others, parse_others
from .openflow_ports import PORT, name_action_ports, name_match_ports, ports_named
from .openflow_text import meter_text

ALLOW, DROP, NONE = "allow", "drop", "none"
GROUP_TYPES = ("all", "select", "indirect", "ff")
METER_UNITS = ("kbps", "pktps")
LAST_TABLE = 254  # 255 is OFPTT_ALL (openflow/openflow-1.1.h)
LAST_GROUP = 0xFFFFFF00  # OFPG_MAX (openflow/openflow-1.1.h)
LAST_METER = 0xFFFF0000  # OFPM13_MAX (openflow/openflow-1.3.h)
MOST = 0xFFFFFFFF
# What ovs-ofctl(8) reads among the fields of a match and is none.
_NOT_MATCHED = (
    "table priority cookie idle_timeout hard_timeout importance duration n_packets n_bytes idle_age hard_age out_port out_group "
    "send_flow_rem check_overlap reset_counts no_packet_counts no_byte_counts allow_hidden_fields actions action"
).split()
_BUCKET_WORDS = ("weight", "watch_port", "watch_group")
_BUCKET = re.compile(r"((?:[a-z_]+[=:][^,]*,)*?)(?:actions=)(.+)")


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


def _check_line(text, what):
    if not isinstance(text, str):
        raise ValueError("is no %s: it must be a string" % what)
    text = text.strip()
    if not text.isprintable():  # one flow is one line of what ovs-ofctl reads
        raise ValueError("holds a line break or control character, which no %s has" % what)
    return text


def parse_match(text):
    """A match in ovs-ofctl's words, separated by commas, with ``{NAME}`` for the numbers of ports. Raises ValueError."""
    words = [word for word in re.split(r"[,\s]+", _check_line(text, "match")) if word]
    for word in words:
        name = re.split("[=:(]", word, maxsplit=1)[0]
        if name == "cookie":
            raise ValueError(
                "names a cookie: kvm.vnic marks its flows by cookie, to know them from others'; leave it out"
            )
        if name in _NOT_MATCHED:
            raise ValueError(
                "names %r, which is no field of a packet: table, priority and actions are options of their own, and flows that "
                "end by themselves or report their end cannot be kept as they are wished" % name
            )
        if word.startswith("#"):
            raise ValueError("holds a comment")
    return name_match_ports(",".join(words))


def parse_actions(text):
    """Actions in ovs-ofctl's words, with ``{NAME}`` for the numbers of ports; ``drop`` for none. Raises ValueError."""
    text = _check_line(text, "list of actions")
    if not text:
        raise ValueError("is empty: write drop where packets are to be dropped")
    return name_action_ports(text)


def parse_interface_id(text):
    """A UUID in lower case. Raises ValueError."""
    try:
        return str(uuid.UUID(text if isinstance(text, str) and len(text) == 36 else ""))
    except ValueError:
        raise ValueError(
            "is no interface id: expected a UUID such as '6ecd5a9a-1f0e-4f1c-8d8f-2f4bd8a0d9b1', the interfaceid of the NIC's virtualport"
        ) from None


def parse_bucket(text, kind, path):
    """A :class:`BucketWish` from ``weight=50,watch_port=1,actions=output:2``. Raises ValueError."""
    text = _check_line(text, "bucket")
    match = _BUCKET.fullmatch(text if "actions=" in text else "actions=" + text)
    if not match:
        raise ValueError("is no bucket: expected words such as 'weight=50,actions=output:2'")
    found = {}
    for word in match.group(1).split(","):
        name, value = (re.split("[=:]", word, maxsplit=1) + [""])[:2]
        if not word:
            continue
        if name not in _BUCKET_WORDS or name in found:
            raise ValueError(
                "has %r before its actions: allowed are %s, each once; buckets are numbered in their order"
                % (word, ", ".join(_BUCKET_WORDS))
            )
        if name != "watch_port" and not (value.isascii() and value.isdigit()):
            raise ValueError("has no number in %r" % word)
        found[name] = (
            str(int(value)) if value.isascii() and value.isdigit() else name_action_ports("output:" + value)[7:]
        )
    if kind != "select" and "weight" in found:
        raise ValueError("has a weight, which only a group of type select goes by")
    if kind == "ff" and not set(found) & {"watch_port", "watch_group"}:
        raise ValueError(
            "watches neither port nor group, by which a group of type ff chooses: name watch_port or watch_group"
        )
    words = ["%s:%s" % (name, found[name]) for name in _BUCKET_WORDS if name in found]
    return BucketWish(path, tuple(words), parse_actions(match.group(2)))


def _check_ports(flow_text, own, problems):
    if not own and PORT in ports_named(flow_text):
        problems.add(flow_text, "names {port}, which stands for a guest's port and has a meaning in guest_ports only")


def _parse_flow(item, problems, own=False):
    match = problems.at("match").parse(parse_match, item.get("match") or "")
    actions = problems.at("actions").parse(parse_actions, item.get("actions") or "")
    _check_ports(match or "", own, problems.at("match"))
    _check_ports(actions or "", own, problems.at("actions"))
    return FlowWish(
        path=problems.path,
        table=problems.at("table").whole(item.get("table") or 0, 0, LAST_TABLE, "table"),
        priority=problems.at("priority").whole(
            item["priority"] if item.get("priority") is not None else 0x8000, 0, 65535, "priority"
        ),
        match=match,
        actions=actions,
    )


def _listed(items, parser, problems):
    if items is None:
        return None
    return tuple(parser(item, problems.at(index)) for index, item in enumerate(items))


def _parse_group(item, problems):
    kind, buckets = item["type"], []
    for index, text in enumerate(item.get("buckets") or []):
        at = problems.at("buckets").at(index)
        buckets.append(at.parse(lambda given, path=at.path: parse_bucket(given, kind, path), text))
        _check_ports(text if isinstance(text, str) else "", False, at)
    if kind == "indirect" and len(buckets) != 1:
        problems.at("buckets").add(len(buckets), "is not the one bucket that a group of type indirect has")
    return GroupWish(
        problems.path, problems.at("id").whole(item["id"], 0, LAST_GROUP, "group's number"), kind, tuple(buckets)
    )


def _parse_meter(item, problems):
    rate = problems.at("rate").whole(item["rate"], 1, MOST, "rate")
    burst = problems.at("burst").whole(item.get("burst"), 1, MOST, "burst")
    number = problems.at("id").whole(item["id"], 1, LAST_METER, "meter's number")
    return number, meter_text(item.get("unit") or METER_UNITS[0], rate or 0, burst)


def _parse_guest_port(item, problems):
    guest = item["guest"]
    if not guest or not guest.isprintable():
        problems.at("guest").add(guest, "is no guest's name")
    return GuestPortWish(
        path=problems.path,
        interface_id=problems.at("interface_id").parse(parse_interface_id, item["interface_id"]),
        guest=guest,
        flows=_listed(item.get("flows") or [], lambda flow, at: _parse_flow(flow, at, own=True), problems.at("flows")),
        protected=bool(item.get("protected")),
    )


def _parse_bridge(item, problems):
    groups, meters = item.get("groups"), item.get("meters")
    problems.at("groups").unique([group["id"] for group in groups or []], "group")
    problems.at("meters").unique([meter["id"] for meter in meters or []], "meter")
    unlisted = item.get("unlisted_ports")
    ports = _listed(item.get("guest_ports"), _parse_guest_port, problems.at("guest_ports"))
    for index, port in enumerate(ports or ()):
        if port.protected and not port.flows:
            problems.at("guest_ports").at(index).at("protected").add(
                True, "protects nothing: list the flows, or leave protected out"
            )
    return BridgeFlowsWish(
        path=problems.path,
        name=problems.at("name").parse(parse_interface_name, item["name"]),
        flows=_listed(item.get("flows"), _parse_flow, problems.at("flows")),
        groups=_listed(groups, _parse_group, problems.at("groups")),
        meters=None if meters is None else dict(_listed(meters, _parse_meter, problems.at("meters"))),
        guest_ports=ports,
        unlisted_ports=unlisted,
        purge=bool(item.get("purge")),
        others=parse_others(item.get("others"), problems.at("others")),
        if_emptied=parse_others(item.get("others_if_emptied"), problems.at("others_if_emptied")),
    )


def parse_flows(params):
    """The :class:`FlowsWish` and the open list of problems."""
    problems = Problems()
    items, at = params.get("bridges") or [], problems.at("bridges")
    at.unique([item["name"] for item in items], "bridge")
    bridges = tuple(_parse_bridge(item, at.at(index)) for index, item in enumerate(items))
    seen = {}
    for wish in bridges:
        for port in wish.guest_ports or ():
            other = seen.setdefault(port.interface_id, port)
            if other is not port and port.interface_id:
                problems.at("%s.interface_id" % port.path).add(
                    port.interface_id, "is that of %s: a port sits on one bridge, once" % other.path
                )
    return FlowsWish(bridges, bool(params.get("purge")), params.get("missing") == "skip"), problems
