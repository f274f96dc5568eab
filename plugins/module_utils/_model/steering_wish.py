# SPDX-License-Identifier: GPL-3.0-or-later
"""How packets are to be spread over queues and CPUs: the parameters checked by themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from .addresses import parse_mac
from .cpu_choice import ALLOWED, parse_cpu_choice
from .cpu_set import CpuSet
from .fields import Problems
from .names import parse_interface_name

OFF, MAX, ALL = "off", "max", "all"
FAIL, SKIP = "fail", "skip"
ABSENT = "absent"
RPS, RFS, XPS = "rps", "rfs_flows", "xps"
CHANNEL_KINDS = ("combined", "rx", "tx")
FEATURES = ("rxhash", "ntuple", "l2_fwd_offload", "hw_tc_offload")
MOST_QUEUES = 4096  # more than any driver's (include/linux/netdevice.h has 16 bits for them)
# The kernel takes more and allocates as much at once: 4 bytes a flow for all, 8 a flow and queue (net/core/net-sysfs.c).
MOST_FLOWS = 1 << 20
_QUEUE = re.compile(r"(rx|tx)-(0|[1-9][0-9]{0,3})", re.ASCII)
_NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})\Z", re.ASCII)
_OF_QUEUE = {"rx": (RPS, RFS), "tx": (XPS,)}


@dataclass(frozen=True)
class MacRuleWish:
    """``queue``: None where there is to be no filter for ``mac``."""

    mac: str
    queue: object


@dataclass(frozen=True)
class DeviceWish:
    """None leaves a thing alone. ``rps``: CPUs, empty for off; ``xps``: one such set for each transmit queue, or one
    for all; ``channels``: ``{kind: number | "max"}``; ``rss_queues``: how many of the first queues RSS spreads over, or
    ``"all"``; ``rss_table``: the queue of each of its entries; ``features``: ``{name: whether}``; ``queues``: ``{RPS,
    RFS or XPS: {queue: wish}}`` of those that are listed by themselves."""

    device: str
    path: str
    rps: object = None
    rfs_flows: object = None
    xps: object = None
    channels: dict = field(default_factory=dict)
    rss_queues: object = None
    features: dict = field(default_factory=dict)
    mac_rules: object = None
    purge_mac_rules: bool = False
    rss_table: object = None
    queues: dict = field(default_factory=dict)

    @property
    def makes_queues_anew(self):
        return bool(self.channels)

    @property
    def spreads(self):
        return self.rss_queues is not None or self.rss_table is not None

    @property
    def concerns_xps(self):
        return self.xps is not None or XPS in self.queues

    def of_queues(self, kind, queues):
        """``{queue: wish}`` of those of ``queues`` of which something is wished. ``kind``: RPS, RFS or XPS."""
        given = {RPS: self.rps, RFS: self.rfs_flows, XPS: self.xps}[kind]
        if isinstance(given, tuple):
            found = {queue: given[queue] for queue in queues if queue < len(given)}
        else:
            found = {} if given is None else dict.fromkeys(queues, given)
        found.update((queue, value) for queue, value in self.queues.get(kind, {}).items() if queue in queues)
        return found


@dataclass(frozen=True)
class SteeringWish:
    """``default_cpus``: what RPS of every new queue starts with; ``flow_entries``: flows that the kernel remembers."""

    devices: tuple
    default_cpus: object = None
    flow_entries: object = None
    best_effort: bool = False
    skips: bool = False

    def cpu_lists(self):
        """``(path, CPUs)`` of every list given."""
        found = [("rps_default_cpus", self.default_cpus)]
        for wish in self.devices:
            found.append((wish.path + ".rps", wish.rps))
            xps = wish.xps if isinstance(wish.xps, tuple) else (wish.xps,)
            found += [(wish.path + ".xps", cpus) for cpus in xps]
            for kind, name in ((RPS, "rx"), (XPS, "tx")):
                for queue, cpus in wish.queues.get(kind, {}).items():
                    found.append(("%s.queues.%s-%d.%s" % (wish.path, name, queue, kind), cpus))
        return [(path, cpus) for path, cpus in found if cpus]


def parse_cpus_or_off(value):
    """A CpuSet, empty for ``off``. YAML reads an unquoted off as false, which is taken. Raises ValueError."""
    if value is False or value == OFF:
        return CpuSet()
    if value is True or value == "on":
        raise ValueError('says on, but not where: give a CPU list such as "2-3", or off')
    try:
        return CpuSet(parse_cpu_choice(value))
    except ValueError as error:
        raise ValueError(str(error).replace(ALLOWED, ALLOWED + ", or off")) from None


def _parse_xps(value, problems):
    if not isinstance(value, list):
        return problems.parse(parse_cpus_or_off, value)
    if not value:
        problems.add(value, "is empty: give one CPU list for each transmit queue, or off")
    return tuple(problems.at(index).parse(parse_cpus_or_off, item) for index, item in enumerate(value))


def _parse_queues(given, problems):
    """``{RPS, RFS or XPS: {queue: wish}}``."""
    found = {}
    for name, wishes in given.items():
        at, match = problems.at(str(name)), _QUEUE.fullmatch(str(name))
        if not match or not isinstance(wishes, dict):
            at.add(
                wishes,
                "is no queue with its wishes: expected a name such as 'rx-0' or 'tx-3', and rps, rfs_flows or xps",
            )
            continue
        for kind, value in wishes.items():
            if kind not in _OF_QUEUE[match[1]]:
                at.at(str(kind)).add(value, "is unknown here: allowed are %s" % ", ".join(_OF_QUEUE[match[1]]))
            elif kind == RFS:
                found.setdefault(kind, {})[int(match[2])] = _power_of_two(value, "number of flows", at.at(kind))
            else:
                found.setdefault(kind, {})[int(match[2])] = at.at(kind).parse(parse_cpus_or_off, value)
    return {kind: {queue: wish for queue, wish in each.items() if wish is not None} for kind, each in found.items()}


def _parse_table(given, rss_queues, problems):
    if given is None:
        return None
    if rss_queues is not None:
        problems.add(given, "contradicts rss_queues: give one of both")
    if not given:
        problems.add(given, "is empty: give the queue of each entry")
    return tuple(problems.at(index).whole(queue, 0, MOST_QUEUES - 1, "queue") for index, queue in enumerate(given))


def _power_of_two(value, what, problems):
    """The kernel rounds flows up to a power of two, so that another number would never read back."""
    value = problems.whole(value, 0, MOST_FLOWS, what)
    if value and value & (value - 1):
        above = 1 << value.bit_length()
        problems.add(
            value, "is no power of two, and the kernel would round it up: write 0, %d or %d" % (above >> 1, above)
        )
    return value


def _count_or(word, value, lowest, problems):
    """A number given as such or as digits, or ``word``."""
    if value is None or value == word:
        return value
    if isinstance(value, str) and _NUMBER.match(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= MOST_QUEUES:
        problems.add(value, "is no number of queues: allowed are %d to %d, or %s" % (lowest, MOST_QUEUES, word))
        return None
    return value


def _parse_channels(given, problems):
    found = {}
    for kind in CHANNEL_KINDS:
        number = _count_or(MAX, given.get(kind), 0, problems.at(kind))
        if number is not None:
            found[kind] = number
    if found and all(number == 0 for number in found.values()):
        problems.add(given, "leaves no queue: at least one of %s is above 0" % ", ".join(CHANNEL_KINDS))
    return found


def _parse_rules(items, problems):
    if items is None:
        return None
    rules = []
    for index, item in enumerate(items):
        at = problems.at(index)
        mac = at.at("mac").parse(parse_mac, item["mac"])
        queue = at.at("queue").whole(item.get("queue"), 0, MOST_QUEUES - 1, "queue")
        absent = item.get("state") == ABSENT
        if absent and queue is not None:
            at.at("queue").add(queue, "is for a filter that is present")
        elif not absent and item.get("queue") is None:
            at.at("queue").add(None, "is missing: name the queue, 0 to %d" % (MOST_QUEUES - 1))
        rules.append(MacRuleWish(mac, queue))
    problems.unique([rule.mac for rule in rules], "address")
    return tuple(rules)


def _parse_device(item, problems):
    return DeviceWish(
        device=problems.at("device").parse(parse_interface_name, item["device"]),
        path=problems.path,
        rps=problems.at("rps").parse(parse_cpus_or_off, item.get("rps")),
        rfs_flows=_power_of_two(item.get("rfs_flows"), "number of flows", problems.at("rfs_flows")),
        xps=None if item.get("xps") is None else _parse_xps(item["xps"], problems.at("xps")),
        channels=_parse_channels(item.get("channels") or {}, problems.at("channels")),
        rss_queues=_count_or(ALL, item.get("rss_queues"), 1, problems.at("rss_queues")),
        features={name: item[name] for name in FEATURES if item.get(name) is not None},
        mac_rules=_parse_rules(item.get("mac_rules"), problems.at("mac_rules")),
        purge_mac_rules=bool(item.get("purge_mac_rules")),
        rss_table=_parse_table(item.get("rss_table"), item.get("rss_queues"), problems.at("rss_table")),
        queues=_parse_queues(item.get("queues") or {}, problems.at("queues")),
    )


def parse_steering(params):
    """The :class:`SteeringWish` and the open list of problems."""
    problems = Problems()
    items = params.get("devices") or []
    problems.at("devices").unique([item["device"] for item in items], "device")
    wish = SteeringWish(
        devices=tuple(_parse_device(item, problems.at("devices").at(index)) for index, item in enumerate(items)),
        default_cpus=problems.at("rps_default_cpus").parse(parse_cpus_or_off, params.get("rps_default_cpus")),
        flow_entries=_power_of_two(
            params.get("rps_sock_flow_entries"), "number of flows", problems.at("rps_sock_flow_entries")
        ),
        best_effort=bool(params.get("best_effort")),
        skips=params.get("missing") == SKIP,
    )
    return wish, problems


def on_cpus(wish, online):
    """``wish`` without the CPUs of RPS and XPS that are not in ``online``: of these the kernel keeps none (net/core/net-sysfs.c,
    netdev_rx_queue_set_rps_mask; net/core/dev.c, __netif_set_xps_queue)."""

    def kept(value):
        if isinstance(value, CpuSet):
            return value & online
        return tuple(map(kept, value)) if isinstance(value, tuple) else value

    devices = []
    for device in wish.devices:
        queues = {kind: {queue: kept(value) for queue, value in each.items()} for kind, each in device.queues.items()}
        devices.append(replace(device, rps=kept(device.rps), xps=kept(device.xps), queues=queues))
    return replace(wish, devices=tuple(devices))
