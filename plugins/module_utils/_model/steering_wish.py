# SPDX-License-Identifier: GPL-3.0-or-later
"""How packets are to be spread over queues and CPUs: the parameters checked by themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from .addresses import parse_mac
from .cpu_choice import parse_cpu_choice
from .cpu_set import CpuSet
from .fields import Problems
from .names import parse_interface_name

OFF, MAX, ALL = "off", "max", "all"
CHANNEL_KINDS = ("combined", "rx", "tx")
FEATURES = ("rxhash", "ntuple", "l2_fwd_offload")
MOST_QUEUES = 4096  # more than any driver's (include/linux/netdevice.h has 16 bits for them)
# The kernel takes more and allocates as much at once: 4 bytes a flow for all, 8 a flow and queue (net/core/net-sysfs.c).
MOST_FLOWS = 1 << 20


@dataclass(frozen=True)
class MacRuleWish:
    mac: str
    queue: int


@dataclass(frozen=True)
class DeviceWish:
    """None leaves a thing alone. ``rps``: CPUs, empty for off; ``xps``: one such set for each transmit queue, or one
    for all; ``channels``: ``{kind: number | "max"}``; ``rss_queues``: how many of the first queues RSS spreads over, or
    ``"all"``; ``features``: ``{name: whether}``."""

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

    @property
    def makes_queues_anew(self):
        return bool(self.channels)


@dataclass(frozen=True)
class SteeringWish:
    """``default_cpus``: what RPS of every new queue starts with; ``flow_entries``: flows that the kernel remembers."""

    devices: tuple
    default_cpus: object = None
    flow_entries: object = None
    best_effort: bool = False

    def cpu_lists(self):
        """``(path, CPUs)`` of every list given."""
        found = [("rps_default_cpus", self.default_cpus)]
        for wish in self.devices:
            found.append((wish.path + ".rps", wish.rps))
            xps = wish.xps if isinstance(wish.xps, tuple) else (wish.xps,)
            found += [(wish.path + ".xps", cpus) for cpus in xps]
        return [(path, cpus) for path, cpus in found if cpus]


def parse_cpus_or_off(value):
    """A CpuSet, empty for ``off``. YAML reads an unquoted off as false, which is taken. Raises ValueError."""
    if value is False or value == OFF:
        return CpuSet()
    if value is True:
        raise ValueError('says on, but not where: give a CPU list such as "2-3", or off')
    return CpuSet(parse_cpu_choice(value))


def _parse_xps(value, problems):
    if not isinstance(value, list):
        return problems.parse(parse_cpus_or_off, value)
    if not value:
        problems.add(value, "is empty: give one CPU list for each transmit queue, or off")
    return tuple(problems.at(index).parse(parse_cpus_or_off, item) for index, item in enumerate(value))


def _power_of_two(value, what, problems):
    """The kernel rounds flows up to a power of two, so that another number would never read back."""
    value = problems.whole(value, 0, MOST_FLOWS, what)
    if value and value & (value - 1):
        above = 1 << value.bit_length()
        problems.add(value, "is no power of two, and the kernel would round it up: write 0, %d or %d" % (above >> 1, above))
    return value


def _count_or(word, value, lowest, problems):
    """A number given as such or as digits, or ``word``."""
    if value is None or value == word:
        return value
    if isinstance(value, str) and value.isdigit() and str(int(value)) == value:
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
        queue = at.at("queue").whole(item["queue"], 0, MOST_QUEUES - 1, "queue")
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
    )
    return wish, problems
