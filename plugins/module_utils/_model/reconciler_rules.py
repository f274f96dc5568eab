# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of udev's rules: which events ask for a pass, and which devices are guests' and nobody else's."""

from __future__ import annotations

import re

from .addresses import parse_pci
from .reconciler_units import WANTED

RULES = "/etc/udev/rules.d/90-kvm-vnic.rules"
MANAGER = "kvm.vnic"  # any that is neither networkd's nor NetworkManager's own

# NetworkManager goes by NM_UNMANAGED and, since 1.46, by ID_NET_MANAGED_BY; systemd-networkd by the latter since 255.
_KEPT_OFF = 'ENV{NM_UNMANAGED}="1", ENV{ID_NET_MANAGED_BY}="%s"\n' % MANAGER

_VF = re.compile(r'^SUBSYSTEMS=="pci", KERNELS=="([0-9a-f:.]+)", ', re.ASCII | re.MULTILINE)

_BEGIN = """# Written by the module reconciler of kvm.vnic, which replaces and removes it.
ACTION=="remove", GOTO="kvm_vnic_end"
SUBSYSTEM=="pci", ACTION=="bind", ATTR{class}=="0x02*", GOTO="kvm_vnic_wanted"
SUBSYSTEM!="net", GOTO="kvm_vnic_end"

# taps and macvtaps that libvirt makes for guests
DEVPATH=="/devices/virtual/*", KERNEL=="vnet[0-9]*|macvtap[0-9]*|macvlan[0-9]*", """

_VFS = "\n# virtual functions of guests\n"

_END = """
# hardware that comes, and gets its name
ACTION=="add|move", DEVPATH!="/devices/virtual/*", GOTO="kvm_vnic_wanted"
GOTO="kvm_vnic_end"

LABEL="kvm_vnic_wanted"
RUN+="/usr/bin/mkdir -p -m 0700 %s", RUN+="/usr/bin/touch %s"

LABEL="kvm_vnic_end"
""" % (WANTED.rpartition("/")[0], WANTED)


def rules_text(unmanaged):
    """``unmanaged``: PCI addresses, the only thing of a host's in this text (udev runs it as root)."""
    lines = ['SUBSYSTEMS=="pci", KERNELS=="%s", %s' % (parse_pci(address), _KEPT_OFF) for address in sorted(unmanaged)]
    return _BEGIN + _KEPT_OFF + (_VFS + "".join(lines) if lines else "") + _END


def unmanaged_in(text):
    """The PCI addresses in the rules' text."""
    return tuple(sorted(_VF.findall(text or "")))
