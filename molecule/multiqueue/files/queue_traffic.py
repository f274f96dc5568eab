# SPDX-License-Identifier: GPL-3.0-or-later
"""queue_traffic.py NAMESPACE ADDRESS PREFIX COUNT TID TID...: ping ADDRESS from PREFIX1, PREFIX2 … and see who works.

The macvtap gives each flow, here a pair of addresses, to one queue (drivers/net/tap.c, tap_get_queue). Succeeds when
every flow made one of the threads work and every thread worked for a flow.
"""

from __future__ import annotations

import glob
import subprocess
import sys

PINGS = 20
CLEARLY = 5  # times as long as the others, which see a packet of ARP now and then


def run_times(tids):
    found = {}
    for tid in tids:
        # a thread of QEMU or of the kernel
        with open(glob.glob("/proc/[0-9]*/task/%s/schedstat" % tid)[0]) as stream:
            found[tid] = int(stream.read().split()[0])
    return found


def ping(namespace, source, address, count):
    command = [
        "ip",
        "netns",
        "exec",
        namespace,
        "ping",
        "-q",
        "-n",
        "-i",
        "0.1",
        "-W",
        "3",
        "-c",
        str(count),
        "-I",
        source,
        address,
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def worked(namespace, source, address, tids):
    """Nanoseconds that each thread ran for pings from ``source``, the neighbours being known already."""
    ping(namespace, source, address, 3)
    before = run_times(tids)
    ping(namespace, source, address, PINGS)
    after = run_times(tids)
    return {tid: after[tid] - before[tid] for tid in tids}


def main():
    namespace, address, prefix, count, *tids = sys.argv[1:]
    seen = set()
    for number in range(1, int(count) + 1):
        ran = worked(namespace, "%s%d" % (prefix, number), address, tids)
        busiest = max(tids, key=ran.get)
        print("%s%d: %s" % (prefix, number, ", ".join("%s ran %d us" % (tid, ran[tid] // 1000) for tid in tids)))
        others = sum(ran[tid] for tid in tids if tid != busiest)
        if ran[busiest] < CLEARLY * others:
            return "the flow from %s%d made more than one worker work" % (prefix, number)
        seen.add(busiest)
        if seen == set(tids):
            return None
    return "no flow made these work: %s" % ", ".join(sorted(set(tids) - seen))


if __name__ == "__main__":
    sys.exit(main())
