# SPDX-License-Identifier: GPL-3.0-or-later
"""irqbalance's arguments and variables, and the policy script by which it is kept off our devices.

irqbalance asks the script about each interrupt that it discovers, also about those that appear later, with the device's
path and the interrupt's number, and leaves alone what it answers ``ban=true`` to (irqbalance(1), --policyscript;
classify.c, get_irq_user_policy). So it holds for interrupts that a guest's start or a driver makes anew.
"""

from __future__ import annotations

import hashlib
import re

from .cpu_set import CpuSet

ARGUMENTS, BANNED_CPUS, BANNED_MASK = "IRQBALANCE_ARGS", "IRQBALANCE_BANNED_CPULIST", "IRQBALANCE_BANNED_CPUS"

# Its service runs with ProtectHome=, PrivateTmp= and ProtectSystem=strict, which leave programs to be run from here,
# and where SELinux decides, this is a place for programs; /etc is none.
DIRECTORY = "/usr/local/libexec/kvm-vnic"
_NAME = "irq-policy."
_SCRIPT = """\
#!/bin/sh
# Kept by the Ansible module kvm.vnic.irq_affinity: changes are lost at its next run.
# irqbalance runs it once for each interrupt: $1 is the device's path below /sys, $2 the interrupt's number.
case "${1##*/}" in
%s*) ;;
esac
exit 0
"""
_LINE = "%s) echo ban=true ;;\n"
_BANNED = re.compile(r"^([0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7])\) echo ban=true ;;$", re.ASCII | re.MULTILINE)

# irqbalance.c, parse_command_line: getopt_long takes "--policyscript", "=" or a blank, and every beginning of the word
# that is no other option's
_LONG = re.compile(r"^--pol[a-z]*(?:=(.*))?\Z", re.ASCII | re.DOTALL)
_SHORT = re.compile(r"^-[odfj]*l(.*)\Z", re.ASCII | re.DOTALL)

_OURS = re.compile(r"\s*--policyscript=%s/%s[0-9a-f]+(?=\s|\Z)" % (re.escape(DIRECTORY), re.escape(_NAME)))


def script_text(devices):
    """The script that keeps irqbalance off the PCI functions ``devices``."""
    return _SCRIPT % "".join(_LINE % pci for pci in sorted(devices))


def script_path(devices):
    """Its place. The name changes with the content, so that the running daemon's arguments tell which one it asked."""
    return "%s/%s%s" % (DIRECTORY, _NAME, hashlib.sha256(script_text(devices).encode()).hexdigest()[:12])


def is_ours(path):
    return path is not None and path.startswith("%s/%s" % (DIRECTORY, _NAME))


def devices_of(text):
    """The PCI functions that a script of ours names."""
    return frozenset(_BANNED.findall(text))


def policy_script(words):
    """The script that irqbalance's arguments name, or None; of several the last counts."""
    found, words = None, list(words)
    while words:
        word = words.pop(0)
        match = _LONG.match(word) or _SHORT.match(word)
        if match:
            joined = match.group(1)
            found = joined if joined or "=" in word else words.pop(0) if words else ""
    return found


def with_policy_script(arguments, path):
    """``IRQBALANCE_ARGS`` with our script at ``path``, or with None without it; others' arguments as they are."""
    arguments = _OURS.sub("", arguments).rstrip()
    if path is None:
        return arguments
    return "%s%s--policyscript=%s" % (arguments, " " if arguments else "", path)


def banned_cpus(settings):
    """The CPUs that irqbalance is told to keep free, or None where it decides; the list counts before the mask
    (cputree.c, setup_banned_cpus). Raises ValueError."""
    if settings.get(BANNED_CPUS):
        return CpuSet.from_list(settings[BANNED_CPUS])
    if settings.get(BANNED_MASK):
        return CpuSet.from_mask(settings[BANNED_MASK])
    return None
