# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt and the kernel show after a restart: the definition's pins, the workers' own, and the memory."""

from __future__ import annotations

import re
from xml.etree import ElementTree

MOST = 0.9


def tune(host, *scope):
    domain = ElementTree.fromstring(host.check_output("virsh dumpxml %s mol-pinned" % " ".join(scope)))
    pins = {pin.get("vcpu"): pin.get("cpuset") for pin in domain.findall("cputune/vcpupin")}
    memory = domain.find("numatune/memory")
    return pins, domain.find("cputune/emulatorpin").get("cpuset"), (memory.get("mode"), memory.get("nodeset"))


def pid(host):
    return host.check_output("cat /run/libvirt/qemu/mol-pinned.pid").strip()


def allowed(host, path):
    return host.check_output("sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' %s/status" % path).strip()


def test_both_definitions_have_the_pins_and_the_memory(host):
    wished = ({"0": "4", "1": "5"}, "6-7", ("preferred", "1"))
    assert tune(host) == wished
    assert tune(host, "--inactive") == wished


def test_the_kernel_holds_each_vcpu_to_its_cpu(host):
    found = {}
    for line in host.check_output("grep -H . /proc/%s/task/*/comm" % pid(host)).splitlines():
        path, name = line.rsplit(":", 1)
        vcpu = re.match(r"CPU (\d+)/KVM", name)
        if vcpu:
            found[vcpu.group(1)] = allowed(host, path.rpartition("/")[0])
    assert found == {"0": "4", "1": "5"}


def test_each_worker_has_its_own_cpu(host):
    tids = host.check_output("pgrep -x vhost-%s" % pid(host)).split()
    assert sorted(allowed(host, "/proc/" + tid) for tid in tids) == ["6", "7"]


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
    report = host.check_output("lab-guest report mol-pinned --wait 20")
    assert '"rx_queues":2' in report.replace(" ", "")
    assert host.run("ping -c 3 -W 3 10.78.5.99").rc == 0


def test_what_was_refused_left_no_trace(host):
    assert "numatune" not in host.check_output("virsh dumpxml --inactive mol-large")
