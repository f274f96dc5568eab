# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: ``start`` begins to watch for writes, ``stop`` prints those seen, one a line, and fails when there were any.

Watched: every change of links, addresses and routes that the kernel announces; every file below the places where the collection, libvirt or
Open vSwitch keep state; every change of a flow; and attributes of PCI and network devices: the kernel tells inotify of user space's writes to
sysfs, not of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = [
    "/etc/libvirt",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/default",
    "/etc/kvm-vnic",
    "/var/lib/kvm-vnic",
]
# Its database, which holds neither counters nor states of links: they are ephemeral columns (vswitch.ovsschema).
PLACES += ["/etc/openvswitch", "/var/lib/openvswitch"]


def device_folders():
    found = set()
    for base in ("/sys/bus/pci/devices", "/sys/class/net"):
        for name in os.listdir(base):
            path = os.path.realpath(os.path.join(base, name))
            queues = os.path.join(path, "queues")
            found.add(path)
            found.update(os.path.join(queues, queue) for queue in (os.listdir(queues) if os.path.isdir(queues) else ()))
    return sorted(found)


def bridges():
    """Those of Open vSwitch."""
    if shutil.which("ovs-vsctl") is None:
        return []
    return subprocess.run(
        ["ovs-vsctl", "--timeout=20", "list-br"], stdout=subprocess.PIPE, text=True, check=False
    ).stdout.split()


def start():
    places = [path for path in PLACES if os.path.exists(path)] + device_folders()
    commands = {
        "links": ["ip", "monitor", "link", "address", "route"],
        "files": [sys.executable, HERE + "/inotify.py"] + places,
    }
    commands.update(("flows-" + name, ["ovs-ofctl", "monitor", name, "watch:!initial"]) for name in bridges())
    pids = []
    for name, command in commands.items():
        with open("%s/%s.seen" % (HERE, name), "w") as seen, open("%s/%s.errors" % (HERE, name), "w") as errors:
            # ovs-ofctl prints events there (utilities/ovs-ofctl.c, monitor_vconn).
            told = seen if name.startswith("flows-") else errors
            pids.append(subprocess.Popen(command, stdout=seen, stderr=told, start_new_session=True).pid)
    with open(HERE + "/pids", "w") as stream:
        json.dump(dict(zip(commands, pids)), stream)
    while "watching" not in open(HERE + "/files.errors").read():
        time.sleep(0.1)


def tells(watcher, line):
    """Whether a line is more than the heading that ovs-ofctl prints above events."""
    return "event=" in line if watcher.startswith("flows-") else bool(line.strip())


def stop():
    with open(HERE + "/pids") as stream:
        watchers = json.load(stream)
    for pid in watchers.values():
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            sys.exit("a watcher ended by itself: nothing is proved")
    seen = [line.rstrip() for name in watchers for line in open("%s/%s.seen" % (HERE, name)) if tells(name, line)]
    print("\n".join(seen))
    sys.exit(1 if seen else 0)


{"start": start, "stop": stop}[sys.argv[1]]()
