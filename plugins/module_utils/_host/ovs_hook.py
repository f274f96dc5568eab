# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that libvirt calls when guests start and end: where it lies and what is in it."""

from __future__ import annotations

from . import ovs_hook_script

# libvirt.org/hooks.html: every executable file of this directory is called, since libvirt 6.5
HOOK = "/etc/libvirt/hooks/qemu.d/kvm-vnic-ovs"


def hook_text():
    """The script as it is put in place, read from where this package was loaded, a zip perhaps."""
    source = ovs_hook_script.__loader__.get_source(ovs_hook_script.__name__)
    return "#!/usr/bin/python3\n" + source
