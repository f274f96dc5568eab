# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: ``start`` begins to watch for writes, ``stop`` prints those seen, one a line, and fails when there were any.

Watched: every change of links, addresses and routes that the kernel announces; every file below the places where the collection or libvirt
keep state; and attributes of PCI and network devices: the kernel tells inotify of user space's writes to sysfs, not of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = ["/etc/libvirt", "/etc/modprobe.d", "/etc/modules-load.d", "/etc/default", "/var/lib/kvm-vnic"]


def device_folders():
    found = set()
    for base in ("/sys/bus/pci/devices", "/sys/class/net"):
        for name in os.listdir(base):
            path = os.path.realpath(os.path.join(base, name))
            queues = os.path.join(path, "queues")
            found.add(path)
            found.update(os.path.join(queues, queue) for queue in (os.listdir(queues) if os.path.isdir(queues) else ()))
    return sorted(found)


def start():
    places = [path for path in PLACES if os.path.exists(path)] + device_folders()
    commands = {"links": ["ip", "monitor", "link", "address", "route"], "files": [sys.executable, HERE + "/inotify.py"] + places}
    pids = []
    for name, command in commands.items():
        with open("%s/%s.seen" % (HERE, name), "w") as seen, open("%s/%s.errors" % (HERE, name), "w") as errors:
            pids.append(subprocess.Popen(command, stdout=seen, stderr=errors, start_new_session=True).pid)
    with open(HERE + "/pids", "w") as stream:
        stream.write(" ".join(map(str, pids)))
    while "watching" not in open(HERE + "/files.errors").read():
        time.sleep(0.1)


def stop():
    for pid in open(HERE + "/pids").read().split():
        try:
            os.kill(int(pid), signal.SIGTERM)
        except ProcessLookupError:
            sys.exit("a watcher ended by itself: nothing is proved")
    seen = [line.rstrip() for name in ("links", "files") for line in open("%s/%s.seen" % (HERE, name)) if line.strip()]
    print("\n".join(seen))
    sys.exit(1 if seen else 0)


{"start": start, "stop": stop}[sys.argv[1]]()
