# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of host_info share."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.modules import host_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module


def release(host, text='ID=debian\nVERSION_ID="13"\n', command_line="root=/dev/vda intel_iommu=on iommu=pt"):
    host.put("/etc/os-release", text)
    host.put("/proc/sys/kernel/osrelease", "6.12.57+deb13-amd64")
    host.put("/proc/cmdline", command_line)


def run(host, *gather, **more):
    result = run_module(host_info.main, host, {"gather": list(gather)} if gather else {}, **more)
    assert not result["failed"] and result["changed"] is False
    return result


def nic(result, name):
    return next(entry for entry in result["nics"] if entry["name"] == name)
