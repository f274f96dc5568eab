# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel booted with, and what the next boot will have."""

from __future__ import annotations


def entries(host):
    lines = host.file("/boot/grub/grub.cfg").content_string.splitlines()
    return [line.split() for line in lines if line.split()[:1] == ["linux"]]


def test_the_running_kernel_was_booted_with_them_once(host):
    arguments = host.file("/proc/cmdline").content_string.split()
    assert arguments.count("transparent_hugepage=madvise") == 1
    assert arguments.count("iommu.strict=0") == 1
    assert arguments.count("intel_iommu=on") == 1  # somebody else's, kept


def test_every_entry_of_the_next_boot_has_the_change(host):
    assert entries(host)
    for arguments in entries(host):
        assert arguments.count("transparent_hugepage=always") == 1
        assert not any(word.startswith("iommu.strict") or word == "transparent_hugepage=madvise" for word in arguments)
        assert arguments.count("intel_iommu=on") == 1
