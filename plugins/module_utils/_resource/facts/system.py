# SPDX-License-Identifier: GPL-3.0-or-later
"""The operating system."""

from __future__ import annotations

import sys

from ..._model.action import UNKNOWN
from ..._model.os_release import package_manager, parse_os_release

_RELEASE = ("/etc/os-release", "/usr/lib/os-release")  # os-release(5): the first that exists counts
_PROGRAMS = {"apt": "apt-get", "dnf": "dnf", "zypper": "zypper"}


def _package_manager(host, release):
    """The distribution's own, and on one that is not known the first whose program is there."""
    by_name = package_manager(release)
    if by_name is not None:
        return by_name
    return next((manager for manager, program in _PROGRAMS.items() if host.commands.find(program)), UNKNOWN)


def read_system(host):
    """``{hostname, kernel, distribution, version, package_manager, python, kernel_command_line}``, all text.

    ``distribution`` and ``version`` are os-release's ``ID`` and ``VERSION_ID``; ``package_manager``: apt, dnf or
    zypper.
    """
    texts = host.files.read_many(_RELEASE + ("/proc/sys/kernel/osrelease", "/proc/cmdline"))
    release = parse_os_release(next((texts[path] for path in _RELEASE if texts[path] is not UNKNOWN), ""))
    return {
        "hostname": host.name,
        "kernel": texts["/proc/sys/kernel/osrelease"],
        "distribution": release.get("ID") or UNKNOWN,
        "version": release.get("VERSION_ID") or UNKNOWN,
        "package_manager": _package_manager(host, release),
        "python": "%d.%d.%d" % sys.version_info[:3],
        "kernel_command_line": texts["/proc/cmdline"],
    }
