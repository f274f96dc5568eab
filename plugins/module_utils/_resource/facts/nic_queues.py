# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues of network devices, and which CPUs software steers their packets to."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.steering import short_mask

CLASS = "/sys/class/net"


def _mask(text):
    if text is UNKNOWN:
        return UNKNOWN
    try:
        return short_mask(text)
    except ValueError:
        return UNKNOWN


def _flows(text):
    return int(text) if text is not UNKNOWN and text.isdigit() else UNKNOWN


def _numbers(names, prefix):
    return sorted(
        int(name[len(prefix) :]) for name in names if name.startswith(prefix) and name[len(prefix) :].isdigit()
    )


def _steering(read, base, receive, transmit):
    found = {
        "rps": {str(queue): _mask(read["%s/rx-%d/rps_cpus" % (base, queue)]) for queue in receive},
        "rfs": {str(queue): _flows(read["%s/rx-%d/rps_flow_cnt" % (base, queue)]) for queue in receive},
        "xps": {str(queue): _mask(read["%s/tx-%d/xps_cpus" % (base, queue)]) for queue in transmit},
    }
    if found["xps"] == {"0": UNKNOWN}:
        # With a single queue there is nothing to choose (net/core/net-sysfs.c, xps_cpus_show: ENOENT).
        found["xps"] = {}
    return found


def read_queues(host, names):
    """``{device: {"queues": {rx, tx}, "steering": {rps, rfs, xps}}}``, all files in two round trips.

    The masks of XPS are read apart, because that waits for the lock which every change of a link holds.
    """
    queues, free, locking = {}, [], []
    for name in names:
        base = "%s/%s/queues" % (CLASS, name)
        entries = host.files.list_or(base)
        if entries is UNKNOWN:
            queues[name] = None
            continue
        receive, transmit = queues[name] = _numbers(entries, "rx-"), _numbers(entries, "tx-")
        free += ["%s/rx-%d/%s" % (base, queue, file) for queue in receive for file in ("rps_cpus", "rps_flow_cnt")]
        locking += ["%s/tx-%d/xps_cpus" % (base, queue) for queue in transmit]
    read = dict(host.files.read_many(free), **host.files.read_many(locking))
    found = {}
    for name, numbers in queues.items():
        if numbers is None:
            steering = dict.fromkeys(("rps", "rfs", "xps"), UNKNOWN)
            found[name] = {"queues": {"rx": UNKNOWN, "tx": UNKNOWN}, "steering": steering}
            continue
        receive, transmit = numbers
        found[name] = {
            "queues": {"rx": len(receive), "tx": len(transmit)},
            "steering": _steering(read, "%s/%s/queues" % (CLASS, name), receive, transmit),
        }
    return found
