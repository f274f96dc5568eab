# SPDX-License-Identifier: GPL-3.0-or-later
"""Called by libvirt around the life of a guest: gives its Open vSwitch ports their flows before its first packet.

This file is a program of its own, which the module ovs_flows of kvm.vnic puts in place, and imports nothing of it.

libvirt calls it as ``kvm-vnic-ovs GUEST OPERATION SUBOPERATION EXTRA`` with the guest's XML on standard input, and
waits for it (libvirt.org/hooks.html). At ``start begin`` the ports are there and QEMU does not run yet; an exit code other
than 0 refuses the start then. It must not call libvirt, which would wait for itself.
"""

from __future__ import annotations

import collections
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
GUESTS_KEYS = ("attached-mac", "iface-id", "vm-id")  # of external_ids, by which libvirt tells whose port it is
# An interface of Open vSwitch: its name; its number or None; the NIC's interface id and the guest's UUID, which
# virNetDevOpenvswitchAddPort of libvirt writes to external_ids as iface-id and vm-id, each None without; whether it is a guest's.
Row = collections.namedtuple("Row", "name number interface_id guest guests")


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
        """A ``Row`` of every interface, ids in lower case."""
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
            guests = bool(LIBVIRTS_OWN.match(name)) or any(key in keys for key in GUESTS_KEYS)
            number = number if isinstance(number, int) and number > 0 else None
            interface_id, guest = (keys[key].lower() if key in keys else None for key in ("iface-id", "vm-id"))
            found.append(Row(name, number, interface_id, guest, guests))
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


def guest_and_ids(text):
    """A guest's UUID and the interface ids of its Open vSwitch ports, in lower case."""
    try:
        root = xml.etree.ElementTree.fromstring(text)
    except xml.etree.ElementTree.ParseError as error:
        raise Failed("the guest's XML is not understood: %s" % error) from None
    found = [node.get("interfaceid") for node in root.findall("./devices/interface/virtualport/parameters")]
    return root.findtext("uuid", "").lower(), [name.lower() for name in found if name]


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
        raise Failed(
            "%s cannot be read: %s: %s; restore it from a backup, or remove it and run the playbook kvm.vnic.site"
            % (path or RECORD, type(error).__name__, error)
        ) from None


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
            raise Failed(
                "the port %s, which its flows name, is not there: give it back to the bridge, or run the playbook "
                "kvm.vnic.site, whose inventory says which port it is" % error
            ) from None


def guards(names, rows):
    """What keeps the ports of ``names`` that are no guests' open and the others closed. Open vSwitch forgets it when
    it starts anew."""
    yield "flow delete %s/-1" % GUARD
    numbers = [str(row.number) for row in rows if row.name in names and row.number and not row.guests]
    for number in ["LOCAL"] + numbers:
        yield "flow add %s,table=0,priority=1,in_port=%s,actions=NORMAL" % (GUARD, number)
    yield "flow add %s,table=0,priority=0,actions=drop" % GUARD


def others(rows, guest, interface_id):
    """The rows of whoever else has the interface id, in a copied definition perhaps. What has no number is no port: a
    power cut left it."""
    return [row for row in rows if row.interface_id == interface_id and row.number and row.guest != guest]


def own_port(rows, guest, interface_id):
    """Its row, or None while it has no number. An interface id is one port's: a second one, which nothing tells from the
    first, gets no flows, because they would be taken from the first."""
    held = others(rows, guest, interface_id)
    if held:
        raise Failed(
            "port %s of %s has this interface id too: give one of both NICs an interface id of its own, as interfaceid of "
            "the virtualport in its guest's definition; left out, libvirt makes a new one"
            % (held[0].name, "the running guest with UUID %s" % held[0].guest if held[0].guest else "no guest")
        )
    own = [row for row in rows if row.interface_id == interface_id and row.number]
    if len(own) > 1:
        raise Failed(
            "the guest's ports %s both have it: give each NIC an interface id of its own"
            % " and ".join(row.name for row in own[:2])
        )
    return own[0] if own else None


def install(tools, guest, interface_id, bridge, protocol, port, guarded=False):
    """Put a port's flows and its bridge's guard in place and take away those of earlier numbers, in one step."""
    end = time.monotonic() + PORT_SECONDS
    while True:
        rows = tools.interfaces()
        own = own_port(rows, guest, interface_id)
        if own:
            break
        if time.monotonic() >= end:
            raise Failed(
                "no port of Open vSwitch has the interface id %s, this guest's UUID and a number: look at ovs-vsctl show, "
                "whether the port is there and why ovs-vswitchd does not take it" % interface_id
            )
        time.sleep(0.1)
    found = tools.bridge_of(own.name)
    if found != bridge:
        raise Failed(
            "port %s is on bridge %s, and its flows are for %s: put the NIC on %s again, or run the playbook kvm.vnic.site, "
            "with vnic_purge if the inventory asks for no flows on %s" % (own.name, found, bridge, bridge, found)
        )
    numbers = {row.name: row.number for row in rows if row.number}
    numbers["port"] = own.number
    guard = list(guards(tools.names_on(bridge), rows)) if guarded else []
    tools.bundle(bridge, protocol, guard + [deletion(port)] + list(additions(port, numbers)))


def begin(tools, guest, ids, ports, complain):
    """The exit code: not 0 when a protected port lacks its flows."""
    code = 0
    for interface_id in ids:
        if interface_id in ports:
            bridge, protocol, guarded, port = ports[interface_id]
            try:
                install(tools, guest, interface_id, bridge, protocol, port, guarded)
            except (Failed, ValueError, TypeError, KeyError) as error:
                refused = ", so that the start is refused" if port["protected"] else ""
                complain("the flows of interface %s are not in place%s: %s" % (interface_id, refused, error))
                code = 1 if port["protected"] else code
    return code


def end(tools, guest, ids, ports, complain):
    """Always 0: libvirt asks nobody whether a guest may end. Flows that stay lead to a number that no port has."""
    for interface_id in ids:
        if interface_id in ports:
            bridge, protocol, _guarded, port = ports[interface_id]
            try:
                if not others(tools.interfaces(), guest, interface_id):
                    tools.bundle(bridge, protocol, [deletion(port)])
            except (Failed, ValueError, TypeError, KeyError) as error:
                complain("the flows of interface %s could not be removed: %s" % (interface_id, error))
    return 0


def main(argv, read, complain):
    """The exit code. ``read()``: the guest's XML, read in any case, so that libvirt can write it."""
    text = read()
    step = tuple(argv[2:4])
    if step not in STARTS | ENDS:
        return 0
    try:
        guest, ids = guest_and_ids(text)
        ports = recorded() if ids else {}
    except Failed as error:
        complain(str(error))
        return 1 if step in STARTS else 0  # whether a port is protected is not known
    return (begin if step in STARTS else end)(Tools(), guest, ids, ports, complain)


if __name__ == "__main__":
    raise SystemExit(
        main(
            sys.argv,
            lambda: sys.stdin.buffer.read().decode("utf-8", "replace"),
            lambda text: sys.stderr.write("kvm-vnic-ovs: %s\n" % text),
        )
    )
