# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a NIC goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """``uplink``: the card below, None for none; ``vf``: ``(pf, index)``; ``lower``: what the macvtap stands on;
    ``bridge``: its name, be it Linux's or Open vSwitch's; ``port``: what the bridge is to hold of the uplink, None to
    leave its ports alone; ``node``: the hardware's NUMA node, None when unknown; ``remark``: a sentence for the plan's
    notes.
    """

    attachment: str
    uplink: object = None
    vf: object = None
    pci: object = None
    lower: object = None
    bridge: object = None
    port: object = None
    node: object = None
    remark: object = None
