# SPDX-License-Identifier: GPL-3.0-or-later
"""QoS and queues of a port. Their rows outlive the ports that point to them, so that ours are removed by name."""

from __future__ import annotations

from .._model.action import Action
from .._model.ovs_columns import NONE, OWNER_KEY
from .._model.ovs_value import one, setting, word
from .ovs_record import owner_word
from .ovs_step import DESTROY, REFER, Step


def old_qos(port, state):
    """Commands that remove the QoS of ``port`` and its queues, where we made them and no other port uses them."""
    row = port.qos_row
    if row is None or OWNER_KEY not in row["external_ids"]:
        return []
    users = [other for other in state.ports.values() if one(other.row["qos"]) == row["_uuid"]]
    if len(users) > 1:
        return []
    commands = [(DESTROY, ("destroy", "QoS", word(row["_uuid"])))]
    for uuid in row["queues"].values():
        if OWNER_KEY in state.queues.get(uuid, {}).get("external_ids", {}):
            commands.append((DESTROY, ("destroy", "Queue", word(uuid))))
    return commands


def _shown(qos):
    if qos is None:
        return NONE
    return {key: value for key, value in qos.items() if value}


def new_qos(wish, port, found, state, effect):
    """The action that gives ``port`` another QoS, if any. ``found``: the Port as it is, or None."""
    if port.qos is None:
        return
    before = found.qos if found is not None else None
    after = None
    if port.qos != NONE and port.qos.row is not None:
        if found is not None and found.qos_row is not None and found.qos_row["_uuid"] == port.qos.row:
            return
        after = {"row": port.qos.row}
    elif port.qos != NONE:
        after = {"type": port.qos.type, "other_config": port.qos.other_config, "queues": port.qos.queues}
    if before == after:
        return
    row = word(found.row["_uuid"]) if found is not None else port.name
    commands = []
    if after is not None and "row" in after:
        commands.append((REFER, ("set", "Port", row, "qos=%s" % port.qos.row)))
    elif after is None:
        commands.append((REFER, ("clear", "Port", row, "qos")))
    else:
        symbol = "@qos-%s" % port.name
        queues = []
        for number, content in sorted(after["queues"].items()):
            name = "@queue-%s-%d" % (port.name, number)
            queues.append("%d=%s" % (number, name))
            commands.append(
                (REFER, ("--id=%s" % name, "create", "Queue", setting("other_config", content), owner_word()))
            )
        made = [
            "--id=%s" % symbol,
            "create",
            "QoS",
            setting("type", after["type"]),
            setting("other_config", after["other_config"]),
        ]
        commands.append((REFER, tuple(made + ["queues={%s}" % ",".join(queues), owner_word()])))
        commands.append((REFER, ("set", "Port", row, "qos=%s" % symbol)))
    if found is not None:
        commands += old_qos(found, state)
    yield Action(
        "%s/%s" % (wish.name, port.name),
        "qos",
        _shown(before),
        _shown(after),
        "differs",
        effect,
        data=Step(tuple(commands)),
    )
