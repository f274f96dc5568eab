# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: what its owner has beside the collection, guests and addresses to reach them from.

Reads guests.json on standard input. A guest on a macvtap cannot talk to the device its macvtap stands on, so that subnet's end is a macvlan
beside it, in a namespace of its own. A VLAN of Open vSwitch ends in a port of that VLAN, as soon as there is its bridge, which site makes.
"""

from __future__ import annotations

import json
import subprocess
import sys

NAMESPACE = "demo-beside"
VSCTL = ("ovs-vsctl", "--timeout=20")


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit("%s: %s" % (" ".join(words), done.stderr.strip()))
    return done


def near_end(place):
    """Give this side of one subnet its address; idempotent."""
    address = place["address"] + "/24"
    if "bridge" in place:
        run("ip", "link", "add", "name", place["bridge"], "type", "bridge", check=False)
        run("ip", "address", "replace", address, "dev", place["bridge"])
        run("ip", "link", "set", "dev", place["bridge"], "up")
    elif "beside" in place:
        run("ip", "netns", "add", NAMESPACE, check=False)
        run("ip", "link", "set", "dev", place["beside"], "up")
        if run("ip", "-n", NAMESPACE, "link", "show", "dev", "beside", check=False).returncode:
            link = ["link", place["beside"], "name", "beside", "netns", NAMESPACE]
            run("ip", "link", "add", *link, "type", "macvlan", "mode", "bridge")
        run("ip", "-n", NAMESPACE, "address", "replace", address, "dev", "beside")
        run("ip", "-n", NAMESPACE, "link", "set", "dev", "beside", "up")
    elif "ovs" in place:
        if run(*VSCTL, "br-exists", place["ovs"], check=False).returncode == 0:
            tagged(place["ovs"], place["vlan"], address)
    else:
        run("ip", "address", "replace", address, "dev", place["device"])


def tagged(bridge, vlan, address):
    port = "demo-vlan%d" % vlan
    internal = ("--", "set", "Interface", port, "type=internal")
    run(*VSCTL, "--may-exist", "add-port", bridge, port, "tag=%d" % vlan, *internal)
    run("ip", "address", "replace", address, "dev", port)
    run("ip", "link", "set", "dev", port, "up")


def main():
    for guest, interfaces in json.load(sys.stdin).items():
        specs = []
        for index, interface in enumerate(interfaces.values()):
            near_end(interface["from"])
            specs += ["--nic", "%d,%s/24" % (index, interface["address"])]
        if run("virsh", "domid", guest, check=False).returncode:
            run("lab-guest", "define", guest, *specs)
            run("virsh", "autostart", guest)


main()
