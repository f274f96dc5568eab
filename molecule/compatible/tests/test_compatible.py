# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guests themselves see, and that they answer."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

GUESTS = [
    ("mol-e1000", "e1000", "10.78.5.11"),
    ("mol-rtl8139", "8139cp", "10.78.5.12"),
    ("mol-qemu", "virtio_net", "10.78.5.13"),
]


@pytest.mark.parametrize("guest, driver, address", GUESTS)
def test_the_guest_drives_the_model_and_answers(host, guest, driver, address):
    nics = json.loads(host.check_output("lab-guest report %s --wait 20" % guest))["nics"]
    assert [nic["driver"] for nic in nics] == [driver]
    assert host.run("ping -c 3 -W 3 %s" % address).rc == 0


def test_no_vhost_worker_serves_the_guest_with_backend_qemu(host):
    pid = host.file("/run/libvirt/qemu/mol-qemu.pid").content_string.strip()
    assert "/dev/vhost-net" not in host.check_output("ls -l /proc/%s/fd" % pid)


def test_the_change_waits_in_the_persistent_definition(host):
    backends = {}
    for scope in ("", "--inactive"):
        domain = ElementTree.fromstring(host.check_output("virsh dumpxml mol-qemu %s" % scope))
        backends[scope] = domain.find("devices/interface/driver").get("name")
    assert backends == {"": "qemu", "--inactive": "vhost"}
