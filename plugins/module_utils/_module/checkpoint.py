# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the module ``checkpoint``, and what it does for each state."""

from __future__ import annotations

import sys

from ansible.module_utils.basic import AnsibleModule

from .._model.action import plain
from .._model.checkpoint_record import LEAST, MOST, describe_end, is_token
from .._model.display_text import display_text
from .._model.errors import VnicError
from .._model.fields import Problems
from . import run as ansible

ARGUMENTS = {
    "state": {"type": "str", "choices": ["opened", "confirmed", "undone"], "required": True},
    "confirm_within": {"type": "int", "default": 600},
    "run": {"type": "str", "default": ""},
    "reason": {"type": "str", "default": ""},
}
LONGEST = 200  # characters of a reason


def _check(params):
    """Raises InvalidInput."""
    problems = Problems()
    state, run, within, reason = params["state"], params["run"], params["confirm_within"], params["reason"]
    if not LEAST <= within <= MOST:
        problems.at("confirm_within").add(within, "is none of %d to %d seconds" % (LEAST, MOST))
    if state == "opened" and run:
        problems.at("run").add(run, "is for states confirmed and undone: opening makes a new token")
    elif run and not is_token(run):
        problems.at("run").add(
            run, "is no token: 16 digits of 0-9 and a-f that begin with a letter, as state opened returned it"
        )
    elif state == "confirmed" and not run:
        problems.at("run").add(run, "is needed: the token that state opened returned")
    if len(reason) > LONGEST:
        problems.at("reason").add(reason[:LONGEST], "is longer than %d characters" % LONGEST)
    problems.raise_if_any()


def _program(host):
    """Puts the engine on the host; returns what starts it."""
    from .._host.engine_file import PATH
    from .engine_archive import install_engine

    install_engine(host)
    return [sys.executable, PATH]


def _opened(host, params):
    from .._engine.checkpoint import open_run

    run, former, undone = open_run(host, params["confirm_within"], lambda: _program(host))
    return {"changed": undone, "run": run, "former": former, "told": former.get("told", [])}


def _confirmed(host, params):
    from .._engine.checkpoint import confirm_run

    record = confirm_run(host, params["run"])
    told = [] if record else ["nothing to confirm: the run changed nothing"]
    return {"changed": False, "run": params["run"], "former": {}, "told": told}


def _undone(host, params):
    from .._engine.checkpoint import undo
    from .._engine.checkpoint_ends import former_words

    changed, record = undo(host, params["run"], display_text(params["reason"]), lambda: _program(host))
    if record is None:
        why = "the run changed nothing" if params["run"] else "no run that was confirmed is left"
        return {"changed": False, "run": params["run"], "former": {}, "told": ["nothing to undo: " + why]}
    told = [describe_end(record), *record.told]
    return {"changed": changed, "run": record.run, "former": former_words(record), "told": told}


_STATES = {"opened": _opened, "confirmed": _confirmed, "undone": _undone}


def _in_check_mode(host):
    from .._engine.checkpoint import peek

    return {
        "changed": False,
        "run": "",
        "former": peek(host),
        "told": ["check mode: nothing was opened, confirmed or undone"],
    }


def run_checkpoint():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    host = ansible.Host()
    try:
        _check(module.params)
        act = _STATES[module.params["state"]]
        result = _in_check_mode(host) if module.check_mode else act(host, module.params)
    except VnicError as error:
        ansible.fail(module, host, error)
    finally:
        host.close()
    module.exit_json(**plain(result))
