# SPDX-License-Identifier: GPL-3.0-or-later
"""Flows, groups and meters as ``ovs-ofctl`` prints them, and as it reads them back.

``dump-flows`` (what a switch holds) and ``parse-flows`` (what a text means) print matches and actions with the same
code, in one order and one notation (lib/match.c, match_format; lib/ofp-actions.c, ofpacts_format). So two flows are
equal when both were printed by it and their texts are: no table of aliases, masks and prerequisites of ours has to
follow the releases of Open vSwitch. The texts here were recorded with 3.1 and 3.5.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_PRIORITY = 0x8000  # include/openflow/openflow-common.h, OFP_DEFAULT_PRIORITY
_FLAGS = ("send_flow_rem", "check_overlap", "reset_counts", "no_packet_counts", "no_byte_counts")
# lib/ofp-flow.c, ofputil_flow_mod_format writes a colon where ofputil_flow_stats_format writes "_timeout="
_LASTING = re.compile(r"(idle|hard)(?:_timeout=|:)(\d+)|(importance)[=:](\d+)")
_STATISTICS = ("duration", "n_packets", "n_bytes", "idle_age", "hard_age", "reset_counts")
_MOD = re.compile(r"OFPT_FLOW_MOD \([^)]*\)(?: \([^)]*\))?: (.*)")
_DECODE_ERROR = re.compile(r"\*\*\*decode error: (\S+?)\*\*\*")


@dataclass(frozen=True)
class Flow:
    """``match`` and ``actions`` as ovs-ofctl prints them; ``lasting``: words on timeouts, importance and flags."""

    table: int
    priority: int
    match: str
    actions: str
    cookie: int = 0
    lasting: tuple = ()

    @property
    def key(self):
        """What makes a flow the same one: a switch holds one of each (OpenFlow 1.4, 6.4)."""
        return self.table, self.priority, self.match

    @property
    def where(self):
        """Table, priority and match, in words that ovs-ofctl reads."""
        return "table=%d,priority=%d%s" % (self.table, self.priority, "," + self.match if self.match else "")

    def to_add(self):
        return ",".join(("cookie=0x%x" % self.cookie,) + self.lasting + (self.where, "actions=" + self.actions))

    def to_delete(self):
        """For ``delete_strict``: with its cookie, so that no flow which somebody put in its place goes instead."""
        return "cookie=0x%x/-1,%s" % (self.cookie, self.where)


@dataclass(frozen=True)
class RefusedFlow:
    """A text that ovs-ofctl does not take for a flow, and what it said."""

    message: str


def _read(text):
    """A :class:`Flow` from the attributes, match and actions of one line of either command. Raises ValueError."""
    head, mark, actions = text.strip().partition("actions=")
    if not mark:
        raise ValueError("no actions in %r" % text)
    table, priority, cookie, lasting, match = 0, DEFAULT_PRIORITY, 0, [], ""
    for word in head.split():
        word = word.rstrip(",")
        name, value = (re.split("[=:]", word, maxsplit=1) + [""])[:2]
        duration = _LASTING.fullmatch(word)
        if name == "cookie":
            cookie = int(value, 16)
        elif name == "table":
            table = int(value)
        elif duration:
            kind, seconds, other, number = duration.groups()
            lasting.append("%s_timeout=%s" % (kind, seconds) if kind else "%s=%s" % (other, number))
        elif word in _FLAGS:
            lasting.append(word)
        elif name not in _STATISTICS:
            match = word
    first, comma, rest = match.partition(",")
    if first.startswith("priority="):
        priority, match = int(first[9:]), rest if comma else ""
    return Flow(table, priority, match, actions, cookie, tuple(lasting))


def read_dump(text):
    """The flows that ``dump-flows --no-names`` printed, in its order. Raises ValueError for what is no such text."""
    return tuple(_read(line) for line in text.splitlines() if "actions=" in line)


def read_parsed(text):
    """A :class:`Flow` or :class:`RefusedFlow` for each that ``parse-flows`` printed, in the order of its input."""
    found = []
    for line in text.splitlines():
        mod = _MOD.fullmatch(line.strip())
        if mod:
            wrong = _DECODE_ERROR.search(line)
            found.append(RefusedFlow(wrong.group(1)) if wrong else _read(mod.group(1).partition(" ")[2]))
    return found


def read_refused(text):
    """What ``bundle`` says that the switch refused: ``(Flow or None, group's number or None, error or None)``."""
    match = re.search(r"^Error (\S+) for: (OFPT_(?:FLOW|GROUP)_MOD .*)\n?(.*)", text, re.MULTILINE)
    if not match:
        return None, None, None
    error, head, following = match.groups()
    mod, group = _MOD.fullmatch(head.strip()), re.match(r"\s+[A-Z]+ group_id=(\d+)", following)
    flow = _read(mod.group(1).partition(" ")[2]) if mod and "actions=" in mod.group(1) else None
    return flow, int(group.group(1)) if group else None, error


def _plain_bucket(text, kind):
    words = []
    head, mark, actions = text.partition("actions=")
    for word in head.split(","):
        name = word.partition(":")[0]
        usual = word == ("weight:1" if kind == "select" else "weight:0")  # lib/ofp-group.c leaves the default out
        if word and name != "bucket_id" and not usual:
            words.append(word)
    return ",".join(words + [mark + actions])


def group_text(kind, buckets):
    """``type=select,bucket=weight:50,actions=…``: a group without its number, and without those of its buckets.

    ``buckets``: as ovs-ofctl prints them, with its order of words.
    """
    return ",".join(["type=" + kind] + ["bucket=" + _plain_bucket(bucket, kind) for bucket in buckets])


def read_groups(text):
    """``{number: text as of group_text}`` from ``dump-groups``."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"\s*group_id=(\d+),type=([a-z_]+)(.*)", line)
        if match:
            number, kind, rest = match.groups()
            options, *buckets = rest.split(",bucket=")
            found[int(number)] = group_text(kind + options, buckets) if options else group_text(kind, buckets)
    return found


def meter_text(unit, rate, burst=None):
    """A meter without its number, as ``dump-meters`` prints it in two lines and we in one."""
    flags = "%s%s bands=" % (unit, "" if burst is None else " burst")
    return "%s type=drop rate=%d%s" % (flags, rate, "" if burst is None else " burst_size=%d" % burst)


def read_meters(text):
    """``{number: text as of meter_text}`` from ``dump-meters``; without the switch's own (``meter=controller``)."""
    found, number = {}, None
    for line in text.splitlines():
        match = re.match(r"meter=(\S+) (.*)", line)
        if match:
            number = int(match.group(1)) if match.group(1).isdigit() else None
            if number is not None:
                found[number] = match.group(2).strip()
        elif number is not None and line.startswith("type="):
            found[number] += " " + line.strip()
    return found


def meter_line(number, text):
    """``meter=3,kbps,burst,band=type=drop,rate=1000``: what ``add-meter`` reads, from :func:`meter_text`."""
    flags, _mark, bands = text.partition("bands=")
    bands = ",".join(
        "band=" + ",".join(band.split()) for band in re.split(r"\s+(?=type=)", " " + bands.strip()) if band
    )
    return ",".join(["meter=%d" % number] + flags.split() + [bands])
