# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``tap``."""

from __future__ import annotations

from .links import COMMON_LINK, PORT

ARGUMENTS = {
    "taps": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": dict(
            COMMON_LINK,
            **PORT,
            multi_queue={"type": "bool"},
            vnet_hdr={"type": "bool"},
            owner={"type": "str"},
            group={"type": "str"},
        ),
    },
    "purge": {"type": "bool", "default": False},
}
