# SPDX-License-Identifier: GPL-3.0-or-later
"""From how packets are spread to how they are to be: what the driver cannot do, and the actions for the rest."""

from __future__ import annotations

from .._model.action import BEST_EFFORT, UNKNOWN, Action
from .._model.steering_drivers import CHANNELS, MAC_RULES, NTUPLE, RSS, matches_mac
from .._model.steering_wish import ALL, MAX, RFS, RPS, XPS

NEW_QUEUES = "its queues are made anew"
NAMES_GONE_QUEUES = (
    "the kernel keeps as many queues as a table names that somebody set (net/ethtool/channels.c, ethnl_set_channels)"
)


def _shown(values):
    """``{queue: CPUs}`` as text; one word where all queues have the same."""
    texts = {
        queue: value if value is UNKNOWN or isinstance(value, int) else str(value) or "off"
        for queue, value in values.items()
    }
    return (
        next(iter(texts.values()))
        if len(set(map(str, texts.values()))) == 1
        else {str(queue): text for queue, text in texts.items()}
    )


def wished_channels(wish, state):
    """``{kind: number}``, with ``max`` in numbers; a kind that the device does not have and is wished as 0 is left out."""
    found = {}
    for kind, number in wish.channels.items():
        most = state.channels["max_" + kind]
        number = most if number == MAX else number
        if most or number:
            found[kind] = number
    return found


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
                    yield (
                        CHANNELS,
                        cannot(("channels.%s" % kind, "%d is more than the %d that it can have" % (number, most))),
                    )
    if wish.spreads:
        if not state.table:
            yield RSS, cannot((RSS, "the device has no RSS table"))
        elif wish.rss_table is not None:
            if len(wish.rss_table) != len(state.table):
                sizes = len(wish.rss_table), len(state.table)
                yield RSS, cannot(("rss_table", "%d entries are wished, and it has %d" % sizes))
        elif wish.rss_queues != ALL and not wish.makes_queues_anew and wish.rss_queues > (state.rings or 0):
            yield (
                RSS,
                cannot((RSS, "%d is more than the %s queues that it receives on" % (wish.rss_queues, state.rings))),
            )
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
    for field, found in ((RPS, state.rps), (RFS, state.rfs_flows), (XPS, state.xps)):
        wished = wish.of_queues(field, found)
        differs = any(found[queue] != value for queue, value in wished.items())
        given = wished or field in wish.queues or {RPS: wish.rps, RFS: wish.rfs_flows, XPS: wish.xps}[field] is not None
        if given and (differs or _remade(wish, state)):
            reason = "differs" if differs else NEW_QUEUES
            yield Action(state.name, field, _shown(found), _shown(wished), reason, data=wish)


def _remade(wish, state):
    served = bool(wish.channels) and CHANNELS not in {field for field, _why in unserved(wish, state)}
    return served and _channels_differ(wish, state)


def _channels_differ(wish, state):
    return any(state.channels[kind] != number for kind, number in wished_channels(wish, state).items())


def _rss_differs(wish, state):
    if wish.rss_table is not None:
        return list(wish.rss_table) != list(state.table)
    return state.rss_queues != (state.rings if wish.rss_queues == ALL else wish.rss_queues)


def _rss_action(wish, state, reason):
    before = state.rss_queues if state.rss_queues is not None else "uneven"
    after = wish.rss_queues if wish.rss_table is None else "the table"
    return Action(state.name, RSS, before, after, reason, data=wish)


def _names_gone_queues(wish, state):
    """Whether the table names queues that go with the channels."""
    left = dict(state.channels, **wished_channels(wish, state))
    return bool(state.table) and max(state.table) >= left["combined"] + left["rx"]


def _rule_actions(wish, state):
    there = {rule.mac: rule for rule in state.mac_rules or ()}
    listed = {rule.mac: rule for rule in wish.mac_rules or ()}
    for mac, rule in there.items():
        wanted = listed.get(mac)
        if wish.purge_mac_rules if wanted is None else wanted.queue != rule.queue:
            yield Action(
                state.name, "%s.%s" % (MAC_RULES, mac), rule.queue, None, "goes elsewhere", BEST_EFFORT, data=rule
            )
    for mac, wanted in listed.items():
        if wanted.queue is None:
            continue
        if mac not in there or there[mac].queue != wanted.queue:
            yield Action(state.name, "%s.%s" % (MAC_RULES, mac), None, wanted.queue, "is not there", data=wanted)


def plan_device(wish, state):
    """Channels first: setting them makes every queue, and what was set of it, anew. Only the table may have to make way."""
    without = {field for field, _why in unserved(wish, state)}
    spreads = wish.spreads and RSS not in without
    actions = []
    if wish.channels and CHANNELS not in without and _channels_differ(wish, state):
        if spreads and _names_gone_queues(wish, state):
            actions.append(_rss_action(wish, state, NAMES_GONE_QUEUES))
        wished = wished_channels(wish, state)
        before = {kind: state.channels[kind] for kind in wished}
        actions.append(Action(state.name, CHANNELS, before, wished, "differs", data=wish))
    rules = list(_rule_actions(wish, state)) if MAC_RULES not in without else []
    if wish.features.get(NTUPLE) is False:  # a driver that no longer filters may not let one be removed either
        actions, rules = actions + rules, []
    for name, wanted in wish.features.items():
        if name not in without and state.features[name].startswith("on") != wanted:
            actions.append(Action(state.name, name, not wanted, wanted, "differs", data=wish))
    if spreads:
        differs = _rss_differs(wish, state)
        if differs or _remade(wish, state):
            actions.append(_rss_action(wish, state, "differs" if differs else NEW_QUEUES))
    actions += rules
    actions += [action for action in _queue_actions(wish, state) if action.field not in without]
    return actions
