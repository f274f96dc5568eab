# SPDX-License-Identifier: GPL-3.0-or-later
"""From what there is to what is wished: the steps for each NIC's two definitions, and what has to wait."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import BEST_EFFORT, GUEST_START, Action, Pending
from .._model.interface_xml import lost_with_type

ATTACH, UPDATE, REDEFINE, DETACH, REPLUG = "attach", "update", "redefine", "detach", "replug"
PERSISTENT, LIVE = "persistent", "live"


@dataclass(frozen=True)
class Step:
    """One call to libvirt; several actions may share it. ``settings``: what the NIC is to show afterwards,
    ``changes`` the names of those that differ; ``nic``: the DomainInterface that the plan was made on."""

    match: object
    scope: str
    verb: str
    settings: dict
    changes: tuple
    nic: object


def _shown(settings):
    return {name: value for name, value in settings.items() if name != "name" and value not in ("", [])}


def _whole(match, scope, verb, nic, settings, before, after, reason):
    step = Step(match, scope, verb, settings, tuple(settings), nic)
    field = "%s.replug" % scope if verb == REPLUG else scope
    return Action(
        match.target, field, before, after, reason, reversible=BEST_EFFORT if verb == DETACH else "yes", data=step
    )


def _changes(match, scope, verb, nic, settings, differing):
    step = Step(match, scope, verb, settings, tuple(name for name, _before, _after in differing), nic)
    return [
        Action(match.target, "%s.%s" % (scope, name), before, after, _reason(name, nic), data=step)
        for name, before, after in differing
    ]


def _reason(name, nic):
    lost = lost_with_type(nic.element) if name == "type" else ()
    return "differs; %s is dropped, the other type has no such thing" % ", ".join(lost) if lost else "differs"


def _seen(nic):
    return {"type": nic.type, "mac": nic.mac, "source": nic.source}


def removals(matches):
    """From the running guest first: the definition is what an adopted NIC is known by."""
    actions = []
    matches = sorted(matches, key=lambda match: match.scope == PERSISTENT)
    for match in matches:
        if not match.wish.present:
            for scope, nic in ((LIVE, match.live), (PERSISTENT, match.persistent)):
                if nic is not None and match.speaks_of(scope):
                    actions.append(_whole(match, scope, DETACH, nic, {}, _seen(nic), None, "not wished"))
    return actions


def definitions(matches):
    actions = []
    for match in matches:
        if not match.wish.present or match.guest.persistent is None or not match.speaks_of(PERSISTENT):
            continue
        settings = match.wished(match.persistent)
        if match.persistent is None:
            actions.append(
                _whole(match, PERSISTENT, ATTACH, None, settings, None, _shown(settings), "does not exist yet")
            )
            continue
        differing = match.persistent_differences()
        # libvirt finds the NIC to update by its MAC address (src/conf/domain_conf.c, virDomainNetFindIdx)
        verb = REDEFINE if any(name == "mac" for name, _before, _after in differing) else UPDATE
        actions += _changes(match, PERSISTENT, verb, match.persistent, settings, differing)
    return actions


def running(matches):
    changes, unplugs, plugs = [], [], []
    for match in matches:
        if not match.wish.present or match.guest.live is None or not match.speaks_of(LIVE):
            continue
        settings = match.wished(match.live or match.persistent)
        if match.live is None:
            if not match.homeless:
                plugs.append(_whole(match, LIVE, ATTACH, None, settings, None, _shown(settings), "is not plugged in"))
            continue
        now, later = match.live_differences()
        if match.will_replug():
            before, after = ({name: pair[side] for name, *pair in now + later} for side in (0, 1))
            unplugs.append(
                _whole(match, LIVE, REPLUG, match.live, settings, before, after, "cannot change while it is plugged in")
            )
        else:
            changes += _changes(match, LIVE, UPDATE, match.live, settings, now)
    return changes + unplugs + plugs


def waiting(matches):
    """A Pending for each thing that is in the definition and that the running guest will see at its next start."""
    found = []
    for match in matches:
        guest = match.guest
        if not match.wish.present or guest.live is None or guest.persistent is None or match.will_replug():
            continue
        if not match.speaks_of(LIVE):
            continue
        if match.homeless:
            reason = "the running guest has no free PCI slot that takes it"
            found.append(Pending(match.target, LIVE, None, _shown(match.wished(match.persistent)), GUEST_START, reason))
        if match.live is not None:
            for name, before, after in match.live_differences()[1]:
                reason = (
                    "cannot change while it is plugged in; allow_disruption: ['replug:%s'] unplugs it and plugs it"
                    " in anew" % match.target
                )
                if name == "boot_order":
                    reason = "matters at the next start only"
                found.append(Pending(match.target, name, before, after, GUEST_START, reason))
    return found
