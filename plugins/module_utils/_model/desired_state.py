# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is kept at: for each kind of resource, the wish that was confirmed last. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

SCHEMA = 1
_KIND = re.compile(r"[a-z][a-z_]{0,63}")


@dataclass(frozen=True)
class DesiredState:
    """``saved``: a date to read; ``resources``: ``{kind: parameters}``, as the module of that kind would get them, checked."""

    saved: str
    resources: dict

    def to_text(self):
        data = {"schema": SCHEMA, "saved": self.saved, "resources": self.resources}
        return json.dumps(data, indent=1, sort_keys=True) + "\n"


def parse_desired_state(text):
    """Raises ValueError that says what is wrong; nothing of a state that is wrong anywhere may be used."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is damaged: no JSON") from None
    schema = data.get("schema") if isinstance(data, dict) else None
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise ValueError("is damaged: it has no schema version")
    if schema > SCHEMA:
        raise ValueError("has schema %d, of a newer version of kvm.vnic: this one reads up to %d" % (schema, SCHEMA))
    saved, resources = data.get("saved"), data.get("resources")
    if not isinstance(saved, str):
        raise ValueError("is damaged: saved is missing or no text")
    if not isinstance(resources, dict):
        raise ValueError("is damaged: resources is missing or no dictionary")
    for kind, params in resources.items():
        if not _KIND.fullmatch(kind):
            raise ValueError("is damaged: %r is no name of a kind of resource" % kind[:64])
        if not isinstance(params, dict):
            raise ValueError("is damaged: the parameters of %s are no dictionary" % kind)
    return DesiredState(saved, resources)
