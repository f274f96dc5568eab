# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``macvtap``."""

from __future__ import annotations

from .links import COMMON_LINK

ARGUMENTS = {
    "macvtaps": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": dict(
            COMMON_LINK,
            lower={"type": "str"},
            mode={"type": "str", "choices": ["bridge", "private", "vepa", "passthru", "source"]},
        ),
    },
    "lower_devices": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "up": {"type": "bool", "default": True},
            "mtu": {"type": "int"},
        },
    },
    "purge": {"type": "bool", "default": False},
}
