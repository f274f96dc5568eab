# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of Open vSwitch's database: as ``ovs-vsctl`` prints them in JSON, and as words that it reads back as they are.

The words are those of "Database Values" in ovs-vsctl(8): a string in quotation marks is read like a string of JSON, so
that no character of it can be taken for syntax.
"""

from __future__ import annotations

import json


class Uuid(str):
    """The identity of a row. As a word it stands without quotation marks."""


def decode(value):
    """A value as the database's JSON has it (RFC 7047, 5.1): a set as a tuple, a map as a dict, a row as :class:`Uuid`.

    A set of one element is printed as that element; :func:`one` and :func:`many` say which of both a column holds.
    """
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "set":
        return tuple(decode(item) for item in content)
    if kind == "map":
        return {decode(key): decode(item) for key, item in content}
    return Uuid(content)  # "uuid" or "named-uuid"


def one(value):
    """What an optional column holds, or None."""
    return None if value == () else value


def many(value):
    """What a column with a set holds, as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def check_text(text):
    """``text``, when the database can hold it. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("is no string")
    if "\0" in text:
        raise ValueError("holds a NUL character, which Open vSwitch's database cannot hold")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise ValueError("holds half of a surrogate pair, which Open vSwitch's database cannot hold")
    return text


def word(value):
    """One atom or whole column as a word: str, :class:`Uuid`, bool, int, a tuple or list (set), a dict (map), None (empty).

    Raises ValueError for a string that the database cannot hold.
    """
    if value is None:
        return "[]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Uuid):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{%s}" % ",".join("%s=%s" % (word(key), word(item)) for key, item in sorted(value.items()))
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(word(item) for item in value)
    return json.dumps(check_text(value))  # ASCII: what the locale makes of other characters does not matter


def setting(column, value):
    """The word ``column=value`` that replaces a whole column."""
    return "%s=%s" % (column, word(value))


def key_setting(column, key, value):
    """The word ``column:key=value`` that sets one key of a map and leaves the others alone."""
    return "%s:%s=%s" % (column, word(key), word(value))
