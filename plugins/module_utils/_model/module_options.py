# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of kernel modules, as modprobe.d(5) and the kernel command line give them."""

from __future__ import annotations


def _canonical(name):
    return name.replace("-", "_")


def _pairs(words):
    return [(_canonical(key), value) for key, _equals, value in (word.partition("=") for word in words)]


def options_in_file(text, module):
    """``[(option, value)]`` that the lines ``options MODULE …`` of one file give, in their order; a last backslash
    joins lines.
    """
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if len(words) > 2 and words[0] == "options" and _canonical(words[1]) == _canonical(module):
            found += _pairs(words[2:])
    return found


def options_on_command_line(text, module):
    """``[(option, value)]`` that ``MODULE.option=value`` on the kernel command line gives; modprobe heeds those too."""
    words = [word.partition(".") for word in text.split()]
    return _pairs(rest for name, dot, rest in words if dot and _canonical(name) == _canonical(module))


def as_switch(text):
    """Whether a whole-number option that is used as a switch is on; None for anything else."""
    try:
        return int(text, 0) != 0
    except ValueError:
        return None
