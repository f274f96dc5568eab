# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: on which CPUs a guest's NIC is served, told by the kernel alone.

Reads /proc and /sys with code of its own, so that it can contradict the collection.
"""

from __future__ import annotations

import os
import re

NODES = "/sys/devices/system/node"
MAPPED = re.compile(r"\bN(\d+)=(\d+)")
PAGE = re.compile(r"\bkernelpagesize_kB=(\d+)")


def read(path, default=""):
    try:
        with open(path) as stream:
            return stream.read().strip()
    except OSError:
        return default


def cpu_list(text):
    cpus = set()
    for part in filter(None, text.split(",")):
        first, _dash, last = part.partition("-")
        cpus.update(range(int(first), int(last or first) + 1))
    return cpus


def shown(cpus):
    """``0-2,5`` for {0, 1, 2, 5}."""
    parts = []
    for cpu in sorted(cpus):
        if parts and parts[-1][1] == cpu - 1:
            parts[-1][1] = cpu
        else:
            parts.append([cpu, cpu])
    return ",".join("%d" % first if first == last else "%d-%d" % (first, last) for first, last in parts)


def pid_of(guest):
    return int(read("/run/libvirt/qemu/%s.pid" % guest))


def pci_of(interface):
    """Where sysfs has the function that an ``interface`` of libvirt's passes through."""
    address = interface.find("source/address")
    numbers = [int(address.get(key), 0) for key in ("domain", "bus", "slot", "function")]
    return "/sys/bus/pci/devices/%04x:%02x:%02x.%x" % tuple(numbers)


def device_path(interface):
    """Where sysfs has the device that an ``interface`` stands on, or nothing."""
    if interface.get("type") == "hostdev":
        return pci_of(interface)
    lower = interface.find("source").get("dev")
    return "/sys/class/net/%s/device" % lower if lower else ""


def nodes():
    """``{node: CPUs}``."""
    names = [name for name in os.listdir(NODES) if re.match(r"node\d+$", name)]
    return {int(name[4:]): cpu_list(read("%s/%s/cpulist" % (NODES, name))) for name in names}


def nodes_of(cpus):
    return {node for node, members in nodes().items() if members & cpus}


def interrupts():
    """``{IRQ: ({CPU: count}, whether somebody handles it)}``."""
    with open("/proc/interrupts") as stream:
        columns = [int(word[3:]) for word in stream.readline().split()]
        found = {}
        for line in stream:
            name, _colon, rest = line.partition(":")
            words = rest.split()
            if name.strip().isdigit() and len(words) > len(columns):
                counts = dict(zip(columns, map(int, words)))
                # chip, hardware number with trigger, then who handles it
                found[int(name)] = (counts, len(words) > len(columns) + 2)
    return found


def irqs_of(device):
    """The handled interrupts of a PCI function, by its place in sysfs; not the one that only tells of the link."""
    numbers = (
        sorted(int(name) for name in os.listdir(device + "/msi_irqs")) if os.path.isdir(device + "/msi_irqs") else []
    )
    handled = interrupts()
    numbers = [number for number in numbers if handled.get(number, ({}, False))[1]]
    return numbers if len(numbers) < 2 else [number for number in numbers if not tells_of_link(number)]


def tells_of_link(number):
    names = os.listdir("/proc/irq/%d" % number)
    actions = [name for name in names if os.path.isdir("/proc/irq/%d/%s" % (number, name))]
    # The igb family names queues ens2-TxRx-0 and the other vector ens2 alone; a VF's vectors in VFIO count upwards.
    return bool(actions) and not any("-" in name or "[" in name for name in actions)


def irq_cpus(numbers):
    cpus = set()
    for number in numbers:
        cpus |= cpu_list(read("/proc/irq/%d/effective_affinity_list" % number))
    return cpus


def counts(numbers):
    """``{CPU: interrupts}`` of these IRQs together."""
    total = {}
    now = interrupts()
    for number in numbers:
        for cpu, count in now.get(number, ({}, False))[0].items():
            total[cpu] = total.get(cpu, 0) + count
    return total


def share(before, after, target):
    """``(share of what arrived on target, how much arrived)``; None without any."""
    arrived = {cpu: after.get(cpu, 0) - before.get(cpu, 0) for cpu in after}
    everywhere = sum(arrived.values())
    return (
        sum(count for cpu, count in arrived.items() if cpu in target) / everywhere if everywhere > 0 else None
    ), everywhere


def threads(pid, pattern):
    """``{thread: name}``."""
    named = {int(task): read("/proc/%d/task/%s/comm" % (pid, task)) for task in os.listdir("/proc/%d/task" % pid)}
    return {task: name for task, name in named.items() if re.match(pattern, name)}


def affinity(tasks):
    cpus = set()
    for task in tasks:
        cpus |= os.sched_getaffinity(task)
    return cpus


def vcpus(pid):
    return threads(pid, r"CPU \d+/KVM$")


def vcpu_cpus(pid):
    return affinity(vcpus(pid))


def last_cpu(stat):
    """On which CPU a thread ran last, by its ``stat``: field 39 (proc_pid_stat(5)); its name may hold blanks."""
    return int(stat.rpartition(")")[2].split()[36])


def vhost_workers(pid):
    """QEMU's own threads, or on older kernels kernel threads named after it."""
    workers = set(threads(pid, r"vhost-%d$" % pid))
    workers |= {
        int(name) for name in os.listdir("/proc") if name.isdigit() and read("/proc/%s/comm" % name) == "vhost-%d" % pid
    }
    return workers


def run_times(workers):
    """``{worker: nanoseconds that it ran}``."""
    return {worker: int((read("/proc/%d/schedstat" % worker, "0") or "0").split()[0]) for worker in workers}


def memory_mib(pid):
    """``{node: MiB of the guest's memory there}``: the largest mapping is the guest's."""
    largest = {}
    for line in read("/proc/%d/numa_maps" % pid).splitlines():
        page = PAGE.search(line)
        found = (
            {int(node): int(pages) * int(page.group(1)) // 1024 for node, pages in MAPPED.findall(line)} if page else {}
        )
        if sum(found.values()) > sum(largest.values()):
            largest = found
    return largest
