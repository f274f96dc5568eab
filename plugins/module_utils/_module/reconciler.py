# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``reconciler``, and what only Ansible's side of it can do."""

from __future__ import annotations

from .._model.errors import InvalidInput, Problem
from .._resource.reconciler import Reconciler
from .._resource.registry import KINDS
from .engine_archive import engine_archive
from .wished import resources_argument, wished

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "resources": resources_argument(),
    "interval": {"type": "int"},
    "unmanaged": {"type": "list", "elements": "str"},
}


class CheckedReconciler(Reconciler):
    """Refuses what a pass would stumble over, and brings the engine along."""

    def __init__(self):
        super().__init__(engine_archive)

    def validate(self, params, host):
        if params.get("state") != "absent" and params.get("resources") is not None:
            params = dict(params, resources=wished(params["resources"]))
        wish = super().validate(params, host)
        problems = []
        for kind, kept in wish.resources.items():
            try:
                KINDS[kind]().validate(kept, host)
            except InvalidInput as error:
                problems += [Problem("resources.%s.%s" % (kind, p.path), p.value, p.message) for p in error.problems]
        if problems:
            raise InvalidInput(problems)
        return wish
