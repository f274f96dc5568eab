# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads the boot loader's configuration back to how it was before a run. Pure."""

from __future__ import annotations

from .._model.boot_parameters import ORDERED, parse_parameter_name, parse_parameter_value
from .._model.undo import Undo


def undo_boot_parameters(desired, before, actions):
    """The Undo of ``actions``, which lead from the BootState ``before`` to the BootWish ``desired``."""
    keys = [action.target for action in actions if action.field == "boot_configuration"]
    uncovered = []
    if not keys:
        return Undo()
    stale = [key for key in keys if _is_only_stale(key, desired, before.configuration)]
    if stale:
        uncovered.append(
            "the boot entries are generated anew and keep %s, which their sources had already" % ", ".join(stale)
        )
    elif before.configuration.own is not None and not _is_generated(before.configuration):
        uncovered.append("the boot entries did not have all that their sources say, and are generated from these anew")
    keys = [key for key in keys if key not in stale]
    led = _own if before.configuration.own is not None else _in_place
    items = [item for item in led(keys, before.configuration, uncovered) if _speakable(item, uncovered)] if keys else []
    return Undo({"parameters": items} if items else None, (), tuple(uncovered))


def _is_only_stale(key, desired, configuration):
    lines = list(configuration.inherited.values())
    return bool(lines) and all(line and key not in desired.lacking(line) for line in lines)


def _is_generated(configuration):
    """Whether an entry has all that the sources give; False where that cannot be told."""
    lines = list(configuration.inherited.values())
    found = [entry.line.arguments for entry in configuration.entries]
    return all(line and any(set(line.arguments) <= set(arguments) for arguments in found) for line in lines)


def _speakable(item, uncovered):
    try:
        parse_parameter_name(item["name"])
        if item["value"] is not None:
            parse_parameter_value(item["value"])
    except ValueError as error:
        uncovered.append("%s does not come back: it %s" % (item["name"], error))
        return False
    return True


def _item(name, value=None, state="present"):
    return {"name": name, "value": value, "state": state}


def _own(keys, configuration, uncovered):
    """Our file says again what it said, and nothing of the names that it did not have."""
    own = configuration.own
    if configuration.own_text not in (None, own.text()):
        uncovered.append("what was written by hand into the file of kvm.vnic's own is lost")
    yield from (_item(argument.name, argument.value) for argument in own.arguments)
    for text in own.without:
        name, _equals, value = text.partition("=")
        yield _item(name, value or None, "absent")
    yield from (_item(key, state="released") for key in keys if key not in own.keys)


def _in_place(keys, configuration, uncovered):
    """The arguments are given again as the first entry had them."""
    lines = [entry.line for entry in configuration.entries] + list(configuration.inherited.values())
    line = next((line for line in lines if line), None)
    if line is None:
        uncovered.append("which arguments there were could not be read: %s stay as they are" % ", ".join(keys))
        return
    keys = set(keys) | (set(ORDERED) if set(ORDERED) & set(keys) else set())
    found = [argument for argument in line.arguments if argument.key in keys]
    if found:
        uncovered.append("the arguments come back behind all others, where they stood before is not kept")
    for key in sorted(keys):
        if any(other.values(key) != line.values(key) for other in lines if other):
            uncovered.append("%s was not the same for all boot entries and comes back as the first has it" % key)
    yield from (_item(argument.name, argument.value) for argument in found)
    gone = keys - {argument.key for argument in found}
    yield from (_item(key, state="absent") for key in sorted(gone))
