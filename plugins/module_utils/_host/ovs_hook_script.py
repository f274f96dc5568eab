# SPDX-License-Identifier: GPL-3.0-or-later
"""Called by libvirt around the life of a guest: gives its Open vSwitch ports their flows before its first packet.

This file is a program of its own, which the module ovs_flows of kvm.vnic puts in place, and imports nothing of it.

libvirt calls it as ``kvm-vnic-ovs GUEST OPERATION SUBOPERATION EXTRA`` with the guest's XML on standard input, and
waits for it (libvirt.org/hooks.html). At ``start begin`` the ports are there and QEMU does not run yet; an exit code other
than 0 refuses the start then. It must not call libvirt, which would wait for itself.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

RECORD = "/etc/kvm-vnic/ovs-flows.json"
ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
VERSION = 1
SECONDS = 20.0  # for all of it: the guest's start waits
PORT_SECONDS = 5.0  # until ovs-vswitchd has given a new port its number
STARTS, ENDS = {("start", "begin")}, {("stopped", "end"), ("release", "end")}
PLACE = re.compile(r"\{([^{}]*)\}")
GUARD = "cookie=0x6b76020000000000"  # of the flows of unlisted_ports
LIBVIRTS_OWN = re.compile(r"(vnet|macvtap|macvlan|vif)\d+\Z", re.ASCII)


class Failed(Exception):
    """Flows could not be put in place; the text says why."""


class Tools:
    """Open vSwitch's programs, all of them together bounded in time."""

    def __init__(self, seconds=SECONDS):
        self._end = time.monotonic() + seconds

    def run(self, argv, text=""):
        left = self._end - time.monotonic()
        if left <= 0:
            raise Failed("no time is left: Open vSwitch took more than %d s" % SECONDS)
        try:
            done = subprocess.run(  # pylint: disable=ansible-bad-function
                argv,
                input=text.encode(),
                capture_output=True,
                env=ENVIRONMENT,
                timeout=left,
                check=False,
            )
        except OSError as error:
            raise Failed("%s: %s" % (argv[0], error)) from None
        except subprocess.TimeoutExpired:
            raise Failed("%s did not end in time: is ovs-vswitchd well?" % argv[0]) from None
        if done.returncode:
            said = " ".join(done.stderr.decode("utf-8", "replace").split())
            raise Failed("%s: %s" % (argv[0], said or "exit code %d" % done.returncode))
        return done.stdout.decode("utf-8", "replace")

    def interfaces(self):
        """``[(name, number or None, interface id or None, whether it is a guest's)]`` of every interface."""
        argv = [
            "ovs-vsctl",
            "--timeout=5",
            "--no-wait",
            "--format=json",
            "--columns=name,ofport,external_ids",
            "list",
            "Interface",
        ]
        found = []
        for name, number, keys in json.loads(self.run(argv))["data"]:
            keys = dict(keys[1])
            guests = bool(LIBVIRTS_OWN.match(name)) or "iface-id" in keys or "attached-mac" in keys
            number = number if isinstance(number, int) and number > 0 else None
            found.append((name, number, keys.get("iface-id"), guests))
        return found

    def bridge_of(self, name):
        return self.run(["ovs-vsctl", "--timeout=5", "--no-wait", "iface-to-br", name]).strip()

    def names_on(self, bridge):
        """Of its interfaces, without its own (ovs-vsctl(8), list-ifaces)."""
        return self.run(["ovs-vsctl", "--timeout=5", "--no-wait", "list-ifaces", bridge]).split()

    def bundle(self, bridge, protocol, lines):
        self.run(
            ["ovs-ofctl", "--timeout=10", "-O", protocol, "bundle", bridge, "-"], "".join(line + "\n" for line in lines)
        )


def interface_ids(text):
    """The interface ids of a guest's Open vSwitch ports, in lower case."""
    try:
        root = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        raise Failed("the guest's XML is not understood: %s" % error) from None
    found = [node.get("interfaceid") for node in root.findall("./devices/interface/virtualport/parameters")]
    return [name.lower() for name in found if name]


def recorded(path=None):
    """``{interface id: (bridge, protocol, whether it is guarded, port)}``; empty where nothing is recorded."""
    try:
        with open(path or RECORD, encoding="utf-8") as file:
            data = json.load(file)
        if data["version"] != VERSION:
            raise ValueError("version %r" % data["version"])
        return {
            name: (bridge, kept["protocol"], kept["former_fail_mode"] is not None, port)
            for bridge, kept in data["bridges"].items()
            for name, port in kept["guests"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failed("%s cannot be read: %s: %s" % (path or RECORD, type(error).__name__, error)) from None


def deletion(port):
    """Of all flows of a port's guest, whatever number the port had: they have one cookie."""
    return "flow delete cookie=%s/-1" % port["cookie"]


def additions(port, numbers):
    for flow in port["flows"]:
        line = ",".join(
            ["cookie=%s" % port["cookie"], "table=%d" % flow["table"], "priority=%d" % flow["priority"]]
            + [flow["match"]] * bool(flow["match"])
            + ["actions=%s" % flow["actions"]]
        )
        try:
            yield "flow add " + PLACE.sub(lambda match: str(numbers[match.group(1)]), line)
        except KeyError as error:
            raise Failed("the port %s, which its flows name, is not there" % error) from None


def guards(names, rows):
    """What keeps the ports of ``names`` that are no guests' open and the others closed. Open vSwitch forgets it when
    it starts anew."""
    yield "flow delete %s/-1" % GUARD
    numbers = [str(number) for name, number, _key, guests in rows if name in names and number and not guests]
    for number in ["LOCAL"] + numbers:
        yield "flow add %s,table=0,priority=1,in_port=%s,actions=NORMAL" % (GUARD, number)
    yield "flow add %s,table=0,priority=0,actions=drop" % GUARD


def install(tools, interface_id, bridge, protocol, port, guarded=False):
    """Put a port's flows and its bridge's guard in place and take away those of earlier numbers, in one step."""
    end = time.monotonic() + PORT_SECONDS
    while True:
        rows = tools.interfaces()
        own = [(name, number) for name, number, key, _guests in rows if key and key.lower() == interface_id and number]
        if own:
            break
        if time.monotonic() >= end:
            raise Failed("no port of Open vSwitch has the interface id %s and a number" % interface_id)
        time.sleep(0.1)
    name, number = own[0]
    found = tools.bridge_of(name)
    if found != bridge:
        raise Failed("port %s is on bridge %s, and its flows are for %s" % (name, found, bridge))
    numbers = {other: at for other, at, _key, _guests in rows if at}
    numbers["port"] = number
    guard = list(guards(tools.names_on(bridge), rows)) if guarded else []
    tools.bundle(bridge, protocol, guard + [deletion(port)] + list(additions(port, numbers)))


def begin(tools, ids, ports, complain):
    """The exit code: not 0 when a protected port lacks its flows."""
    code = 0
    for interface_id in ids:
        if interface_id in ports:
            bridge, protocol, guarded, port = ports[interface_id]
            try:
                install(tools, interface_id, bridge, protocol, port, guarded)
            except (Failed, ValueError, TypeError, KeyError) as error:
                refused = ", so that the start is refused" if port["protected"] else ""
                complain("the flows of interface %s are not in place%s: %s" % (interface_id, refused, error))
                code = 1 if port["protected"] else code
    return code


def end(tools, ids, ports, complain):
    for interface_id in ids:
        if interface_id in ports:
            bridge, protocol, _guarded, port = ports[interface_id]
            try:
                tools.bundle(bridge, protocol, [deletion(port)])
            except Failed as error:
                complain("the flows of interface %s could not be removed: %s" % (interface_id, error))
    return 0


def main(argv, read, complain):
    """The exit code. ``read()``: the guest's XML, read in any case, so that libvirt can write it."""
    text = read()
    step = tuple(argv[2:4])
    if step not in STARTS | ENDS:
        return 0
    try:
        ids = interface_ids(text)
        ports = recorded() if ids else {}
    except Failed as error:
        complain(str(error))
        return 1 if step in STARTS else 0  # whether a port is protected is not known
    return (begin if step in STARTS else end)(Tools(), ids, ports, complain)


if __name__ == "__main__":
    raise SystemExit(
        main(
            sys.argv,
            lambda: sys.stdin.buffer.read().decode("utf-8", "replace"),
            lambda text: sys.stderr.write("kvm-vnic-ovs: %s\n" % text),
        )
    )
