# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``sriov``."""

from __future__ import annotations

_PFS = {
    "pf": {"type": "str", "required": True},
    "permanent_mac": {"type": "str"},
    "num_vfs": {"type": "int"},
    "autoprobe": {"type": "bool"},
    "up": {"type": "bool", "default": True},
}
_VFS = {
    "vf": {"type": "str"},
    "pf": {"type": "str"},
    "index": {"type": "raw"},
    "mac": {"type": "str"},
    "vlan": {"type": "int"},
    "qos": {"type": "int"},
    "vlan_protocol": {"type": "str", "choices": ["802.1Q", "802.1ad"]},
    "spoofchk": {"type": "bool"},
    "trust": {"type": "bool"},
    "link_state": {"type": "str", "choices": ["auto", "enable", "disable"]},
    "min_tx_rate": {"type": "int"},
    "max_tx_rate": {"type": "int"},
    "query_rss": {"type": "bool"},
    "driver": {"type": "str", "choices": ["default", "vfio-pci"]},
}

ARGUMENTS = {
    "pfs": {"type": "list", "elements": "dict", "default": [], "options": _PFS},
    "vfs": {"type": "list", "elements": "dict", "default": [], "options": _VFS},
    "purge": {"type": "bool", "default": False},
    "ignore_unsupported": {"type": "bool", "default": False},
}
