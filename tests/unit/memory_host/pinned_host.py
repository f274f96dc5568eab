# SPDX-License-Identifier: GPL-3.0-or-later
"""A hypervisor with two nodes and a guest with vhost workers, for the tests of domain_pinning."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_pins import read_pins
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import parse
from ansible_collections.kvm.vnic.plugins.modules import domain_pinning

from .guest_xml import guest_xml, nic_xml
from .host import MemoryHost
from .module import run_module

UUID1 = "00000000-0000-4000-8000-000000000001"
PID = 4711
FRONT, BACK = "52:54:00:00:00:01", "52:54:00:00:00:02"
# two queues, then one: the workers of a fresh guest are 4721 and 4722 for front, 4723 for back
NICS = nic_xml(FRONT, 1, alias="ua-front", more="<driver name='vhost' queues='2'/><target dev='vnet0'/>") + nic_xml(
    BACK, 2, alias="ua-back", more="<driver name='vhost'/><target dev='vnet1'/>"
)
MEMORY = "<memory unit='KiB'>1048576</memory>"


def hypervisor(running=True, interfaces=NICS, extra="", vcpus=2, workers=3, kind="thread"):
    """``web1`` has 1 GiB; each node has 4 CPUs, 2048 MiB with 1500 free, and 256 of 512 pages of 2 MiB free."""
    host = MemoryHost()
    tree = host.tree.contents
    tree["/sys/devices/system/cpu/online"] = "0-7"
    tree["/sys/devices/system/cpu/present"] = "0-8"
    tree["/sys/devices/system/node/online"] = "0-1"
    for number in (0, 1):
        node = "/sys/devices/system/node/node%d/" % number
        tree[node + "cpulist"] = "%d-%d" % (4 * number, 4 * number + 3)
        tree[node + "meminfo"] = (
            f"Node {number} MemTotal:  2097152 kB\nNode {number} MemFree:  1024000 kB\nNode {number} Active(file):  512000 kB\n"
        )
        tree[node + "hugepages/hugepages-2048kB/nr_hugepages"] = "512"
        tree[node + "hugepages/hugepages-2048kB/free_hugepages"] = "256"
    tree["/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"] = "512"
    define(host, "web1", UUID1, PID, running, interfaces, extra, vcpus)
    if running:
        add_workers(host, PID, workers, kind)
    for name in ("vnet0", "vnet1"):
        for direction in ("rx", "tx"):
            tree["/sys/class/net/%s/statistics/%s_packets" % (name, direction)] = "100"
    return host


def define(host, name, uuid, pid, running=True, interfaces="", extra="", vcpus=2):
    xml = guest_xml(name, uuid, interfaces, vcpus=vcpus, extra=MEMORY + extra)
    host.libvirt.define(name, uuid, xml if running else None, xml)
    if running:
        host.tree.contents["/run/libvirt/qemu/%s.pid" % name] = str(pid)
        host.tree.contents["/proc/%d/cmdline" % pid] = "/usr/bin/qemu-system-x86_64\0-uuid\0%s\0" % uuid
        add_thread(host, pid, pid, "qemu-system-x86", started=100)


def add_thread(host, process, tid, name, parent=1, started=200, cpus="0-7", run=1000000):
    path = "/proc/%d/task/%d/" % (process, tid)
    tree = host.tree.contents
    tree[path + "comm"] = name
    tree[path + "stat"] = "%d (%s) S %d %s%d 0" % (tid, name, parent, "0 " * 17, started)
    tree[path + "status"] = "Name:\t%s\nCpus_allowed:\tff\nCpus_allowed_list:\t%s\n" % (name, cpus)
    tree[path + "schedstat"] = "%d 12 34" % run


def add_workers(host, pid, count, kind="thread", cpus="0-7"):
    for number in range(count):
        tid = pid + 10 + number
        if kind == "thread":
            add_thread(host, pid, tid, "vhost-%d" % pid, started=200, cpus=cpus)
        else:
            add_thread(host, tid, tid, "vhost-%d" % pid, parent=2, started=200, cpus=cpus)


def traffic(host, device, packets, run):
    """While the workers are watched ``device`` moves packets and ``{tid: nanoseconds}`` are run."""

    def pass_by(_now):
        tree = host.tree.contents
        path = "/sys/class/net/%s/statistics/rx_packets" % device
        tree[path] = str(int(tree[path]) + packets)
        for tid, time in run.items():
            path = "/proc/%d/task/%d/schedstat" % (PID, tid)
            tree[path] = "%d 13 35" % (int(tree[path].split()[0]) + time)

    host.clock.on_sleep = pass_by


def run(host, *domains, **more):
    return run_module(domain_pinning.main, host, {"domains": list(domains)}, **more)


def pin(host, check=False, diff=False, **wish):
    return run(host, dict({"name": "web1"}, **wish), check=check, diff=diff)


def pins(host, scope, name="web1"):
    return read_pins(parse(getattr(host.libvirt.get(name), scope + "_xml")))


def allowed(host, tid, process=PID):
    status = host.tree.contents["/proc/%d/task/%d/status" % (process, tid)]
    return status.split("Cpus_allowed_list:\t")[1].strip()


def fields(result):
    return [(action["target"], action["field"], action["before"], action["after"]) for action in result["actions"]]
