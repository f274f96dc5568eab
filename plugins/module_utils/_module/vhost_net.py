# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``vhost_net``."""

from __future__ import annotations

ARGUMENTS = {
    "loaded": {"type": "bool"},
    "zero_copy": {"type": "bool"},
    "configuration": {"type": "str", "choices": ["absent"]},
}
