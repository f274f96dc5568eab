# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: Open vSwitch's daemons and bridges, and what its tools are called with.

ovs_fixture.py start     the daemons; prints whether they ran, as JSON
ovs_fixture.py stop      them
ovs_fixture.py count     from now on calls of OVS's tools are noted, by a stand-in that is found before them
ovs_fixture.py counted   no longer; prints the calls [[tool, argument...]...] as JSON
ovs_fixture.py reset     no bridge b-* and no stand-in
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

TOOLS = ("ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovsdb-client")
# The first folder in which modules look for a program
FIRST = Path("/usr/local/sbin")
STAND_IN = Path(__file__).parent / "counted_call"
CALLS = Path("/run/vnic-bench/calls")
UNITS = ("openvswitch-switch.service", "ovs-vswitchd.service", "ovsdb-server.service")


def running():
    return subprocess.run(("systemctl", "is-active", "--quiet", UNITS[1]), check=False).returncode == 0


def start():
    print(json.dumps(running()))
    subprocess.run(("systemctl", "start", UNITS[0]), check=True)


def stop():
    subprocess.run(("systemctl", "stop") + UNITS, check=True)


def remove_bridges():
    if not running():
        return
    listed = subprocess.run(("ovs-vsctl", "--timeout=60", "list-br"), check=True, stdout=subprocess.PIPE, text=True)
    ours = [name for name in listed.stdout.split() if name.startswith("b-")]
    if ours:
        commands = [word for name in ours for word in ("--", "del-br", name)]
        subprocess.run(["ovs-vsctl", "--timeout=300"] + commands, check=True)


def count():
    stop_counting()
    CALLS.write_text("")
    for tool in TOOLS:
        (FIRST / tool).symlink_to(STAND_IN)


def stop_counting():
    for tool in TOOLS:
        path = FIRST / tool
        if path.is_symlink() and os.readlink(path) == str(STAND_IN):
            path.unlink()


def counted():
    stop_counting()
    print(json.dumps([json.loads(line) for line in CALLS.read_text().splitlines()]))


def reset():
    stop_counting()
    remove_bridges()


def main(command):
    {"start": start, "stop": stop, "count": count, "counted": counted, "reset": reset}[command]()


if __name__ == "__main__":
    main(*sys.argv[1:])
