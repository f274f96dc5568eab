# SPDX-License-Identifier: GPL-3.0-or-later
"""Which flows and groups name which groups and meters. Pure.

With a group or meter a switch deletes every flow that uses it, whoever's it is (OpenFlow 1.4, 6.7 and 6.8); groups whose
buckets name it stay and drop what they would have sent there (tried with Open vSwitch 3.1).
"""

from __future__ import annotations

import re

from .._model.errors import InvalidInput, Problem

_USES = re.compile(r"(?<!\w)(?:watch_)?(group|meter):(\d+)")


def uses(text):
    """``{("group", number), ("meter", number), …}`` that actions or the text of a group name."""
    return {(kind, int(number)) for kind, number in _USES.findall(text)}


def going(groups, meters):
    """Those that a change's ``((number, before, after), …)`` takes away, as of :func:`uses`."""
    return {
        (kind, number)
        for kind, changes in (("group", groups), ("meter", meters))
        for number, _before, after in changes
        if after is None
    }


def in_words(used):
    """``group 7 and meter 3``."""
    return " and ".join("%s %d" % each for each in sorted(used))


def _problem(path, value, used, what):
    many = len(used) > 1
    message = "uses %s, which %s because %s not listed: list %s too, or leave %s out" % (
        in_words(used),
        "go" if many else "goes",
        "they are" if many else "it is",
        "them" if many else "it",
        what,
    )
    return Problem(path, value, message)


def refuse_users(wish, bridge, recorded, wanted, others, gone):
    """Raise InvalidInput naming each flow and group that is to be there and uses what goes. ``wanted``: ``{key: (Flow,
    path)}``; ``others``: Others that are put back."""
    problems = [
        _problem(path, flow.actions, uses(flow.actions) & gone, "the flow")
        for flow, path in wanted.values()
        if uses(flow.actions) & gone
    ]
    for group in wish.groups or ():
        used = uses(bridge.group_texts.get(group.number, "")) & gone
        if used:
            problems.append(_problem(group.path, bridge.group_texts[group.number], used, "the group"))
    texts = [flow.actions for flow in others.flows] + list(others.groups.values())
    problems += [
        _problem(wish.path + ".others", text, uses(text) & gone, "what uses it") for text in texts if uses(text) & gone
    ]
    if wish.guest_ports is None:
        problems += _kept_for_guests(wish, recorded, gone)
    if problems:
        raise InvalidInput(problems)


def _kept_for_guests(wish, recorded, gone):
    for interface_id, port in sorted(recorded.guests.items()):
        used = gone & {each for flow in port["flows"] for each in uses(flow["actions"])}
        for kind, number in sorted(used):
            yield Problem(
                "%s.%ss" % (wish.path, kind),
                number,
                "goes, and flows that are put in place whenever guest %s starts use %s %d: list it too, or the guest's port %s "
                "without them" % (port["guest"], kind, number, interface_id),
            )
