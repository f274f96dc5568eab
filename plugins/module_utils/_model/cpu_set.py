# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of CPUs in the kernel's two notations: lists (``0-3,8``) and comma-grouped hexadecimal masks (``f,00000001``)."""

from __future__ import annotations

import re

MAX_CPUS = 8192  # CONFIG_NR_CPUS of the largest distribution kernels (arch/x86/Kconfig)

_RANGE = re.compile(r"(\d+)(?:-(\d+)(?::(\d+)/(\d+))?)?", re.ASCII)
_MASK = re.compile(r"(0x)?[0-9a-fA-F]+(,[0-9a-fA-F]{1,8})*", re.ASCII)


class CpuSet(frozenset):
    """An immutable set of CPU numbers; ``str()`` gives the shortest kernel list, ``""`` when empty."""

    @classmethod
    def from_list(cls, text):
        """Parse the kernel's list format (lib/bitmap-str.c, ``bitmap_parselist``), ``a-b:used/group`` strides included.

        Raises ValueError naming the part that is wrong.
        """
        cpus = set()
        for part in filter(None, (item.strip() for item in str(text).strip().split(","))):
            match = _RANGE.fullmatch(part)
            if not match:
                raise ValueError("%r is no CPU list: expected numbers and ranges such as '0-3,8'" % (text,))
            first = int(match.group(1))
            last = int(match.group(2)) if match.group(2) else first
            if last < first:
                raise ValueError("%r is no CPU list: range %s runs backwards" % (text, part))
            if last >= MAX_CPUS:
                raise ValueError("%r is no CPU list: CPU %d is beyond the kernel's %d" % (text, last, MAX_CPUS))
            used, group = (int(match.group(3)), int(match.group(4))) if match.group(3) else (1, 1)
            if not 0 < used <= group:
                raise ValueError("%r is no CPU list: stride of %s needs 0 < used <= group" % (text, part))
            cpus.update(cpu for cpu in range(first, last + 1) if (cpu - first) % group < used)
        return cls(cpus)

    @classmethod
    def from_mask(cls, text):
        """Parse a mask as sysfs prints it: groups of 32 bits, most significant first. Raises ValueError."""
        text = str(text).strip()
        if not _MASK.fullmatch(text):
            raise ValueError("%r is no CPU mask: expected hexadecimal groups such as 'f' or '1,00000000'" % (text,))
        groups = text.split(",")
        value = int(groups[0], 16)
        for group in groups[1:]:
            value = (value << 32) | int(group, 16)
        if value.bit_length() > MAX_CPUS:
            raise ValueError("%r is no CPU mask: more than %d bits" % (text, MAX_CPUS))
        return cls(bit for bit in range(value.bit_length()) if value >> bit & 1)

    def __and__(self, other):
        return CpuSet(frozenset.__and__(self, other))

    def __or__(self, other):
        return CpuSet(frozenset.__or__(self, other))

    def __sub__(self, other):
        return CpuSet(frozenset.__sub__(self, other))

    def to_mask(self):
        """The mask as sysfs accepts it: 32-bit groups, ``"0"`` when empty."""
        value = 0
        for cpu in self:
            value |= 1 << cpu
        groups = []
        while value:
            groups.append(value & 0xFFFFFFFF)
            value >>= 32
        if not groups:
            return "0"
        return ",".join(["%x" % groups[-1]] + ["%08x" % group for group in reversed(groups[:-1])])

    def __str__(self):
        parts = []
        first = last = None
        for cpu in sorted(self):
            if last is not None and cpu == last + 1:
                last = cpu
                continue
            if first is not None:
                parts.append((first, last))
            first = last = cpu
        if first is not None:
            parts.append((first, last))
        return ",".join(str(a) if a == b else "%d-%d" % (a, b) for a, b in parts)

    def __repr__(self):
        return "CpuSet(%r)" % str(self)
