# SPDX-License-Identifier: GPL-3.0-or-later
"""What irqbalance is told, exactly: what an earlier state is led back by. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .environment_file import is_one_setting
from .irqbalance_settings import ARGUMENTS, BANNED_CPUS, BANNED_MASK

LINES = (ARGUMENTS, BANNED_CPUS, BANNED_MASK)
_PCI = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]", re.ASCII)


@dataclass(frozen=True)
class BalanceWish:
    """``kept_off``: the PCI functions that our policy script names, None to leave it alone; ``lines``: ``{name: what
    stands behind the equals sign, or None for no such line}``; ``file``: whether the file of the settings
    stays where nothing is left in it."""

    kept_off: object = None
    lines: dict = field(default_factory=dict)
    file: bool = True


def parse_balance_wish(value, problems):
    """A BalanceWish, or None for None."""
    if value is None:
        return None
    kept_off = value.get("kept_off")
    for index, pci in enumerate(kept_off or ()):
        if not isinstance(pci, str) or not _PCI.fullmatch(pci):
            problems.at("kept_off").at(index).add(pci, "is no PCI address such as '0000:41:00.0'")
    lines = value.get("lines") or {}
    at = problems.at("lines")
    for name, text in lines.items():
        if name not in LINES:
            at.at(str(name)).add(text, "is none of the settings that are led: %s" % ", ".join(LINES))
        elif text is not None and not (isinstance(text, str) and is_one_setting(name, text)):
            at.at(name).add(text, "is no value of one line, as it stands behind the equals sign")
    return BalanceWish(None if kept_off is None else frozenset(kept_off), dict(lines), value.get("file") is not False)
