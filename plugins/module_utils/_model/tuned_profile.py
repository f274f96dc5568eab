# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of a tuned profile say."""

from __future__ import annotations

from .action import UNKNOWN
from .cpu_set import CpuSet


def _assignments(text):
    """``(section, name, value)`` in order."""
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
        elif line and line[0] not in "#;" and "=" in line:
            name, _equals, value = line.partition("=")
            yield section, name.strip(), value.strip()


def active_profiles(text):
    """The profiles in ``active_profile``: several are merged, the last one wins."""
    return text.split()


def included_profiles(text):
    """The profiles that a ``tuned.conf`` builds on."""
    return [
        profile
        for section, name, value in _assignments(text)
        if section == "main" and name == "include"
        for profile in value.replace(",", " ").split()
    ]


def isolated_cores(text):
    """The CPUs of ``isolated_cores`` in a file of variables: None when it sets none, unknown when only tuned can tell
    (``${f:calc_isolated_cores:1}``)."""
    found = None
    for _section, name, value in _assignments(text):
        if name == "isolated_cores" and value:
            try:
                found = CpuSet.from_list(value)
            except ValueError:
                found = UNKNOWN
    return found
