# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernels that a generated grub.cfg boots, and the command line that each gets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .kernel_command_line import BLANKS, CommandLine

_BEGIN = re.compile(r"### BEGIN (\S+) ###")
_END = re.compile(r"### END \S+ ###")
_ENTRY = ("menuentry", "submenu")
_LINUX = ("linux", "linux16", "linuxefi")
# Entries of other scripts (40_custom, 30_os-prober) are other people's and do not take GRUB_CMDLINE_LINUX.
_LINUX_SCRIPT = re.compile(r"/\d+_linux(?!_xen)[^/]*$")


@dataclass(frozen=True)
class BootEntry:
    """One bootable kernel. ``label``: the entry's title or file; ``line``: its command line."""

    label: str
    line: object


def words(line):
    """The words of one line as GRUB's lexer splits it (grub-core/script/yylex.l), quotes taken off and variables left
    as they are."""
    found, current, quote, started = [], "", "", False
    chars = iter(line)
    for char in chars:
        if quote == "'":
            quote, current = ("", current) if char == "'" else (quote, current + char)
        elif char == "\\":
            after = next(chars, "")
            current += after if not quote or after in '"\\$' else char + after
            started = True
        elif quote:
            quote, current = ("", current) if char == '"' else (quote, current + char)
        elif char in "'\"":
            quote, started = char, True
        elif char in BLANKS or char == ";":
            if started or current:
                found.append(current)
            current, started = "", False
            if char == ";":
                found.append(";")
        elif char == "#" and not started and not current:
            break
        else:
            current += char
    return found + [current] if started or current else found


def _loaded(word):
    """One word as GRUB hands it to the kernel (grub-core/lib/cmdline.c, grub_create_loader_cmdline)."""
    text = "".join("\\" + char if char in "\\'\"" else char for char in word)
    return '"%s"' % text if " " in word else text


def boot_entries(text):
    """Every :class:`BootEntry` made by GRUB's scripts for Linux, in the file's order."""
    found, other, script, titles = [], [], None, []
    for line in text.splitlines():
        begin = _BEGIN.match(line)
        if begin:
            script = begin.group(1)
        elif _END.match(line):
            script = None
        split = words(line)
        if split and split[0] in _ENTRY and len(split) > 1:
            titles.append(split[1])
        elif len(split) > 1 and split[0] in _LINUX:
            arguments = split[2 : split.index(";")] if ";" in split else split[2:]
            entry = BootEntry(
                titles[-1] if titles else "", CommandLine.parse(" ".join(_loaded(word) for word in arguments))
            )
            (found if script and _LINUX_SCRIPT.search(script) else other).append(entry)
    return tuple(found or other)
