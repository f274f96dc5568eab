# SPDX-License-Identifier: GPL-3.0-or-later
"""How packets were spread before, as parameters."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.steering_drivers import CHANNELS, MAC_RULES, MAY_RESET, NTUPLE, RSS
from .._model.steering_wish import ABSENT, CHANNEL_KINDS, FEATURES, MOST_FLOWS, OFF, RFS, RPS, SKIP, XPS
from .._model.undo import Undo

_QUEUES = ((RPS, "rx", "rps"), (RFS, "rx", "rfs_flows"), (XPS, "tx", "xps"))


def lead_back(before, actions):
    """The Undo of ``actions``. A reset of the link that leading back takes is the run's own."""
    params, uncovered, consents = {"devices": [], "missing": SKIP}, [], []
    for name, device in before.devices.items():
        mine = [action for action in actions if action.target == name]
        if mine:
            params["devices"].append(dict(_device(device, mine, uncovered), device=name))
        if any(action.field in MAY_RESET for action in mine):
            consents += ["link_reset:%s" % name, "management:%s" % name]
    for action in actions:
        if action.target not in before.devices:
            _kernel(action, before, params, uncovered)
    return Undo(params if len(params) > 2 or params["devices"] else None, tuple(consents), tuple(uncovered))


def _kernel(action, before, params, uncovered):
    if action.field == "rps_default_cpus":
        params[action.field] = str(before.default_cpus) or OFF
    elif before.flow_entries <= MOST_FLOWS:
        params[action.field] = before.flow_entries
    else:
        uncovered.append("rps_sock_flow_entries was %d, which is more than may be wished" % before.flow_entries)


def _device(device, actions, uncovered):
    fields = {action.field for action in actions}
    item = {}
    if CHANNELS in fields:
        item["channels"] = {
            kind: device.channels[kind]
            for kind in CHANNEL_KINDS
            if device.channels["max_" + kind] or device.channels[kind]
        }
    if device.table and fields & {RSS, CHANNELS}:
        item["rss_table"] = list(device.table)
    queues = {}
    for kind, side, attribute in _QUEUES:
        if fields & {kind, CHANNELS}:  # new queues have nothing of it
            _of_queues(device, kind, side, getattr(device, attribute), queues, uncovered)
    if queues:
        item["queues"] = queues
    item.update((action.field, action.before) for action in actions if action.field in FEATURES)
    rules = _rules(device, fields, uncovered)
    if rules:
        item["mac_rules"] = rules
    if any(action.field == NTUPLE and action.before for action in actions):
        uncovered.append(
            "filters that the driver of %s dropped when ntuple was turned off do not come back" % device.name
        )
    return item


def _of_queues(device, kind, side, found, queues, uncovered):
    if kind == XPS and len(found) == 1 and UNKNOWN in found.values():
        return  # a single queue has none (net/core/net-sysfs.c, xps_cpus_show)
    for queue, value in found.items():
        name = "%s-%d" % (side, queue)
        if value is UNKNOWN or kind == RFS and value > MOST_FLOWS:
            uncovered.append(
                "%s of %s of %s was %s" % (kind, name, device.name, "not known" if value is UNKNOWN else value)
            )
        else:
            queues.setdefault(name, {})[kind] = value if kind == RFS else str(value) or OFF


def _rules(device, fields, uncovered):
    """Each address that was dealt with, as its filter was."""
    found = []
    for mac in sorted({field[len(MAC_RULES) + 1 :] for field in fields if field.startswith(MAC_RULES + ".")}):
        rules = [rule for rule in device.mac_rules or () if rule.mac == mac]
        found.append({"mac": mac, "queue": rules[-1].queue} if rules else {"mac": mac, "state": ABSENT})
        if len(rules) > 1:
            uncovered.append("%s had %d filters for %s, of which one comes back" % (device.name, len(rules), mac))
    return found
