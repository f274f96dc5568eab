# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``vlan``."""

from __future__ import annotations

from .links import COMMON_LINK, PORT

ARGUMENTS = {
    "vlans": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": dict(
            COMMON_LINK,
            **PORT,
            name={"type": "str"},
            lower={"type": "str"},
            id={"type": "int"},
            protocol={"type": "str", "choices": ["802.1Q", "802.1ad"]},
        ),
    },
    "purge": {"type": "bool", "default": False},
}
