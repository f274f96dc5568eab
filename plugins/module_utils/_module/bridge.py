# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``bridge``."""

from __future__ import annotations

from .links import COMMON_LINK

ARGUMENTS = {
    "bridges": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": dict(
            COMMON_LINK,
            stp={"type": "bool"},
            vlan_filtering={"type": "bool"},
            multicast_snooping={"type": "bool"},
            forward_delay={"type": "int"},
            ageing_time={"type": "int"},
            ports={"type": "list", "elements": "str"},
            purge_ports={"type": "bool", "default": False},
        ),
    },
    "devices": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "bridge": {"type": "str"},
            "up": {"type": "bool"},
        },
    },
    "purge": {"type": "bool", "default": False},
}
