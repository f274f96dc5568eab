# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of ``ovs-vsctl``'s database commands, read as ovs-vsctl(8) and ovsdb(7) describe them."""

from __future__ import annotations

import json
import re

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")
_BARE = re.compile(r"[^\s\[\]{}=,\":]+")


class Symbol(str):
    """The name that ``--id=`` gave to a row: no text, which stands in quotation marks."""


class Refused(Exception):
    """What ``ovs-vsctl`` answers with exit code 1."""


def _string(text):
    value, end = json.JSONDecoder().raw_decode(text)
    if "\0" in value:
        raise Refused("null bytes not supported in quoted strings")
    return value, text[end:]


def _atom(text):
    if text.startswith('"'):
        return _string(text)
    match = _BARE.match(text)
    if not match:
        raise Refused("syntax error at %r" % text)
    word, rest = match.group(), text[match.end() :]
    if word.startswith("@"):
        return Symbol(word), rest
    if word in ("true", "false"):
        return word == "true", rest
    return (int(word) if word.isdigit() else word), rest


def _items(text, end):
    """Yield atoms or pairs up to the bracket ``end``; the last yielded thing is the rest."""
    while not text.startswith(end):
        key, text = _atom(text)
        if text.startswith("="):
            value, text = _atom(text[1:])
            yield key, value
        else:
            yield key, None
        if text.startswith(","):
            text = text[1:]
    yield text[1:]


def parse_value(text):
    """A word as str, bool, int, list (set) or dict (map); symbols and rows stay text."""
    if text[:1] in ("[", "{"):
        *items, rest = _items(text[1:], {"[": "]", "{": "}"}[text[0]])
        value = [key for key, _value in items] if text[0] == "[" else dict(items)
    else:
        value, rest = _atom(text)
    if rest:
        raise Refused("trailing %r in %r" % (rest, text))
    return value


def parse_column(word):
    """``(column, key or None, text of the value)`` of a word of ``set`` or ``create``."""
    match = re.match(r"[a-z_]+", word)
    if not match:
        raise Refused("missing column in %r" % word)
    key, rest = None, word[match.end() :]
    if rest.startswith(":"):
        key, rest = _atom(rest[1:])
    if not rest.startswith("="):
        raise Refused("missing value in %r" % word)
    return match.group(), key, rest[1:]


def _printed_atom(value):
    return ["uuid", value] if isinstance(value, str) and _UUID.match(value) else value


def printed(_column, value):
    """A value as ``--format=json`` prints it."""
    if isinstance(value, dict):
        return ["map", [[_printed_atom(key), _printed_atom(item)] for key, item in value.items()]]
    if isinstance(value, list):
        return _printed_atom(value[0]) if len(value) == 1 else ["set", [_printed_atom(item) for item in value]]
    return _printed_atom(value)
