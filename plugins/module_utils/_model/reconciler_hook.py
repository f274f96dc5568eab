# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that asks for a pass when a guest starts or ends."""

from __future__ import annotations

from .reconciler_units import WANTED

HOOK = "/etc/libvirt/hooks/qemu.d/kvm-vnic-guests"

# libvirt waits for it and takes what it writes, at a migration, for the guest's XML (libvirt.org/hooks.html): so it says
# nothing, never fails, and reads all that it is given. The guest's name, its first argument, is not looked at.
HOOK_TEXT = """#!/bin/sh
# Written by the module reconciler of kvm.vnic, which replaces and removes it.
exec >/dev/null 2>&1
case "$2" in
started | release)
    umask 077
    mkdir -p %(directory)s
    : >>%(wanted)s
    ;;
esac
cat
exit 0
""" % {"directory": WANTED.rpartition("/")[0], "wanted": WANTED}
