# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``host_info``."""

from __future__ import annotations

from .._resource.facts.host_facts import READERS, read_host_facts

ARGUMENTS = {"gather": {"type": "list", "elements": "str", "choices": list(READERS), "default": list(READERS)}}


def read(host, params):
    """The facts of the keys that ``gather`` names."""
    return read_host_facts(host, params["gather"])
