# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is kept at: the text of ``desired.json``, which the reconciler reads at boot and on events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from .addresses import parse_pci

SCHEMA = 1
INTERVAL = 900  # seconds between two passes that nothing asked for


@dataclass(frozen=True)
class DesiredState:
    """``resources``: ``{kind: parameters as its module validated them}``; ``interval``: seconds, 0 for none;
    ``unmanaged``: PCI addresses of the VFs that network managers are kept off."""

    resources: dict = field(default_factory=dict)
    interval: int = INTERVAL
    unmanaged: tuple = ()

    def to_text(self, saved):
        """``saved``: a date to read, which makes no difference."""
        data = {
            "schema": SCHEMA,
            "saved": saved,
            "interval": self.interval,
            "unmanaged": list(self.unmanaged),
            "resources": self.resources,
        }
        return json.dumps(data, indent=1, sort_keys=True) + "\n"


def parse_desired_state(text):
    """The :class:`DesiredState`. Raises ValueError with what is wrong, as the end of a sentence."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError("is no JSON: %s" % error) from None
    if not isinstance(data, dict) or not isinstance(data.get("schema"), int):
        raise ValueError("is damaged: it has no schema")
    if data["schema"] > SCHEMA:
        raise ValueError(
            "has schema %d, of a newer version of kvm.vnic: this one reads up to %d" % (data["schema"], SCHEMA)
        )
    resources, interval, unmanaged = data.get("resources"), data.get("interval"), data.get("unmanaged")
    if not isinstance(resources, dict) or not all(isinstance(params, dict) for params in resources.values()):
        raise ValueError("is damaged: its resources are no dictionary of parameters")
    if not isinstance(interval, int) or isinstance(interval, bool) or interval < 0:
        raise ValueError("is damaged: its interval is no number of seconds")
    if not isinstance(unmanaged, list):
        raise ValueError("is damaged: unmanaged is no list")
    return DesiredState(resources, interval, tuple(parse_pci(address) for address in unmanaged))
