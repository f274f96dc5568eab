# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads vhost-net back to how it was before a run. Pure."""

from __future__ import annotations

from .._model.undo import Undo
from .vhost_module import CONFIGURATION, MODULE, configuration_text


def undo_vhost_net(before, actions):
    """The Undo of ``actions``, which the ModuleState ``before`` gave rise to."""
    params, uncovered = {}, []
    fields = {action.field for action in actions}
    if "loaded" in fields or "zero_copy" in fields:
        params["loaded"] = before.loaded
    if "configuration" in fields:
        _configuration(before, fields, params, uncovered)
    elif "zero_copy" in fields:
        uncovered.append(
            "%s was loaded again, as its file has it: with its former zero copy it is not loaded once more" % MODULE
        )
    return Undo(params or None, (), tuple(uncovered))


def _configuration(before, fields, params, uncovered):
    if before.configured is None:
        params["configuration"] = "absent"
    else:
        params["zero_copy"] = before.configured
    ours = None if before.configured is None else configuration_text(before.configured).strip()
    if before.text is not None and before.text.strip() != ours:
        uncovered.append("what else stood in %s is lost" % CONFIGURATION)
    if before.configured is None and before.zero_copy is False:
        params["zero_copy"] = False
    elif "zero_copy" in fields and bool(before.zero_copy) != params.get("zero_copy"):
        uncovered.append(
            "%s had zero copy %s, which no file of ours said, and gets what is configured"
            % (MODULE, "on" if before.zero_copy else "off")
        )
