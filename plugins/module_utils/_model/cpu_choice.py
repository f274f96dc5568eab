# SPDX-License-Identifier: GPL-3.0-or-later
"""CPUs as users write them, in their order: text in the kernel's list form, a number, or a list of both."""

from __future__ import annotations

import re

from .cpu_set import MAX_CPUS, CpuSet

ALLOWED = 'allowed are CPU lists such as "0-3,8", or [0, 1, 8]'
_MASK = re.compile(r"^(0x[0-9a-f]+|[0-9a-f]*[a-f][0-9a-f]*)\Z", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(r"^\d{1,9}\Z", re.ASCII)


def _of_text(text):
    if "\n" in text or not text.strip():
        raise ValueError("names no CPU: " + ALLOWED)
    if _MASK.match(text.strip()):
        raise ValueError("is a mask, not a list of CPUs: " + ALLOWED)
    found = []
    for part in text.split(","):
        try:
            cpus = sorted(CpuSet.from_list(part))
        except ValueError as error:
            raise ValueError("is no CPU list (%s): %s" % (error, ALLOWED)) from None
        if not cpus:
            raise ValueError("has an empty part: " + ALLOWED)
        found += cpus
    return found


def parse_cpu_choice(value):
    """The CPUs as a tuple, each once, in the order given. Raises ValueError saying what is allowed."""
    if isinstance(value, float):
        raise ValueError("is the number %r: YAML read the list so, write it in quotes; %s" % (value, ALLOWED))
    items = value if isinstance(value, (list, tuple)) else [value]
    if not items:
        raise ValueError("names no CPU: " + ALLOWED)
    found = []
    for item in items:
        if isinstance(item, bool) or not isinstance(item, (int, str)):
            raise ValueError("holds %r, which is no CPU: %s" % (item, ALLOWED))
        if isinstance(item, int) or _NUMBER.match(item):
            if not 0 <= int(item) < MAX_CPUS:
                raise ValueError("holds %s, which is no CPU number: allowed are 0 to %d" % (item, MAX_CPUS - 1))
            found.append(int(item))
        else:
            found += _of_text(item)
    twice = sorted({cpu for cpu in found if found.count(cpu) > 1}) if len(set(found)) < len(found) else []
    if twice:
        raise ValueError("names CPU %s twice" % CpuSet(twice))
    return tuple(found)
