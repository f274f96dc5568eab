# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments that every kind of link takes."""

from __future__ import annotations

COMMON_LINK = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "mtu": {"type": "int"},
    "mac": {"type": "str"},
    "up": {"type": "bool", "default": True},
    "alias": {"type": "str"},
}
# of links that can be the port of a bridge
PORT = {"master": {"type": "str"}}
