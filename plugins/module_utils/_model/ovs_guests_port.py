# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports of Open vSwitch are guests'."""

from __future__ import annotations

from .names import is_libvirts_own

_KEYS = ("attached-mac", "iface-id", "vm-id")  # libvirt: src/util/virnetdevopenvswitch.c


def is_guests_interface(name, external_ids):
    """Whether a guest uses the interface: it carries what a guest's manager writes, or a name that libvirt generates.

    ``external_ids``: those of the interface. Also where ovs_bridge made the port for a guest: its packets are a guest's all the same,
    and the guard of ovs_flows closes it. Whose the *port* is, is another question, see ovs_bridge_state.
    """
    return is_libvirts_own(name) or any(key in external_ids for key in _KEYS)
