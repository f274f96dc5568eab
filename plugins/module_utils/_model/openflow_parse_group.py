# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups and meters that are listed: the parameters checked by themselves."""

from __future__ import annotations

import re

from .openflow_parse_flow import check_line, check_ports, parse_actions
from .openflow_ports import name_action_ports
from .openflow_text import meter_text
from .openflow_wish import METER_UNITS, BucketWish, GroupWish

LAST_GROUP = 0xFFFFFF00  # OFPG_MAX (openflow/openflow-1.1.h)
LAST_METER = 0xFFFF0000  # OFPM13_MAX (openflow/openflow-1.3.h)
LAST_PORT = 65279  # below OFPP_MAX (openflow/openflow-1.0.h)
LAST_WEIGHT = 0xFFFF
MOST = 0xFFFFFFFF
_BUCKET_WORDS = ("weight", "watch_port", "watch_group")
_BUCKET = re.compile(r"((?:[a-z_]+[=:][^,]*,)*?)(?:actions=)(.+)")
# Of a meter, too, OpenFlow 1.4 makes an instruction; a switch took it for another action (3.1).
_NOT_IN_BUCKETS = re.compile(r"(?<![a-z_])(goto_table|write_actions|clear_actions|write_metadata|meter)\b")
# A switch keeps them in a bucket as they are, and parse-flows prints them as set_field of one protocol: never the same.
_UNTOLD = re.compile(r"(?<![a-z_])(mod_tp_src|mod_tp_dst)\b")


def _number(word, value, lowest, highest):
    if not (value.isascii() and value.isdigit()):
        raise ValueError("has no number in %r" % word)
    if not lowest <= int(value) <= highest:
        raise ValueError("has %r: allowed are whole numbers from %d to %d" % (word, lowest, highest))
    return str(int(value))


def _watched_port(word, value):
    """A number, or a port's name in braces. ovs-ofctl takes no other number and none of its names for ports that are no
    devices, and leaves out ``any`` (lib/ofp-group.c, parse_bucket_str; tried with 3.1)."""
    if value.isascii() and value.isdigit():
        return _number(word, value, 1, LAST_PORT)
    named = name_action_ports("output:" + value)[len("output:") :]
    if not named.startswith("{"):
        raise ValueError("has %r: expected the number or the name of a port of the bridge" % word)
    return named


def _bucket_words(text, kind):
    """``{name: value}`` of the words before a bucket's actions."""
    found = {}
    for word in text.split(","):
        name, value = (re.split("[=:]", word, maxsplit=1) + [""])[:2]
        if not word:
            continue
        if name not in _BUCKET_WORDS or name in found:
            raise ValueError(
                "has %r before its actions: allowed are %s, each once; buckets are numbered in their order"
                % (word, ", ".join(_BUCKET_WORDS))
            )
        if name == "weight":
            found[name] = _number(word, value, 0, LAST_WEIGHT)
        else:
            found[name] = _watched_port(word, value) if name == "watch_port" else _number(word, value, 0, LAST_GROUP)
    if kind != "select" and "weight" in found:
        raise ValueError("has a weight, which only a group of type select goes by")
    if kind not in ("select", "ff") and found:
        raise ValueError("watches a port or group, which only a group of type select or ff does")
    if kind == "ff" and not found:
        raise ValueError(
            "watches neither port nor group, by which a group of type ff chooses: name watch_port or watch_group"
        )
    return found


def _bucket_actions(text):
    actions = parse_actions(text)
    for name in _NOT_IN_BUCKETS.findall(actions):
        raise ValueError("holds %s, an instruction, which only a flow has" % name)
    for name in _UNTOLD.findall(actions):
        raise ValueError(
            "holds %s, which does not tell a bucket's protocol: write set_field:PORT->tcp_%s, or udp_%s or sctp_%s"
            % ((name,) + (name[-3:],) * 3)
        )
    return actions


def parse_bucket(text, kind, path):
    """A :class:`BucketWish` from ``weight=50,watch_port=1,actions=output:2``. Raises ValueError."""
    text = check_line(text, "bucket")
    match = _BUCKET.fullmatch(text if "actions=" in text else "actions=" + text)
    if not match:
        raise ValueError("is no bucket: expected words such as 'weight=50,actions=output:2'")
    found = _bucket_words(match.group(1), kind)
    words = ["%s:%s" % (name, found[name]) for name in _BUCKET_WORDS if name in found]
    return BucketWish(path, tuple(words), _bucket_actions(match.group(2)))


def parse_group(item, problems):
    kind, buckets = item["type"], []
    for index, text in enumerate(item.get("buckets") or []):
        at = problems.at("buckets").at(index)
        buckets.append(at.parse(lambda given, path=at.path: parse_bucket(given, kind, path), text))
        check_ports(text if isinstance(text, str) else "", False, at)
    if kind == "indirect" and len(buckets) != 1:
        problems.at("buckets").add(len(buckets), "is not the one bucket that a group of type indirect has")
    return GroupWish(
        problems.path, problems.at("id").whole(item["id"], 0, LAST_GROUP, "group's number"), kind, tuple(buckets)
    )


def parse_meter(item, problems):
    rate = problems.at("rate").whole(item["rate"], 1, MOST, "rate")
    burst = problems.at("burst").whole(item.get("burst"), 1, MOST, "burst")
    number = problems.at("id").whole(item["id"], 1, LAST_METER, "meter's number")
    return number, meter_text(item.get("unit") or METER_UNITS[0], rate or 0, burst)
