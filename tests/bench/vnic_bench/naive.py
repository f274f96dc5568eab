# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks that people write today: a task of ``command`` or of community.libvirt with a loop over the things."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from . import raw, wishes

# So many are measured and scaled up: one connection after the other for 64 says nothing more.
MEASURED = 16


def _command(argv, items, **arguments):
    return {"ansible.builtin.command": dict(argv=argv, **arguments), "loop": items}


def macvtaps(pfs):
    argv = [
        "ip",
        "link",
        "add",
        "link",
        "{{ item.lower }}",
        "name",
        "{{ item.name }}",
        "address",
        "{{ item.mac }}",
        "up",
    ]
    argv += ["type", "macvtap", "mode", "bridge"]
    lower = {
        "ansible.builtin.command": {"argv": ["ip", "link", "set", "dev", pfs[0]["name"], "up"]},
        "changed_when": False,
    }
    return [lower, _command(argv, wishes.macvtaps(pfs)[:MEASURED], creates="/sys/class/net/{{ item.name }}")]


def taps(_pfs):
    names = wishes.taps()[:MEASURED]
    bridge = ["ip", "link", "add", "name", wishes.BRIDGE, "up", "type", "bridge"]
    return [
        {"ansible.builtin.command": {"argv": bridge, "creates": "/sys/class/net/" + wishes.BRIDGE}},
        _command(
            ["ip", "tuntap", "add", "dev", "{{ item }}", "mode", "tap"], names, creates="/sys/class/net/{{ item }}"
        ),
        _command(
            ["ip", "link", "set", "dev", "{{ item }}", "master", wishes.BRIDGE, "up"],
            names,
            creates="/sys/class/net/{{ item }}/master",
        ),
    ]


def vfs(pfs):
    """All of them: there are fewer than are measured of the others."""
    names = [pf["name"] for pf in pfs]
    device = "/sys/class/net/{{ item }}/device/"
    set_count = "read -r n <{0}sriov_numvfs; [ $n = {1} ] || echo {1} >{0}sriov_numvfs".format(device, pfs[0]["total"])
    argv = ["ip", "link", "set", "dev", "{{ item.pf }}", "vf", "{{ item.index }}", "mac", "{{ item.mac }}"]
    argv += ["vlan", "{{ item.vlan }}", "trust", "on", "spoofchk", "off"]
    return [
        _command(["ip", "link", "set", "dev", "{{ item }}", "up"], names),
        {"ansible.builtin.shell": "echo 0 >%ssriov_drivers_autoprobe" % device, "loop": names},
        {"ansible.builtin.shell": set_count, "loop": names},
        _command(argv, wishes.vfs(pfs)),
    ]


def _interface(nic):
    kind = "bridge" if "bridge" in nic else "direct"
    interface = ET.Element("interface", type=kind)
    ET.SubElement(interface, "mac", address=nic["mac"])
    if kind == "bridge":
        ET.SubElement(interface, "source", bridge=nic["bridge"])
    else:
        ET.SubElement(interface, "source", dev=nic["device"], mode="bridge")
    ET.SubElement(interface, "model", type="virtio")
    ET.SubElement(interface, "driver", name="vhost")
    if "mtu" in nic:
        ET.SubElement(interface, "mtu", size=str(nic["mtu"]))
    ET.SubElement(interface, "alias", name="ua-" + nic["name"])
    return interface


def guests(pfs, defined, edited=False):
    """Each guest's whole XML, with its NICs in it; ``defined`` is what it was before."""
    documents = []
    for name, nics in wishes.guests(pfs, edited).items():
        domain = ET.fromstring(defined[name])
        for nic in nics:
            domain.find("devices").append(_interface(nic))
        documents.append({"name": name, "xml": ET.tostring(domain, encoding="unicode")})
    define = {"name": "{{ item.name }}", "command": "define", "xml": "{{ item.xml }}"}
    # The XML is no part of a loop's label.
    return [{"community.libvirt.virt": define, "loop": documents, "loop_control": {"label": "{{ item.name }}"}}]


def ovs_ports():
    item = {
        "name": "{{ item.name }}",
        "tag": "{{ item.tag }}",
        "external_ids": {"owner": "{{ item.external_ids.owner }}", "rack": "{{ item.external_ids.rack }}"},
    }
    bridge = {"ansible.builtin.command": {"argv": ["ovs-vsctl", "--may-exist", "add-br", wishes.OVS_BRIDGE]}}
    return [bridge, _command(["ovs-vsctl"] + raw.ovs_port_words(item), wishes.ovs_ports()[:MEASURED])]


def ovs_flows():
    lines = [raw.ovs_flow_text(flow) for flow in wishes.ovs_flows()[:MEASURED]]
    return [_command(["ovs-ofctl", "-O", "OpenFlow14", "add-flow", wishes.OVS_FLOW_BRIDGE, "{{ item }}"], lines)]
