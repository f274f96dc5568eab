# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel and ethtool show."""

from __future__ import annotations

import re

QUEUES = "/sys/class/net/ens2/queues/"


def mask(host, path):
    return int(host.check_output("cat %s", path).replace(",", ""), 16)


def test_the_card_has_as_many_queues_as_wished(host):
    shown = host.check_output("ethtool -l ens2").rpartition("Current hardware settings")[2]
    assert re.search(r"^Combined:\s+4$", shown, re.MULTILINE)
    names = host.check_output("ls %s", QUEUES).split()
    assert [name for name in names if name.startswith("rx-")] == ["rx-0", "rx-1", "rx-2", "rx-3"]


def test_it_receives_on_the_first_two(host):
    table = re.findall(r"^\s*\d+:((?:\s+\d+)+)$", host.check_output("ethtool -x ens2"), re.MULTILINE)
    assert {ring for line in table for ring in line.split()} == {"0", "1"}


def test_every_queue_is_steered(host):
    for number in range(4):
        assert mask(host, QUEUES + "rx-%d/rps_cpus" % number) == 0b1100
        assert host.file(QUEUES + "rx-%d/rps_flow_cnt" % number).content_string.strip() == "256"
        assert mask(host, QUEUES + "tx-%d/xps_cpus" % number) == 1 << number


def test_new_devices_begin_as_wished(host):
    assert mask(host, "/proc/sys/net/core/rps_default_mask") == 1 << 5
    assert host.check_output("cat /proc/sys/net/core/rps_sock_flow_entries").strip() == "1024"
    host.check_output("ip link add name mol-new type dummy")
    try:
        assert mask(host, "/sys/class/net/mol-new/queues/rx-0/rps_cpus") == 1 << 5
    finally:
        host.check_output("ip link delete dev mol-new")
