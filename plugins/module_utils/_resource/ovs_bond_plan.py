# SPDX-License-Identifier: GPL-3.0-or-later
"""From the devices of a bond to those wished."""

from __future__ import annotations

from .._model.action import BEST_EFFORT, Action
from .._model.ovs_columns import INTERFACE, INTERFACE_MAPS, TYPE
from .._model.ovs_value import setting, word
from .ovs_port_refusals import refuse_taken
from .ovs_record import record_words
from .ovs_step import EXCHANGE, Step


def exchange_devices(wish, target, port, found, state, free, effect, interrupted):
    more = tuple(name for name in port.interfaces if name not in found.interfaces)
    less = tuple(name for name in found.interfaces if name not in port.interfaces)
    refuse_taken(wish, port, more, state, free)
    row = word(found.row["_uuid"])
    kept = [state.interfaces[name].row["_uuid"] for name in found.interfaces if name in port.interfaces]
    made, whole = _exchanged(kept, {name: record_words(port.interface) for name in more})
    back = [name for name in less if name not in free.wanted]
    again, former = _exchanged(kept, {name: _row_words(state.interfaces[name].row) for name in back})
    gone = [("destroy", "Interface", word(state.interfaces[name].row["_uuid"])) for name in less]  # as in drop_port
    takes = tuple(name for name in more if name in state.links)
    step = Step(
        tuple((EXCHANGE, words) for words in (*made, ("set", "Port", row, whole), *gone)),
        disturbed=interrupted + takes,
        takes=takes,
        undo=again + (("set", "Port", row, former),),
        touches=more,
        loses=tuple((name, (name,)) for name in less if name in state.links),
    )
    return Action(
        target, "interfaces", list(found.interfaces), sorted(port.interfaces), "differs", effect, BEST_EFFORT, step
    )


def _exchanged(kept, new):
    """``(commands that make the interfaces new, word that lets a port have these and kept)``. ``new``: ``{name: words}``.

    As a whole, because of add-bond-iface and del-bond-iface for all members ovsdb-server makes the removals first, and refuses
    a port without any ("Attempted to store 0 elements in set of 1 or more uuids").
    """
    symbols = ["@interface-%s" % name for name in new]
    made = tuple(
        ("--id=%s" % symbol, "create", "Interface", setting("name", name)) + tuple(words)
        for symbol, (name, words) in zip(symbols, new.items())
    )
    return made, "interfaces=[%s]" % ",".join([word(row) for row in kept] + symbols)


def _row_words(row):
    return [setting(column.name, row[column.name]) for column in (TYPE,) + INTERFACE + INTERFACE_MAPS]
