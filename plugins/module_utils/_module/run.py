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
from .._model.errors import InvalidInput, VnicError
from .._model.fields import Problems
from .shapes import find_misshapen

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
        return {
            "before": _pretty(plain(resource.show(outcome.before))),
            "after": _pretty(plain(resource.show(outcome.after))),
        }
    fields = [action.to_dict() for action in outcome.actions]
    return {
        side: _pretty({"%s %s" % (field["target"], field["field"]): field[side] for field in fields})
        for side in ("before", "after")
    }


def fail(module, host, error):
    """End the module with ``error``, saying on which host and who must act."""
    module.fail_json(msg="%s: %s" % (host.name, error), error_kind=error.kind, **plain(error.details()))


class _Module(AnsibleModule):
    """Looks at the shapes of the parameters before Ansible does; ``misshapen``: what is wrong with them. Then nothing else
    is checked."""

    misshapen = ()

    def _load_params(self):
        super()._load_params()
        problems = Problems()
        find_misshapen(self.argument_spec, self.params, problems)
        if problems:
            self.misshapen = problems.found
            self.argument_spec = {name: {"type": "raw"} for name in self.params if not name.startswith("_ansible_")}


def _opened(arguments, host):
    module = _Module(argument_spec=arguments, supports_check_mode=True)
    if module.misshapen:
        fail(module, host, InvalidInput(module.misshapen))
    return module


def run_resource(resource, arguments):
    """The whole of a module that manages ``resource``; ``arguments`` is its argument spec without what all have."""
    host = Host()
    module = _opened(dict(arguments, **COMMON), host)
    params = dict(module.params)
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
    host = Host()
    module = _opened(dict(arguments), host)
    try:
        facts = read(host, module.params)
    except VnicError as error:
        fail(module, host, error)
    finally:
        host.close()
    module.exit_json(changed=False, **plain(facts))
