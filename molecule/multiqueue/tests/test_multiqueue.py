# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt, the kernel and the guest show in the end: two queues, and who serves them where."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

GUEST = "mol-queues"
NODE = {"4", "5", "6", "7"}
MOST = 0.9


def tune(host, *scope):
    domain = ElementTree.fromstring(host.check_output("virsh dumpxml %s %s" % (" ".join(scope), GUEST)))
    pins = {pin.get("vcpu"): pin.get("cpuset") for pin in domain.findall("cputune/vcpupin")}
    memory = domain.find("numatune/memory")
    return pins, domain.find("cputune/emulatorpin").get("cpuset"), (memory.get("mode"), memory.get("nodeset"))


def pid(host):
    return host.check_output("cat /run/libvirt/qemu/%s.pid" % GUEST).strip()


def allowed(host, path):
    return host.check_output("sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' %s/status" % path).strip()


@pytest.fixture
def vcpus(host):
    """``{vCPU: CPU list}``, from the kernel."""
    found = {}
    for line in host.check_output("grep -H . /proc/%s/task/*/comm" % pid(host)).splitlines():
        path, name = line.rsplit(":", 1)
        vcpu = re.match(r"CPU (\d+)/KVM", name)
        if vcpu:
            found[vcpu.group(1)] = allowed(host, path.rpartition("/")[0])
    return found


@pytest.fixture
def workers(host):
    return [allowed(host, "/proc/" + tid) for tid in host.check_output("pgrep -x vhost-%s" % pid(host)).split()]


def test_vcpus_and_workers_have_a_cpu_each_on_the_cards_node(vcpus, workers):
    assert len(vcpus) == len(workers) == 2
    assert set(vcpus.values()) | set(workers) == NODE


def test_both_definitions_have_the_pins_and_the_memory(host, vcpus):
    pins, emulator, memory = tune(host)
    assert (pins, memory) == (vcpus, ("preferred", "1"))
    assert tune(host, "--inactive") == (pins, emulator, memory)


def test_the_memory_lies_on_the_node(host):
    """The largest mapping is the guest's own memory."""
    pages = []
    for line in host.check_output("cat /proc/%s/numa_maps" % pid(host)).splitlines():
        nodes = {int(node): int(count) for node, count in re.findall(r"\bN(\d+)=(\d+)", line)}
        if nodes:
            pages.append(nodes)
    guest = max(pages, key=lambda nodes: sum(nodes.values()))
    assert guest.get(1, 0) >= MOST * sum(guest.values()), guest


def test_the_guest_has_two_queues_and_answers(host):
    report = host.check_output("lab-guest report %s --wait 20" % GUEST)
    assert '"rx_queues":2' in report.replace(" ", "")
    assert host.run("ip netns exec mol-near ping -c 3 -W 3 10.78.5.99").rc == 0


def queue_interrupts(host):
    """``{CPU: how many}`` of the card's queues."""
    lines = host.check_output("cat /proc/interrupts").splitlines()
    cpus = [word[3:] for word in lines[0].split()]
    found = dict.fromkeys(cpus, 0)
    for line in lines[1:]:
        if re.search(r" ens2-(TxRx|rx|tx)-\d+$", line):
            for cpu, count in zip(cpus, line.split()[1:]):
                found[cpu] += int(count)
    return found


def test_the_cards_interrupts_arrive_on_its_node_and_beside_the_vcpus(host, vcpus):
    before = queue_interrupts(host)
    for flow in range(1, 5):
        assert host.run("ip netns exec mol-near ping -q -i 0.1 -c 20 -W 3 -I 10.78.5.%d 10.78.5.99" % flow).rc == 0
    arrived = {cpu: count - before[cpu] for cpu, count in queue_interrupts(host).items()}
    assert sum(arrived.values()) > 50, arrived
    beside = NODE - set(vcpus.values())
    assert sum(arrived[cpu] for cpu in beside) >= 0.95 * sum(arrived.values()), arrived


def test_what_was_refused_left_no_trace(host):
    assert "numatune" not in host.check_output("virsh dumpxml --inactive mol-large")
