# SPDX-License-Identifier: GPL-3.0-or-later
"""The flows that are listed, of a bridge and of guests' ports: the parameters checked by themselves."""

from __future__ import annotations

import re
import uuid

from .openflow_ports import PORT, name_action_ports, name_match_ports, ports_named
from .openflow_wish import FlowWish, GuestPortWish

LAST_TABLE = 254  # 255 is OFPTT_ALL (openflow/openflow-1.1.h)
# What ovs-ofctl(8) reads among the fields of a match and is none.
_NOT_MATCHED = (
    "table priority cookie idle_timeout hard_timeout importance duration n_packets n_bytes idle_age hard_age out_port out_group "
    "send_flow_rem check_overlap reset_counts no_packet_counts no_byte_counts allow_hidden_fields actions action"
).split()


def check_line(text, what):
    if not isinstance(text, str):
        raise ValueError("is no %s: it must be a string" % what)
    text = text.strip()
    if not text.isprintable():  # one flow is one line of what ovs-ofctl reads
        raise ValueError("holds a line break or control character, which no %s has" % what)
    if "#" in text:  # there and after it ovs-ofctl reads nothing (lib/dynamic-string.c, ds_get_preprocessed_line)
        raise ValueError("holds #, which begins a comment and so cuts off what follows: leave it out")
    return text


def parse_match(text):
    """A match in ovs-ofctl's words, separated by commas, with ``{NAME}`` for the numbers of ports. Raises ValueError."""
    words = [word for word in re.split(r"[,\s]+", check_line(text, "match")) if word]
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
    return name_match_ports(",".join(words))


def parse_actions(text):
    """Actions in ovs-ofctl's words, with ``{NAME}`` for the numbers of ports; ``drop`` for none. Raises ValueError."""
    text = check_line(text, "list of actions")
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


def check_ports(flow_text, own, problems):
    if not own and PORT in ports_named(flow_text):
        problems.add(flow_text, "names {port}, which stands for a guest's port and has a meaning in guest_ports only")


def parse_flow(item, problems, own=False):
    match = problems.at("match").parse(parse_match, item.get("match") or "")
    actions = problems.at("actions").parse(parse_actions, item.get("actions") or "")
    check_ports(match or "", own, problems.at("match"))
    check_ports(actions or "", own, problems.at("actions"))
    return FlowWish(
        path=problems.path,
        table=problems.at("table").whole(item.get("table") or 0, 0, LAST_TABLE, "table"),
        priority=problems.at("priority").whole(
            item["priority"] if item.get("priority") is not None else 0x8000, 0, 65535, "priority"
        ),
        match=match,
        actions=actions,
    )


def listed(items, parser, problems):
    if items is None:
        return None
    return tuple(parser(item, problems.at(index)) for index, item in enumerate(items))


def parse_guest_port(item, problems):
    guest = item["guest"]
    if not guest or not guest.isprintable():
        problems.at("guest").add(guest, "is no guest's name")
    return GuestPortWish(
        path=problems.path,
        interface_id=problems.at("interface_id").parse(parse_interface_id, item["interface_id"]),
        guest=guest,
        flows=listed(item.get("flows") or [], lambda flow, at: parse_flow(flow, at, own=True), problems.at("flows")),
        protected=bool(item.get("protected")),
    )
