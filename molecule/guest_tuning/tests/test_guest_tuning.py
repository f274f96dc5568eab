# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a guest's interrupts arrived under traffic, and what the kernel shows."""

from __future__ import annotations

import re

QUEUES = range(4)
NIC = "/sys/class/net/enp0s3"


def text(host, path):
    return host.check_output("cat %s", path).strip()


def counts(host, path):
    """``{interrupt's name: (number, count of each CPU)}`` of the NIC's receive queues."""
    lines = text(host, path).splitlines()
    cpus = len(lines[0].split())
    ours = set(host.check_output("ls %s/device/../msi_irqs", NIC).split())
    found = {}
    for line in lines[1:]:
        number, _colon, rest = line.strip().partition(":")
        words = rest.split()
        queue = re.search(r"-input\.(\d+)$", words[-1]) if number in ours else None
        if queue:
            found[int(queue.group(1))] = (number, [int(word) for word in words[:cpus]])
    return found


def test_it_has_all_queues_that_it_was_given(host):
    shown = host.check_output("ethtool -l enp0s3").rpartition("Current hardware settings")[2]
    assert re.search(r"^Combined:\s+4$", shown, re.MULTILINE)


def test_the_kernel_hands_no_packet_on(host):
    masks = [text(host, "%s/queues/rx-%d/rps_cpus" % (NIC, number)) for number in QUEUES]
    assert [int(mask.replace(",", ""), 16) for mask in masks] == [0, 0, 0, 0]


def test_each_queue_has_a_cpu_of_its_own(host):
    now = counts(host, "/proc/interrupts")
    for name in ("smp_affinity_list", "effective_affinity_list"):
        places = [text(host, "/proc/irq/%s/%s" % (now[queue][0], name)) for queue in QUEUES]
        assert places == ["0", "1", "2", "3"]


def test_each_queues_traffic_arrived_there(host):
    before, after = (counts(host, "/run/mol-interrupts." + when) for when in ("before", "after"))
    for queue in QUEUES:
        arrived = [late - early for early, late in zip(before[queue][1], after[queue][1])]
        assert sum(arrived) > 50, (queue, arrived)
        assert arrived[queue] >= 0.95 * sum(arrived), (queue, arrived)


def test_irqbalance_runs_and_asks_our_script(host):
    assert host.service("irqbalance").is_running
    pid = host.check_output("systemctl show --value --property=MainPID irqbalance")
    script = re.search(r"--policyscript=(\S+)", host.check_output("tr '\\0' ' ' </proc/%s/cmdline", pid)).group(1)
    function = host.check_output("basename $(readlink -f %s/device/..)", NIC)
    assert host.check_output("%s /sys/bus/pci/devices/%s 1", script, function) == "ban=true"
