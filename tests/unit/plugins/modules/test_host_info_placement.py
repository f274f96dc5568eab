# SPDX-License-Identifier: GPL-3.0-or-later
"""Where guests run and where their memory lies, as host_info tells it."""

from __future__ import annotations

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import run

UUID = "00000000-0000-4000-8000-000000000001"
NIC = (
    "<interface type='bridge'><mac address='52:54:00:00:00:0%d'/><source bridge='br0'/><target dev='vnet%d'/>"
    "<model type='virtio'/><driver name='vhost' queues='%d'/>%s</interface>"
)
GUEST = (
    "<domain><name>web1</name><uuid>" + UUID + "</uuid><memory unit='KiB'>2097152</memory><vcpu>2</vcpu>"
    "<iothreads>2</iothreads><cputune><emulatorpin cpuset='7'/><iothreadpin iothread='1' cpuset='2'/></cputune>"
    "<numatune><memory mode='strict' nodeset='1'/></numatune>"
    "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages></memoryBacking><devices>"
    + NIC % (1, 0, 2, "<alias name='ua-front'/>")
    + NIC % (2, 1, 1, "<alias name='net1'/>")
    + "</devices></domain>"
)


def thread(host, process, tid, name, parent=1, started=9, cpus="0-7"):
    path = "/proc/%d/task/%d/" % (process, tid)
    host.put(path + "comm", name)
    host.put(path + "stat", "%d (%s) S %d %s%d 0" % (tid, name, parent, "0 " * 17, started))
    host.put(path + "status", "Name:\t%s\nCpus_allowed_list:\t%s" % (name, cpus))
    host.put(path + "schedstat", "1000 1 1")


def start(host):
    host.libvirt.define("web1", UUID, live_xml=GUEST, persistent_xml=GUEST)
    host.put("/run/libvirt/qemu/web1.pid", "4711")
    host.put("/proc/4711/cmdline", "qemu\0-uuid\0%s\0" % UUID)
    thread(host, 4711, 4711, "qemu-system-x86")


def guest(host):
    return run(host, "libvirt")["libvirt"]["domains"][0]


def test_pins_and_memory(lab):
    lab.libvirt.define("web1", UUID, persistent_xml=GUEST)
    found = guest(lab)
    assert found["emulator_pin"] == "7" and found["iothreads"] == 2 and found["iothread_pins"] == {"1": "2"}
    assert found["memory"] == {"mode": "strict", "nodes": "1"} and found["memory_mib"] == 2048
    assert found["hugepages"] == {"size_kib": 2048} and found["vhost_workers"] == []


def test_a_guest_without_any_of_it(lab):
    lab.libvirt.define("web1", UUID, persistent_xml="<domain><name>web1</name></domain>")
    found = guest(lab)
    assert found["memory"] is found["hugepages"] is found["emulator_pin"] is found["cpuset"] is None
    assert (found["iothreads"], found["iothread_pins"], found["vcpu_pins"], found["vcpus"]) == (0, {}, {}, 1)


def test_pages_of_the_default_size(lab):
    xml = "<domain><memoryBacking><hugepages/></memoryBacking></domain>"
    lab.libvirt.define("web1", UUID, persistent_xml=xml)
    assert guest(lab)["hugepages"] == {"size_kib": None}


def test_workers_that_are_threads_of_qemu(lab):
    start(lab)
    for tid, cpus in ((4720, "4"), (4721, "5"), (4722, "0-7")):
        thread(lab, 4711, tid, "vhost-4711", cpus=cpus)
    assert guest(lab)["vhost_workers"] == [
        {"interface": "front", "queue": 0, "tid": 4720, "kind": "thread", "cpus": "4", "how": "order"},
        {"interface": "front", "queue": 1, "tid": 4721, "kind": "thread", "cpus": "5", "how": "order"},
        {"interface": "net1", "queue": 0, "tid": 4722, "kind": "thread", "cpus": "0-7", "how": "order"},
    ]


def test_workers_that_are_threads_of_the_kernel_and_one_too_few(lab):
    start(lab)
    for tid in (4720, 4721):
        thread(lab, tid, tid, "vhost-4711", parent=2)
    found = guest(lab)["vhost_workers"]
    assert [(w["interface"], w["queue"], w["kind"], w["how"]) for w in found] == [(None, None, "kthread", None)] * 2


def test_a_guest_whose_process_is_not_found(lab):
    start(lab)
    lab.put("/proc/4711/cmdline", "qemu\0-uuid\0another\0")
    assert guest(lab)["vhost_workers"] == "unknown"
