# SPDX-License-Identifier: GPL-3.0-or-later
"""Where interrupts arrived under traffic, with irqbalance restarted and running for more than three of its rounds."""

from __future__ import annotations

import re

PORT = "/sys/class/net/ens2/device"


def text(host, path):
    return host.check_output("cat %s", path).strip()


def numbers(host, function):
    return [int(number) for number in host.check_output("ls %s/msi_irqs", function).split()]


def counts(host, path):
    """``{number: ({CPU: count}, name)}``."""
    lines = host.check_output("cat %s", path).splitlines()
    cpus = [int(word[3:]) for word in lines[0].split()]
    found = {}
    for line in lines[1:]:
        label, _colon, rest = line.partition(":")
        if label.strip().isdigit():
            words = rest.split()
            found[int(label)] = (dict(zip(cpus, map(int, words[: len(cpus)]))), words[-1])
    return found


def arrived(host, irqs):
    """``{CPU: how many}`` of the interrupts ``irqs`` while the traffic ran."""
    before, after = (counts(host, "/run/mol-interrupts." + when) for when in ("before", "after"))
    found = {}
    for number in irqs:
        for cpu, count in after[number][0].items():
            found[cpu] = found.get(cpu, 0) + count - before[number][0][cpu]
    return found


def queues(host):
    """The port's interrupts that serve queues."""
    names = counts(host, "/proc/interrupts")
    return [number for number in numbers(host, PORT) if re.search(r"-(TxRx|rx|tx)-\d+$", names[number][1])]


def share(found, cpus):
    assert sum(found.values()) > 100, found
    return sum(found.get(cpu, 0) for cpu in cpus) / sum(found.values())


def test_the_ports_queues_have_a_cpu_each(host):
    places = [text(host, "/proc/irq/%d/effective_affinity_list" % number) for number in queues(host)]
    assert len(places) >= 2 and set(places) == {"5", "6"}


def test_the_vfs_interrupts_are_all_where_they_were_wished(host):
    found = numbers(host, PORT + "/virtfn0")
    assert found
    for number in found:
        for name in ("smp_affinity_list", "effective_affinity_list"):
            assert text(host, "/proc/irq/%d/%s" % (number, name)) == "7"


def test_the_ports_traffic_arrived_there(host):
    assert share(arrived(host, queues(host)), {5, 6}) >= 0.95


def test_the_vfs_traffic_arrived_there(host):
    assert share(arrived(host, numbers(host, PORT + "/virtfn0")), {7}) >= 0.95


def test_irqbalance_runs_and_asks_our_script(host):
    assert host.service("irqbalance").is_running
    pid = host.check_output("systemctl show --value --property=MainPID irqbalance")
    script = re.search(r"--policyscript=(\S+)", host.check_output("tr '\\0' ' ' </proc/%s/cmdline", pid)).group(1)
    assert script.startswith("/usr/local/libexec/kvm-vnic/")
    assert host.file(script).mode == 0o755 and host.file(script).user == "root"
    for function in (PORT, PORT + "/virtfn0"):
        path = "/sys/bus/pci/devices/" + host.check_output("basename $(readlink -f %s)", function)
        assert host.check_output("%s %s 1", script, path) == "ban=true"
    assert host.check_output("%s /sys/bus/pci/devices/0000:00:01.0 1", script) == ""
    assert host.check_output("ls /usr/local/libexec/kvm-vnic").split() == [script.rpartition("/")[2]]


def test_others_settings_of_irqbalance_stay(host):
    before = host.file("/run/mol-irqbalance.before").content_string
    after = host.file("/etc/default/irqbalance").content_string
    assert after.startswith(before) and len(after.splitlines()) == len(before.splitlines()) + 1


def test_new_interrupts_begin_on_the_housekeeping_cpus(host):
    assert text(host, "/proc/irq/default_smp_affinity") == "0f"
