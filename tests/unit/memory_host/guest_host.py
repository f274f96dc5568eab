# SPDX-License-Identifier: GPL-3.0-or-later
"""A hypervisor with two bridges, a card with VFs and a guest, for the tests of domain_interface."""

from __future__ import annotations

from xml.etree import ElementTree

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import interfaces
from ansible_collections.kvm.vnic.plugins.modules import domain_interface

from .guest_xml import guest_xml
from .host import MemoryHost
from .module import run_module

UUID1 = "00000000-0000-4000-8000-000000000001"
UUID2 = "00000000-0000-4000-8000-000000000002"
MAC = "52:54:00:00:00:aa"
PF = "0000:03:00.0"
VFS = {0: "0000:03:10.0", 1: "0000:03:10.2"}


def hypervisor():
    """``web1`` is defined, without a NIC; ``enp3s0`` has the VFs 0 and 1."""
    host = MemoryHost()
    host.kernel.add("br0", "bridge", up=True)
    host.kernel.add("br1", "bridge", up=True)
    host.kernel.add("enp2s0", up=True, parentbus="pci", parentdev="0000:02:00.0")
    host.kernel.add("enp3s0", up=True, parentbus="pci", parentdev=PF)
    devices = "/sys/bus/pci/devices/"
    host.tree.contents[devices + PF + "/sriov_totalvfs"] = "7"
    host.tree.contents[devices + PF + "/net/enp3s0/address"] = "02:00:00:00:00:04"
    host.tree.contents[devices + "0000:02:00.0/net/enp2s0/address"] = "02:00:00:00:00:03"
    for index, pci in VFS.items():
        host.tree.symlinks["%s%s/virtfn%d" % (devices, PF, index)] = "../" + pci
        host.tree.symlinks["%s%s/physfn" % (devices, pci)] = "../" + PF
        host.tree.contents["%s%s/enable" % (devices, pci)] = "0"
    define(host)
    return host


def define(host, name="web1", uuid=UUID1, running=False, **xml):
    host.libvirt.define(name, uuid, None, guest_xml(name, uuid, **xml))
    if running:
        host.libvirt.start(name)


def run(host, *nics, **more):
    check, diff = more.pop("check", False), more.pop("diff", False)
    consent = more.pop("consent", [])
    domain = dict({"name": "web1"}, interfaces=list(nics), **more)
    return run_module(
        domain_interface.main, host, {"domains": [domain], "allow_disruption": consent}, check=check, diff=diff
    )


def run_all(host, *domains, **more):
    return run_module(
        domain_interface.main, host, {"domains": list(domains), "allow_disruption": more.pop("consent", [])}, **more
    )


def nics(host, scope, name="web1"):
    return interfaces(getattr(host.libvirt.get(name), scope + "_xml"))


def nic(host, scope, which="front", name="web1"):
    found = [one for one in nics(host, scope, name) if one.name == which]
    return found[0] if found else None


def without_nics(text):
    root = ElementTree.fromstring(text)
    for element in root.findall("devices/interface"):
        root.find("devices").remove(element)
    return ElementTree.canonicalize(ElementTree.tostring(root, encoding="unicode"))


def fields(result):
    return [(action["target"], action["field"]) for action in result["actions"]]


def calls(host):
    return [write[:3] for write in host.libvirt.writes]


BRIDGE = {"name": "front", "type": "bridge", "source": {"bridge": "br0"}, "mac": MAC}
MACVTAP = {"name": "front", "type": "direct", "source": {"device": "enp2s0", "mode": "bridge"}, "mac": MAC}
VF = {"name": "front", "type": "hostdev", "source": {"pf": "enp3s0", "index": 1}, "mac": MAC, "vlan": 7}
