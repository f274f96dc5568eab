# SPDX-License-Identifier: GPL-3.0-or-later
"""What no single resource sees: every check of a whole host."""

from __future__ import annotations

from .floating import vcpu_floating
from .interrupts import interrupt_elsewhere
from .irqbalance import irqbalance_undoes
from .memory import memory_elsewhere
from .models import emulated_model
from .ovs_in_band import ovs_in_band
from .ovs_ports import ovs_port_error, ovs_port_vlan
from .ovs_protection import ovs_port_unprotected
from .ovs_switch import ovs_no_offload, ovs_not_running, ovs_userspace_datapath
from .scene import Scene
from .steering import rps_on
from .unread import not_audited
from .workers import userspace_fallback, vhost_worker_elsewhere

CHECKS = (
    interrupt_elsewhere,
    vhost_worker_elsewhere,
    userspace_fallback,
    memory_elsewhere,
    rps_on,
    emulated_model,
    irqbalance_undoes,
    vcpu_floating,
    ovs_not_running,
    ovs_port_error,
    ovs_port_vlan,
    ovs_port_unprotected,
    ovs_in_band,
    ovs_userspace_datapath,
    ovs_no_offload,
    not_audited,
)


def cross_check(facts, wished):
    """The findings on ``facts``, as host_info returns them; ``wished``: ``{module: its parameters}``. Whatever is
    missing or unknown is taken to be right.
    """
    scene = Scene(facts, wished)
    return [finding for check in CHECKS for finding in check(scene)]
