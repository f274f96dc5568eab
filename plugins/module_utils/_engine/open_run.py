# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the run that a module is a step of still goes on: its checkpoint holds the host's lock until then."""

from __future__ import annotations

import json

from .._model.display_text import display_text
from .._model.errors import Conflict

RECORD = "/var/lib/kvm-vnic/checkpoint.json"


def names_run(content, token):
    """Whether ``content``, of the lock, says that the run ``token`` has it."""
    line, _newline, more = content.partition("\n")
    return _loaded(line).get("run") == token and not more.endswith("over")


def require_open(host, token, content):
    """Raise Conflict, with how the run ``token`` ended, unless ``content``, of the host's lock, names it."""
    if not names_run(content, token):
        raise Conflict(
            "the run %s %s, nothing was written. Begin again with a new checkpoint, or without the parameter checkpoint"
            % (display_text(token), _ending(token, host.files.read_or(RECORD, "")))
        )


def _ending(token, record):
    known = _loaded(record)
    state, why = known.get("state"), known.get("why")
    if known.get("run") != token:
        return "is not open on this host"
    if state in ("open", "undoing"):
        return "was cut off: its checkpoint does not hold this host any more"
    words = {"undo_failed": "undone, which failed in parts"}.get(state, state)
    return display_text("has ended (%s%s)" % (words, " because %s" % why if why else ""))


def _loaded(text):
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
