# SPDX-License-Identifier: GPL-3.0-or-later
"""From how packets are spread to how they are to be: what the driver cannot do, and the actions for the rest."""

from __future__ import annotations

from .._model.action import BEST_EFFORT, UNKNOWN, Action
from .._model.cpu_set import CpuSet
from .._model.steering_drivers import CHANNELS, MAC_RULES, RSS, matches_mac
from .._model.steering_wish import ALL, MAX

RPS, RFS, XPS = "rps", "rfs_flows", "xps"
NEW_QUEUES = "its queues are made anew"
NAMES_GONE_QUEUES = "the kernel keeps as many queues as a table names that somebody set (net/ethtool/channels.c, ethnl_set_channels)"


def _shown(values):
    """``{queue: CPUs}`` as text; one word where all queues have the same."""
    texts = {queue: value if value is UNKNOWN or isinstance(value, int) else str(value) or "off" for queue, value in values.items()}
    return next(iter(texts.values())) if len(set(map(str, texts.values()))) == 1 else {str(queue): text for queue, text in texts.items()}


def wished_channels(wish, state):
    """``{kind: number}``, with ``max`` in numbers; a kind that the device does not have and is wished as 0 is left out."""
    found = {}
    for kind, number in wish.channels.items():
        most = state.channels["max_" + kind]
        number = most if number == MAX else number
        if most or number:
            found[kind] = number
    return found


def wished_xps(wish, state):
    """``{queue: CPUs}`` of each transmit queue there is."""
    if not isinstance(wish.xps, tuple):
        return dict.fromkeys(state.xps, wish.xps)
    return {queue: wish.xps[queue] for queue in state.xps if queue < len(wish.xps)}


def unserved(wish, state):
    """``(field, why)`` of each wish that this device cannot serve."""
    driver = state.driver or "none"

    def cannot(what):
        return "%s of %s: %s (driver %s)" % (what[0], state.name, what[1], driver)

    if wish.channels:
        if state.channels is None:
            yield CHANNELS, cannot((CHANNELS, "the device does not let its number of queues be told or set"))
        else:
            for kind, number in wished_channels(wish, state).items():
                most = state.channels["max_" + kind]
                if number > most:
                    yield CHANNELS, cannot(("channels.%s" % kind, "%d is more than the %d that it can have" % (number, most)))
    if wish.rss_queues is not None:
        if not state.table:
            yield RSS, cannot((RSS, "the device has no RSS table"))
        elif wish.rss_queues != ALL and not wish.makes_queues_anew and wish.rss_queues > (state.rings or 0):
            yield RSS, cannot((RSS, "%d is more than the %s queues that it receives on" % (wish.rss_queues, state.rings)))
    for name, wanted in wish.features.items():
        found = state.features.get(name)
        if found is None:
            yield name, cannot((name, "the device does not know it"))
        elif found.endswith("[fixed]") and found.startswith("on") != wanted:
            yield name, cannot((name, "the driver does not let it change, it is %s" % found))
    if wish.mac_rules:
        if matches_mac(state.driver) is False or (state.features.get("ntuple") or "").startswith("off [fixed]"):
            yield MAC_RULES, cannot((MAC_RULES, "the driver cannot match a destination address"))
        elif state.mac_rules is None:
            yield MAC_RULES, cannot((MAC_RULES, "the device has no filters"))
    if wish.xps and not state.xps and not wish.makes_queues_anew:
        yield XPS, cannot((XPS, "with a single queue there is nothing to choose"))


def _queue_actions(wish, state):
    """One action for all queues of a device: how many there are may be known only once the channels are set."""
    for field, wished, found in (
        (RPS, wish.rps, state.rps),
        (RFS, wish.rfs_flows, state.rfs_flows),
    ):
        if wished is not None and (wish_differs(wished, found) or _remade(wish, state)):
            after = str(wished) or "off" if isinstance(wished, CpuSet) else wished
            reason = "differs" if wish_differs(wished, found) else NEW_QUEUES
            yield Action(state.name, field, _shown(found), after, reason, data=wish)
    if wish.xps is not None:
        wished = wished_xps(wish, state)
        differs = any(state.xps[queue] != cpus for queue, cpus in wished.items())
        if differs or _remade(wish, state):
            yield Action(state.name, XPS, _shown(state.xps), _shown(wished), "differs" if differs else NEW_QUEUES, data=wish)


def wish_differs(wished, found):
    return any(value != wished for value in found.values())


def _remade(wish, state):
    served = bool(wish.channels) and CHANNELS not in {field for field, _why in unserved(wish, state)}
    return served and _channels_differ(wish, state)


def _channels_differ(wish, state):
    return any(state.channels[kind] != number for kind, number in wished_channels(wish, state).items())


def _rss_target(wish, state):
    return state.rings if wish.rss_queues == ALL else wish.rss_queues


def _rss_action(wish, state, reason):
    before = state.rss_queues if state.rss_queues is not None else "uneven"
    return Action(state.name, RSS, before, wish.rss_queues, reason, data=wish)


def _names_gone_queues(wish, state):
    """Whether the table names queues that go with the channels."""
    left = dict(state.channels, **wished_channels(wish, state))
    return bool(state.table) and max(state.table) >= left["combined"] + left["rx"]


def _rule_actions(wish, state):
    there = {rule.mac: rule for rule in state.mac_rules or ()}
    listed = {rule.mac: rule for rule in wish.mac_rules or ()}
    for mac, rule in there.items():
        wanted = listed.get(mac)
        if (wanted is None and wish.purge_mac_rules) or (wanted is not None and wanted.queue != rule.queue):
            yield Action(state.name, "%s.%s" % (MAC_RULES, mac), rule.queue, None, "goes elsewhere", BEST_EFFORT, data=rule)
    for mac, wanted in listed.items():
        if mac not in there or there[mac].queue != wanted.queue:
            yield Action(state.name, "%s.%s" % (MAC_RULES, mac), None, wanted.queue, "is not there", data=wanted)


def plan_device(wish, state):
    """Channels first: setting them makes every queue, and what was set of it, anew. Only the table may have to make way."""
    without = {field for field, _why in unserved(wish, state)}
    spreads = wish.rss_queues is not None and RSS not in without
    actions = []
    if wish.channels and CHANNELS not in without and _channels_differ(wish, state):
        if spreads and _names_gone_queues(wish, state):
            actions.append(_rss_action(wish, state, NAMES_GONE_QUEUES))
        wished = wished_channels(wish, state)
        before = {kind: state.channels[kind] for kind in wished}
        actions.append(Action(state.name, CHANNELS, before, wished, "differs", data=wish))
    for name, wanted in wish.features.items():
        if name not in without and state.features[name].startswith("on") != wanted:
            actions.append(Action(state.name, name, not wanted, wanted, "differs", data=wish))
    if spreads:
        differs = state.rss_queues != _rss_target(wish, state)
        if differs or _remade(wish, state):
            actions.append(_rss_action(wish, state, "differs" if differs else NEW_QUEUES))
    if MAC_RULES not in without:
        actions += _rule_actions(wish, state)
    actions += [action for action in _queue_actions(wish, state) if action.field not in without]
    return actions
