# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan without apply: what the host does not show of what is wished, for one kind of resource after the other."""

from __future__ import annotations

from .._model.action import NOW, UNKNOWN
from .._model.errors import Conflict, InvalidInput, Unsupported, VnicError
from .._model.finding import ERROR, NOTICE, WARNING, Finding

RUN_SITE = "run the playbook kvm.vnic.site"


def audit(resource, params, host):
    """The findings on what ``params`` wish of ``resource``. Reads only, and never raises for what it meets.

    Nobody is asked for consent and no danger is looked for, because nothing is done: with the consents of a user the
    plan would be another one, which disturbs more.
    """
    try:
        desired = resource.validate(params, host)
        state = resource.observe(host, desired)
        findings = [_missing(resource, problem) for problem in resource.missing(desired, state)]
        actions = tuple(resource.plan(desired, state))
        findings += [_differs(resource, action) for action in actions]
        planned = {(action.target, action.field) for action in actions}
        findings += [
            _pending(resource, pending)
            for pending in resource.pending(desired, state)
            if (pending.target, pending.field) not in planned
        ]
        return findings
    except (InvalidInput, Unsupported, Conflict) as error:
        return [_refused(resource, error)]
    except (VnicError, OSError, ValueError) as error:
        return [_unreadable(resource, error)]


def _differs(resource, action):
    shown = action.to_dict()
    seen = action.before is not UNKNOWN
    found = "unknown" if not seen else _words(shown["before"])
    later = "" if action.effect == NOW else ", in effect from the next %s" % action.effect.replace("_", " ")
    return Finding(
        id="%s_differs" % resource.kind,
        severity=WARNING if seen and action.effect == NOW else NOTICE,
        subject=action.target,
        summary="%s of %s is %s, wished is %s%s" % (action.field, action.target, found, _words(shown["after"]), later),
        evidence={
            "field": action.field,
            "found": shown["before"],
            "wanted": shown["after"],
            "effect": action.effect,
            "reason": action.reason,
        },
        remedy=RUN_SITE,
    )


def _pending(resource, pending):
    shown = pending.to_dict()
    until = pending.until.replace("_", " ")
    return Finding(
        id="%s_pending" % resource.kind,
        severity=NOTICE,
        subject=pending.target,
        summary="%s of %s is %s and will be %s from the next %s"
        % (pending.field, pending.target, _words(shown["current"]), _words(shown["wanted"]), until),
        evidence={
            "field": pending.field,
            "found": shown["current"],
            "wanted": shown["wanted"],
            "until": pending.until,
            "reason": pending.reason,
        },
        remedy="nothing but the next %s is needed, then %s" % (until, RUN_SITE),
    )


def _missing(resource, problem):
    return Finding(
        id="%s_missing" % resource.kind,
        severity=WARNING,
        subject=str(problem.value),
        summary="%s: %s" % (resource.kind, problem),
        evidence={"path": problem.path, "value": problem.value, "message": problem.message},
        remedy="%s, which makes what others need first" % RUN_SITE,
    )


def _refused(resource, error):
    return Finding(
        id="%s_refused" % resource.kind,
        severity=ERROR,
        subject=resource.kind,
        summary="%s cannot be had as wished: %s" % (resource.kind, error),
        evidence=dict(error.details(), kind=error.kind),
        remedy="change the wish or the host as the message says; kvm.vnic.site refuses it as well",
    )


def _unreadable(resource, error):
    return Finding(
        id="%s_unreadable" % resource.kind,
        severity=WARNING,
        subject=resource.kind,
        summary="%s could not be looked at: %s" % (resource.kind, error),
        evidence=dict(error.details(), kind=error.kind) if isinstance(error, VnicError) else {},
        remedy="make readable what the message names, then audit again",
    )


def _words(value):
    """A value in a sentence."""
    if value is None or value == "":
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, dict):
        return ", ".join("%s %s" % (key, _words(item)) for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(_words, value)) or "none"
    return str(value)
