# SPDX-License-Identifier: GPL-3.0-or-later
"""From the settings of one row to those wished: actions, and words of ``ovs-vsctl``."""

from __future__ import annotations

from .._model.action import Action
from .._model.ovs_columns import NONE, OWNER_KEY, OWNER_VALUE
from .._model.ovs_value import key_setting, setting, word
from .ovs_step import REMOVE, Step


def shown(value):
    """A canonical value as users write it."""
    if value is None:
        return NONE
    return list(value) if isinstance(value, tuple) else value


def record_words(record):
    """The words after ``set TABLE ROW`` that give a new row what ``record`` wishes."""
    words = [setting(column.name, value) for column, value in record.columns.items() if value is not None]
    for column, keys in record.maps.items():
        words += [key_setting(column.name, key, value) for key, value in sorted(keys.items()) if value is not None]
    return words


def owner_word():
    return key_setting("external_ids", OWNER_KEY, OWNER_VALUE)


def record_fields(record):
    """``{parameter: value}`` for the action that makes a new row."""
    fields = {column.parameter: shown(value) for column, value in record.columns.items()}
    for column, keys in record.maps.items():
        fields[column.parameter] = {key: value for key, value in keys.items() if value is not None}
    return fields


def plan_record(target, table, row, record, effect, disturbed):
    """The actions of one row. ``disturbed(column)``: names of the network devices that a change interrupts."""
    touches = (row["name"],) if table == "Interface" else ()
    name = row["_uuid"]  # a row is named by its identity: names that others gave might read as something else
    for column, after in record.columns.items():
        before = column.read(row)
        if column.name == "datapath_type":
            before = before or "system"
        if before != after:
            reason = "differs; with it ovs-vswitchd empties the bridge's flow tables" if column.empties else "differs"
            step = Step(
                sets=((table, name, setting(column.name, after)),), disturbed=disturbed(column), touches=touches
            )
            yield Action(target, column.parameter, shown(before), shown(after), reason, effect, data=step)
    for column, keys in record.maps.items():
        found = row[column.name]
        changed = {key: value for key, value in sorted(keys.items()) if found.get(key) != value}
        if changed:
            sets = tuple(
                (table, name, key_setting(column.name, key, value))
                for key, value in changed.items()
                if value is not None
            )
            gone = tuple(
                (REMOVE, ("remove", table, name, column.name, word(key)))
                for key, value in changed.items()
                if value is None
            )
            before = {key: found.get(key, NONE) for key in changed}
            after = {key: NONE if value is None else value for key, value in changed.items()}
            step = Step(commands=gone, sets=sets, disturbed=disturbed(column), touches=touches)
            yield Action(target, column.parameter, before, after, "differs", effect, data=step)
