# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: what is there before a measurement, and nothing of it afterwards.

fixture.py look                   the physical functions and who else uses the hypervisor, as JSON
fixture.py define GUEST...        guests without a NIC
fixture.py xml GUEST...           what was defined of them, as JSON
fixture.py reset [GUEST LINK...]  no guest bench-*, no namespace, OVS bridge or link b-*, no VF, but for that guest and those links
fixture.py carrier_changes LINK...
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import libvirt
import ovs_fixture

sys.path.insert(0, "/usr/local/lib/lab-guest")

HERE = Path(__file__).parent
NET = Path("/sys/class/net")


def ip(*words):
    done = subprocess.run(("ip", "-j") + words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout or "[]")


def read(path):
    return path.read_text().strip()


def physical_functions():
    found = []
    for path in sorted(NET.iterdir()):
        device = path / "device"
        if (device / "sriov_totalvfs").exists() and read(device / "sriov_totalvfs") != "0":
            (link,) = ip("link", "show", "dev", path.name)
            pf = {
                "name": path.name,
                "total": int(read(device / "sriov_totalvfs")),
                "vfs": int(read(device / "sriov_numvfs")),
            }
            found.append(dict(pf, autoprobe=read(device / "sriov_drivers_autoprobe"), up="UP" in link["flags"]))
    return found


def domains(prefix=""):
    return [domain for domain in libvirt.open("qemu:///system").listAllDomains() if domain.name().startswith(prefix)]


def look():
    """As it was before the first measurement: what ``reset`` goes back to."""
    state = HERE / "state.json"
    if not state.exists():
        state.write_text(json.dumps(physical_functions()))
    others = sorted({domain.name() for domain in domains()} - {domain.name() for domain in domains("bench-")})
    print(json.dumps({"pfs": json.loads(state.read_text()), "guests": others}))


def define(*names):
    from lab_guest import domain_xml

    connection = libvirt.open("qemu:///system")
    for name in names:
        connection.defineXML(domain_xml(name, 1, 64, [], None))


def xml(*names):
    connection = libvirt.open("qemu:///system")
    print(json.dumps({name: connection.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) for name in names}))


def remove_links(spared):
    names = [
        link["ifname"]
        for link in ip("link", "show")
        if link["ifname"].startswith("b-") and link["ifname"] not in spared
    ]
    lines = "".join("link delete dev %s\n" % name for name in names)
    done = subprocess.run(("ip", "-force", "-batch", "-"), input=lines, text=True, stderr=subprocess.PIPE, check=False)
    left = [name for name in names if (NET / name).exists()]
    if left:
        sys.exit("still there: %s\n%s" % (" ".join(left), done.stderr))


def remove_namespaces():
    for namespace in ip("netns", "list"):
        if namespace["name"].startswith("b-"):
            subprocess.run(("ip", "netns", "delete", namespace["name"]), check=True)


def remove_vfs():
    for pf in json.loads((HERE / "state.json").read_text()):
        device = NET / pf["name"] / "device"
        if read(device / "sriov_numvfs") != "0":
            (device / "sriov_numvfs").write_text("0")
        (device / "sriov_drivers_autoprobe").write_text(pf["autoprobe"])
        subprocess.run(("ip", "link", "set", "dev", pf["name"], "up" if pf["up"] else "down"), check=True)


def reset(spared_guest="", *spared_links):
    for domain in domains("bench-"):
        if domain.name() != spared_guest:
            if domain.isActive():
                domain.destroy()
            domain.undefine()
    # An internal port is a link that ``ip`` cannot delete.
    ovs_fixture.reset()
    remove_links(spared_links)
    remove_namespaces()
    remove_vfs()
    # Else udev is still at this measurement's devices during the next.
    subprocess.run(("udevadm", "settle", "--timeout=120"), check=True)


def carrier_changes(*names):
    print(json.dumps({name: int(read(NET / name / "carrier_changes")) for name in names}))


def main(command, *words):
    {"look": look, "define": define, "xml": xml, "reset": reset, "carrier_changes": carrier_changes}[command](*words)


main(*sys.argv[1:])
