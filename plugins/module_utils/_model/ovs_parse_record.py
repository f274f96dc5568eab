# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of one row from what the user wrote."""

from __future__ import annotations

import re

from .ovs_columns import NONE, OPTIONAL, OWNER_KEY, SET
from .ovs_value import check_text

_NUMBER = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)  # no leading zero: YAML reads one as octal


def parse_columns(columns, item, problems):
    """``{Column: canonical value}`` of the settings that ``item`` states."""
    found = {}
    for column in columns:
        value = item.get(column.parameter)
        if value is not None:
            found[column] = parse_value(column, value, problems.at(column.parameter))
    return found


def parse_value(column, value, problems):
    if column.shape == SET:
        parsed = [_atom(column, part, problems.at(index)) for index, part in enumerate(value)]
        problems.unique(parsed, "value")
        return tuple(sorted(part for part in parsed if part is not None))
    if column.shape == OPTIONAL and value == NONE:
        return None
    return _atom(column, value, problems)


def _atom(column, value, problems):
    if column.allowed is bool:
        return value
    if isinstance(column.allowed[0], str):
        allowed = column.allowed + ((NONE,) if column.clears else ())
        if value not in column.allowed:
            problems.add(value, "is no %s: allowed are %s" % (column.parameter, ", ".join(allowed)))
            return None
        return value
    # YAML's quoted numbers and Jinja's results are strings; the range says what may come of them
    number = int(value) if isinstance(value, str) and _NUMBER.match(value) else value
    what = column.parameter + (" (or %s)" % NONE if column.clears else "")
    return problems.whole(number, column.allowed[0], column.allowed[1], what)


def parse_maps(columns, item, problems):
    """``{Column: {key: text or None}}`` of the maps that ``item`` states."""
    return {
        column: parse_map(item[column.parameter], problems.at(column.parameter))
        for column in columns
        if item.get(column.parameter) is not None
    }


def parse_map(content, problems, removes=True):
    """``{key: text}``; None and ``none`` remove the key where ``removes``."""
    found = {}
    for key, value in content.items():
        at = problems.at(str(key))
        key = at.parse(check_text, str(key))
        if key == "":
            at.add(key, "is no key: it must not be empty")
        if key == OWNER_KEY:
            at.add(value, "is reserved: by this key the collection knows what it made")
        found[key] = _text(value, at, removes)
    return found


def _text(value, problems, removes):
    if value is None or value == NONE:
        if not removes:
            problems.add(value, "is no value: leave the key out")
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        problems.add(value, "is no value: allowed are strings, numbers and booleans")
        return None
    return problems.parse(check_text, str(value))
