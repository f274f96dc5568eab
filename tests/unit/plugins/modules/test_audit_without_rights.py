# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking, by a user who may read little: what cannot be read is unknown or told, and nothing is written or raised."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.kvm.vnic.plugins.modules import audit_info, host_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import hypervisor
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard

# what distributions keep from others than root
FORBIDDEN = (
    "/etc/libvirt/",
    "/var/lib/kvm-vnic",
    "/var/lib/libvirt/",
    "/run/libvirt/qemu",
    "/run/kvm-vnic",
    "/boot/grub",
)
WISH = {"sriov": {"vfs": [{"vf": "ens2#0", "trust": False}]}, "bridge": {"bridges": [{"name": "br0"}]}}


def as_somebody(host):
    call = host.tree.call

    def refused(path):
        return isinstance(path, str) and (path.startswith(FORBIDDEN) or (path.startswith("/proc/") and "/fd" in path))

    def limited(operation, *arguments, timeout=None):
        assert not operation.startswith(("write", "replace", "remove", "make"))
        if arguments and refused(arguments[0]):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES), arguments[0])
        return call(operation, *arguments, timeout=timeout)

    host.tree.call = limited
    return host


@pytest.mark.parametrize("libvirt", [True, False])
@pytest.mark.parametrize("main, params", [(host_info.main, {}), (audit_info.main, {"resources": WISH})])
def test_what_can_be_seen_is_told(main, params, libvirt):
    host = hypervisor()
    MemoryCard(host).make(1)
    host.libvirt.running = libvirt
    before = host.writes() + host.tree.private_writes
    result = run_module(main, as_somebody(host), params)
    assert not result["failed"], result
    assert host.writes() + host.tree.private_writes == before
    if main is host_info.main:
        assert result["cpus"]["online"] == "0-7" and result["libvirt"]["available"] is libvirt
    else:
        assert [finding for finding in result["findings"] if "br0" in str(finding)]
