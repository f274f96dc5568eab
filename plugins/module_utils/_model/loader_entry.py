# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the Boot Loader Specification: one file a kernel, its arguments in lines that begin with ``options``."""

from __future__ import annotations

import re

from .kernel_command_line import CommandLine

_OPTIONS = re.compile(r"^(options[ \t]+)(.*?)([ \t\r]*)$", re.MULTILINE)
_VARIABLE = re.compile(r"\$(\w+|\{\w+\})", re.ASCII)


def options(text, environment=()):
    """The :class:`CommandLine` of one entry; ``$name`` is looked up in ``environment`` (GRUB's), and stays where it
    is not found."""
    known = dict(environment)

    def value(match):
        return known.get(match.group(1).strip("{}"), match.group())

    return CommandLine.parse(_VARIABLE.sub(value, " ".join(match.group(2) for match in _OPTIONS.finditer(text))))


def variables(text):
    """Names of the variables that the entry's options take from GRUB's environment."""
    return sorted({name.strip("{}") for match in _OPTIONS.finditer(text) for name in _VARIABLE.findall(match.group(2))})


def rewritten(text, wish):
    """``text`` with the options as wished; all other lines byte for byte as they were."""
    matches = list(_OPTIONS.finditer(text))
    if not matches:
        return text + ("" if text.endswith("\n") or not text else "\n") + "options %s\n" % CommandLine(wish.present)
    for match in reversed(matches):
        line = CommandLine.parse(match.group(2))
        edited = line.without(wish.owns)
        if match is matches[-1]:
            edited = edited.plus(wish.present)
        if edited != line:
            text = text[: match.start(2)] + str(edited) + text[match.end(2) :]
    return text


def grub_environment(text):
    """GRUB's environment block as ``{name: value}`` (util/grub-editenv.c: lines ``name=value``, backslash and newline
    escaped, filled up with #)."""
    found = {}
    for line in re.split(r"(?<!\\)\n", text):
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
    return found
