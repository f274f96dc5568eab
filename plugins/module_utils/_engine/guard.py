# SPDX-License-Identifier: GPL-3.0-or-later
"""Refuse what would hurt someone, naming them, unless consent was given by name."""

from __future__ import annotations

from .._model.action import NO
from .._model.errors import Conflict, Danger


def _management_dangers(resource, host, actions):
    disturbed = {}
    for action in actions:
        for name in resource.disturbs(action):
            disturbed.setdefault(name, action)
    if not disturbed:
        return
    from .._resource.management_path import management_path  # most runs disturb no device

    path = management_path(host)
    for name, action in sorted(disturbed.items()):
        if name in path:
            yield Danger(
                consent="management:%s" % name,
                what="changing %s of %s" % (action.field, action.target),
                users=("the connection to this host, which runs over %s" % name,),
            )


def _returnless_dangers(actions, named):
    """A point of no return needs consent even where no user of it is known."""
    for action in actions:
        if action.reversible == NO and action.target not in named:
            yield Danger(
                consent="%s:%s" % (action.field, action.target),
                what="%s: %s" % (action.target, action.reason or action.field),
                users=("whoever relies on it (this cannot be undone)",),
            )


def guard(resource, host, desired, state, actions, consent):
    """Raise Conflict listing every danger that ``consent`` does not cover."""
    if not actions:
        return
    dangers = list(resource.dangers(host, desired, state, actions))
    dangers += _management_dangers(resource, host, actions)
    dangers += _returnless_dangers(actions, {danger.consent.split(":", 1)[1] for danger in dangers})
    refused = [danger for danger in dangers if not consent.covers(danger.consent)]
    if refused:
        raise Conflict("refused, nothing was written: " + "; ".join(str(danger) for danger in refused), refused)
