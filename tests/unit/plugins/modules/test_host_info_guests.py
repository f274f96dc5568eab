# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Unsupported
from ansible_collections.kvm.vnic.plugins.modules import host_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import nic, run

BASE = "<domain><name>%s</name><uuid>%s</uuid><vcpu current='2' cpuset='0-3'>4</vcpu>%s<devices>%s</devices></domain>"
HOSTDEV = (
    "<interface type='hostdev' managed='yes'><alias name='ua-front'/><mac address='52:54:00:00:00:01'/>%s"
    "<source><address type='pci' domain='0x0000' bus='0x41' slot='0x10' function='0x0'/></source></interface>"
)
BRIDGE = (
    "<interface type='bridge'><mac address='52:54:00:00:00:02'/><source bridge='br0'/>"
    "<model type='virtio'/><driver name='%s'/>%s</interface>"
)


def test_vhost_net(lab):
    assert run(lab, "vhost_net")["vhost_net"] == {"loaded": False, "device": None, "zero_copy": False, "parameters": {}}
    os.chmod(lab.put("/dev/vhost-net"), 0o660)
    lab.put("/sys/module/vhost_net/parameters/experimental_zcopytx", "1")
    lab.put("/sys/module/vhost/parameters/max_mem_regions", "64")
    found = run(lab, "vhost_net")["vhost_net"]
    assert found["loaded"] is True and found["zero_copy"] is True
    assert found["device"] == {"mode": "0660", "uid": os.getuid(), "gid": os.getgid()}
    assert found["parameters"] == {"vhost_net.experimental_zcopytx": "1", "vhost.max_mem_regions": "64"}
    lab.put("/sys/module/vhost_net/parameters/experimental_zcopytx", "0")
    assert run(lab, "vhost_net")["vhost_net"]["zero_copy"] is False
    os.remove(lab._root + "/sys/module/vhost_net/parameters/experimental_zcopytx")
    assert run(lab, "vhost_net")["vhost_net"]["zero_copy"] == "unknown"


def domain(name="web1", number=1, cputune="", devices=""):
    return BASE % (name, "00000000-0000-4000-8000-%012d" % number, cputune, devices)


def test_a_running_guest(lab):
    pins = "<cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='5-6'/><emulatorpin cpuset='7'/></cputune>"
    target = "<target dev='vnet0'/><alias name='net1'/>"
    lab.libvirt.define(
        "web1",
        "00000000-0000-4000-8000-000000000001",
        live_xml=domain(cputune=pins, devices=(HOSTDEV % "<driver name='vfio'/>") + BRIDGE % ("vhost", target)),
        persistent_xml=domain(devices=HOSTDEV % "" + BRIDGE % ("vhost", "")),
    )
    found = run(lab, "libvirt")["libvirt"]
    assert (found["available"], found["version"], found["problem"]) == (True, "11.3.0", None)
    guest = found["domains"][0]
    assert (guest["name"], guest["state"], guest["persistent"], guest["saved"]) == ("web1", "running", True, False)
    assert guest["vcpus"] == 2 and guest["cpuset"] == "0-3" and guest["emulator_pin"] == "7"
    assert guest["vcpu_pins"] == {"0": "4", "1": "5-6"}
    front, other = guest["interfaces"]
    assert front["name"] == "front" and front["type"] == "hostdev" and front["source"] == {"pci": "0000:41:10.0"}
    assert front["vf"] == {"pf": "ens2", "index": 0} and front["live"] is True and front["persistent"] is True
    assert other["name"] is None and other["vf"] is None and other["target"] == "vnet0" and other["backend"] == "vhost"
    assert (other["live"], other["persistent"]) == (True, True)
    vf = nic(run(lab, "nics"), "ens2")["sriov"]["vfs"][0]
    assert vf["free"] is False and "web1" in vf["users"][0]


def test_a_nic_whose_definitions_differ_is_listed_as_both(lab):
    lab.libvirt.define(
        "web1",
        "u",
        live_xml=domain(devices=BRIDGE % ("vhost", "")),
        persistent_xml=domain(devices=BRIDGE % ("qemu", "")),
    )
    interfaces = run(lab, "libvirt")["libvirt"]["domains"][0]["interfaces"]
    assert [(nic["backend"], nic["live"], nic["persistent"]) for nic in interfaces] == [
        ("vhost", True, False),
        ("qemu", False, True),
    ]


def test_guests_that_do_not_run(lab):
    lab.libvirt.define("a", "1", persistent_xml=domain("a", devices=BRIDGE % ("vhost", "")), saved=True)
    lab.libvirt.define("b", "2", live_xml=domain("b"), paused=True)
    lab.libvirt.define("c", "3", persistent_xml="<!DOCTYPE x><domain/>")
    lab.libvirt.define("d", "4")
    first, second, third = run(lab, "libvirt")["libvirt"]["domains"]
    assert (first["state"], first["saved"], first["interfaces"][0]["live"]) == ("shutoff", True, False)
    assert (second["state"], second["persistent"], second["interfaces"]) == ("paused", False, [])
    assert third["name"] == "c" and third["interfaces"] == third["vcpus"] == "unknown"


def test_a_host_without_libvirt_has_no_guests_and_a_stopped_one_is_not_known(lab):
    lab.libvirt.running = False
    found = run(lab, "libvirt")["libvirt"]
    assert found["available"] is False and "connect" in found["problem"] and found["domains"] == "unknown"

    def missing():
        raise Unsupported("python3-libvirt is not installed on this host")

    lab.libvirt.version = missing
    assert run(lab, "libvirt")["libvirt"]["domains"] == []
    lab.put("/etc/libvirt/libvirt.conf")
    found = run(lab, "libvirt")["libvirt"]
    assert found["domains"] == "unknown" and "python3-libvirt" in found["problem"]


def test_libvirt_is_asked_for_no_more_than_reading(lab):
    asked = []
    lab.libvirt.only_read = lambda: asked.append(list(lab.libvirt.listed))
    run(lab, "nics")
    assert asked == [[]]


def test_names_that_others_chose_lose_their_control_characters_and_stay_apart(lab):
    for number, name in enumerate(("web1", "web1\x1b[2J", "web\u202e1")):
        lab.libvirt.define(name, str(number), persistent_xml=domain())
    names = [guest["name"] for guest in run(lab, "libvirt")["libvirt"]["domains"]]
    assert names == ["web1", "web1\ufffd[2J", "web\ufffd1"]


def test_an_error_of_the_disk_is_no_crash(lab, monkeypatch):
    def broken(operation, *arguments, **more):
        raise OSError(errno.EIO, "Input/output error", str(arguments[0]))

    monkeypatch.setattr(lab.files.worker, "call", broken)
    monkeypatch.setattr(
        lab.files, "read_many", lambda paths, default=UNKNOWN, timeout=None: dict.fromkeys(paths, default)
    )
    result = run(lab)
    assert result["system"]["kernel"] == result["cpus"]["online"] == result["virtualization"]["extension"] == "unknown"
    assert result["iommu"]["enabled"] == result["cpus"]["siblings"] == "unknown"
    assert nic(result, "ens2")["sriov"] == "unknown"


def test_a_key_that_does_not_exist_is_refused(lab):
    result = run_module(host_info.main, lab, {"gather": ["nic"]})
    assert result["failed"] and "nics" in result["msg"]
