# SPDX-License-Identifier: GPL-3.0-or-later
"""os-release(5): which distribution this is."""

from __future__ import annotations

import shlex

_MANAGERS = {
    "apt": ("debian", "ubuntu"),
    "dnf": ("fedora", "rhel", "centos", "almalinux", "rocky", "ol"),
    "zypper": ("suse", "opensuse", "sles", "opensuse-leap", "opensuse-tumbleweed"),
}


def parse_os_release(text):
    """``{name: value}``; lines that are no assignments are left out."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        try:
            words = shlex.split(value)
        except ValueError:
            continue
        found[name] = words[0] if words else ""
    return found


def package_manager(release):
    """``apt``, ``dnf`` or ``zypper`` by the distribution's own name, then by those it is like; None when none fits."""
    for name in [release.get("ID", "")] + release.get("ID_LIKE", "").split():
        for manager, distributions in _MANAGERS.items():
            if name.lower() in distributions:
                return manager
    return None
