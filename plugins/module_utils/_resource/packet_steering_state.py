# SPDX-License-Identifier: GPL-3.0-or-later
"""How packets are spread now, read in a few round trips however many devices there are."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._model.action import UNKNOWN
from .._model.cpu_set import CpuSet
from .._model.ethtool_features import OFFLOADS
from .._model.link_table import LinkTable

CLASS = "/sys/class/net"
DEFAULT_MASK = "/proc/sys/net/core/rps_default_mask"
FLOW_ENTRIES = "/proc/sys/net/core/rps_sock_flow_entries"


@dataclass(frozen=True)
class DeviceState:
    """``rps``, ``rfs_flows``, ``xps``: by number of the queue; ``channels``, ``rings``, ``table``: as
    :meth:`Ethtool.spreading` tells them; ``features``: state by our name; ``mac_rules``: None where there are no
    filters or none was asked for."""

    name: str
    driver: object
    rps: dict
    rfs_flows: dict
    xps: dict
    channels: object = None
    rings: object = None
    table: object = None
    features: dict = field(default_factory=dict)
    mac_rules: object = None

    @property
    def rss_queues(self):
        """Over how many of the first queues the table spreads evenly; None where it does otherwise, or is none.

        In whatever order: drivers begin with blocks (igb_ethtool.c, igb_write_rss_indir_tbl; igb_main.c, igb_setup_mrqc) or with turns.
        """
        if not self.table:
            return None
        count = max(self.table) + 1
        parts = [self.table.count(ring) for ring in range(count)]
        return count if max(parts) - min(parts) <= 1 else None


@dataclass(frozen=True)
class SteeringState:
    links: LinkTable
    devices: dict
    default_cpus: object
    flow_entries: object


def _queues(host, names):
    """``{device: (receive queues, transmit queues)}``."""
    found = {}
    for name in names:
        entries = host.files.listdir("%s/%s/queues" % (CLASS, name))
        found[name] = tuple(
            sorted(int(entry[3:]) for entry in entries if entry.startswith(kind) and entry[3:].isdigit())
            for kind in ("rx-", "tx-")
        )
    return found


def mask_of(text):
    if text is UNKNOWN:
        return UNKNOWN
    try:
        return CpuSet.from_mask(text)
    except ValueError:
        return UNKNOWN


def _number(text):
    return int(text) if text is not UNKNOWN and text.isdigit() else UNKNOWN


def rps_path(device, queue):
    return "%s/%s/queues/rx-%d/rps_cpus" % (CLASS, device, queue)


def rfs_path(device, queue):
    return "%s/%s/queues/rx-%d/rps_flow_cnt" % (CLASS, device, queue)


def xps_path(device, queue):
    return "%s/%s/queues/tx-%d/xps_cpus" % (CLASS, device, queue)


def _drivers(host, names):
    """A device of the kernel's own has no driver in sysfs; its kind stands for it."""
    return {name: host.files.link_name("%s/%s/device/driver" % (CLASS, name)) for name in names}


def read_state(host, desired):
    """The :class:`SteeringState` of all that ``desired`` speaks of."""
    links = host.ip.links()
    names = [wish.device for wish in desired.devices if wish.device in links]
    queues = _queues(host, names)
    paths = [DEFAULT_MASK, FLOW_ENTRIES]
    for name, (receive, _transmit) in queues.items():
        paths += [place(name, queue) for queue in receive for place in (rps_path, rfs_path)]
    read = host.files.read_many(paths)
    # Apart: reading these waits for the lock that every change of a link holds (net/core/net-sysfs.c, xps_cpus_show).
    # New queues have none of it, so that a run which makes them has to know what was.
    steered = {wish.device for wish in desired.devices if wish.concerns_xps or wish.channels}
    read.update(
        host.files.read_many([xps_path(name, queue) for name in names if name in steered for queue in queues[name][1]])
    )
    spread, features, drivers = _asked(host, desired, names), _features(host, desired, names), _drivers(host, names)
    ruled = {wish.device for wish in desired.devices if wish.mac_rules is not None or wish.purge_mac_rules}
    devices = {}
    for name in names:
        receive, transmit = queues[name]
        told = spread.get(name) or {}
        devices[name] = DeviceState(
            name=name,
            driver=drivers[name] or links.get(name).kind,
            rps={queue: mask_of(read[rps_path(name, queue)]) for queue in receive},
            rfs_flows={queue: _number(read[rfs_path(name, queue)]) for queue in receive},
            xps={queue: mask_of(read[xps_path(name, queue)]) for queue in transmit} if name in steered else {},
            channels=told.get("channels"),
            rings=told.get("rings"),
            table=told.get("table"),
            features={ours: features.get(name, {}).get(kernels) for ours, kernels in OFFLOADS.items()},
            mac_rules=host.ethtool.mac_rules(name) if name in ruled else None,
        )
    return SteeringState(links, devices, mask_of(read[DEFAULT_MASK]), _number(read[FLOW_ENTRIES]))


def _asked(host, desired, names):
    wished = {wish.device for wish in desired.devices if wish.channels or wish.spreads or wish.mac_rules}
    told = host.ethtool.spreading([name for name in names if name in wished])
    return {} if told is UNKNOWN else told


def _features(host, desired, names):
    wished = {wish.device for wish in desired.devices if wish.features or wish.mac_rules}
    told = host.ethtool.features([name for name in names if name in wished])
    return {} if told is UNKNOWN else told
