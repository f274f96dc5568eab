# SPDX-License-Identifier: GPL-3.0-or-later
"""Between Ansible and the engine: parameters in, result or failure out."""

from __future__ import annotations

import json

from ansible.module_utils.basic import AnsibleModule

from .._engine.converge import converge
from .._engine.journal import Journal
from .._host.host import Host
from .._model.action import plain
from .._model.consent import Consent
from .._model.errors import VnicError

# what every module that manages a resource has
COMMON = {
    "allow_disruption": {"type": "list", "elements": "str", "default": []},
    "checkpoint": {"type": "str", "default": ""},
}


def _pretty(value):
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _diff(resource, outcome, check):
    """Before and after for ``--diff``; in check mode the actions tell what after would be."""
    if not check:
        return {"before": _pretty(plain(resource.show(outcome.before))), "after": _pretty(plain(resource.show(outcome.after)))}
    fields = [action.to_dict() for action in outcome.actions]
    return {
        side: _pretty({"%s %s" % (field["target"], field["field"]): field[side] for field in fields}) for side in ("before", "after")
    }


def fail(module, host, error):
    """End the module with ``error``, saying on which host and who must act."""
    module.fail_json(msg="%s: %s" % (host.name, error), error_kind=error.kind, **plain(error.details()))


def run_resource(resource, arguments):
    """The whole of a module that manages ``resource``; ``arguments`` is its argument spec without what all have."""
    module = AnsibleModule(argument_spec=dict(arguments, **COMMON), supports_check_mode=True)
    params = dict(module.params)
    host = Host()
    try:
        consent = Consent(params.pop("allow_disruption"))
        journal = Journal(host, params.pop("checkpoint"))
        outcome = converge(resource, params, host, consent, journal, check=module.check_mode)
    except VnicError as error:
        fail(module, host, error)
    finally:
        host.close()
    result = {
        "changed": outcome.changed,
        "actions": [action.to_dict() for action in outcome.actions],
        "pending": [pending.to_dict() for pending in outcome.pending],
        "notes": list(outcome.notes),
    }
    result.update(plain(resource.facts(outcome)))
    if module._diff:
        result["diff"] = _diff(resource, outcome, module.check_mode)
    module.exit_json(**result)


def run_info(read, arguments):
    """The whole of a module that only reads: ``read(host, params)`` returns the facts."""
    module = AnsibleModule(argument_spec=dict(arguments), supports_check_mode=True)
    host = Host()
    try:
        facts = read(host, module.params)
    except VnicError as error:
        fail(module, host, error)
    finally:
        host.close()
    module.exit_json(changed=False, **plain(facts))
