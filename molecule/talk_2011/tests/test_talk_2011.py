# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the vCPUs run, and where their NICs' interrupts arrive while pings cross the cards beside a running irqbalance."""

from __future__ import annotations

import os
import re

import pytest

PORT = "/sys/class/net/ens2/device"
PINGS = 100


def vcpu_cpus(host, guest):
    pid = host.check_output("cat /run/libvirt/qemu/%s.pid", guest).strip()
    comms = host.check_output("grep -H '^CPU 0/KVM$' /proc/%s/task/*/comm" % pid)
    return host.check_output(
        "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' %s/status" % os.path.dirname(comms.split(":")[0])
    )


def counts(host):
    """``{number: ({CPU: count}, name)}``."""
    lines = host.check_output("cat /proc/interrupts").splitlines()
    cpus = [word[3:] for word in lines[0].split()]
    found = {}
    for line in lines[1:]:
        label, _colon, rest = line.partition(":")
        if label.strip().isdigit():
            words = rest.split()
            found[int(label)] = (dict(zip(cpus, map(int, words[: len(cpus)]))), words[-1])
    return found


def share(host, irqs, cpu, address, ping="ping"):
    """Of the interrupts ``irqs`` during pings, those on ``cpu``."""
    assert host.run("%s -c 1 -W 3 %s" % (ping, address)).rc == 0
    before = counts(host)
    assert host.run("%s -q -i 0.05 -c %d -W 3 %s" % (ping, PINGS, address)).rc == 0
    after = counts(host)
    arrived = {}
    for number in irqs:
        for each, count in after[number][0].items():
            arrived[each] = arrived.get(each, 0) + count - before[number][0][each]
    assert sum(arrived.values()) >= PINGS / 2, arrived
    return arrived[cpu] / sum(arrived.values())


def irqs(host, function):
    return [int(number) for number in host.check_output("ls %s/msi_irqs", function).split()]


@pytest.fixture(autouse=True)
def _irqbalance_runs(host):
    assert host.service("irqbalance").is_running


def test_vcpus_have_a_cpu_each_on_the_cards_node(host):
    cpus = {vcpu_cpus(host, guest) for guest in ("mol-first", "mol-second")}
    assert len(cpus) == 2 and cpus <= {"4", "5", "6", "7"}


def test_the_vfs_interrupts_arrive_on_the_vcpus_cpu(host):
    assert share(host, irqs(host, PORT + "/virtfn0"), vcpu_cpus(host, "mol-first"), "10.78.6.11") >= 0.95


def test_the_cards_interrupts_arrive_on_the_vcpus_cpu(host):
    names = counts(host)
    queues = [number for number in irqs(host, PORT) if re.search(r"-(TxRx|rx|tx)-\d+$", names[number][1])]
    near = "ip netns exec mol-near ping"
    assert share(host, queues, vcpu_cpus(host, "mol-second"), "10.78.6.12", near) >= 0.95


def test_uplinks_spread_nothing(host):
    for card in ("ens2", "enp1s0"):
        assert set(host.check_output("cat /sys/class/net/%s/queues/rx-*/rps_cpus" % card).split()) <= {"00", "0"}
        table = host.check_output("ethtool -x %s", card)
        queues = {word for line in table.splitlines() if re.match(r"\s*\d+:", line) for word in line.split()[1:]}
        assert queues == {"0"}, table
