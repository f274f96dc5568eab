# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes that the inventory's schema is made of. Each reads a plain value, records what is wrong with it and returns
it normalised.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .yaml_traps import did_you_mean, kind_of, no_text, unexpanded

_DIGITS = re.compile(r"(0|[1-9][0-9]{0,17})", re.ASCII)
ABSENT = object()


@dataclass(frozen=True)
class Text:
    """A string that ``parser`` accepts: it returns the normalised value or raises ValueError saying what is allowed."""

    what: str
    example: str
    parser: object = str

    def read(self, value, problems):
        if not isinstance(value, str):
            problems.add(value, no_text(value, self.what, self.example))
            return None
        template = unexpanded(value)
        if template:
            problems.add(value, template)
            return None
        return problems.parse(self.parser, value)

    def allowed(self):
        return self.what


@dataclass(frozen=True)
class Whole:
    """A whole number; digits in a string are taken too, as ``-e`` gives them, but not with a leading zero, which YAML
    takes for octal.
    """

    what: str
    lowest: int
    highest: int
    example: str

    def read(self, value, problems):
        if isinstance(value, str) and _DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not self.lowest <= value <= self.highest:
            problems.add(value, self._complaint(value))
            return None
        return value

    def _complaint(self, value):
        allowed = "allowed are whole numbers from %d to %d" % (self.lowest, self.highest)
        if value is None:
            return "is empty: %s; leave the key out to leave it alone" % allowed
        if isinstance(value, bool):
            return "is a boolean, no %s: %s (YAML reads on, off, yes and no as booleans)" % (self.what, allowed)
        if isinstance(value, str):
            if value[:1] == "0" and value.isdigit():
                return (
                    "has a leading zero, which YAML takes for octal when it is not quoted: write it without; %s"
                    % allowed
                )
            return unexpanded(value) or "is no %s: %s" % (self.what, allowed)
        return "is no %s: %s" % (self.what, allowed)

    def allowed(self):
        return "%d to %d" % (self.lowest, self.highest)


@dataclass(frozen=True)
class Flag:
    """A boolean."""

    example: str = "true"

    def read(self, value, problems):
        if isinstance(value, bool):
            return value
        problems.add(value, "is %s, no boolean: allowed are true and false" % kind_of(value))
        return None

    def allowed(self):
        return "true, false"


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    what: str
    words: tuple

    @property
    def example(self):
        return self.words[0]

    def read(self, value, problems):
        if isinstance(value, str) and value in self.words:
            return value
        allowed = "allowed are %s" % ", ".join(self.words)
        if not isinstance(value, str):
            problems.add(value, no_text(value, self.what, self.words[0]) + "; " + allowed)
        else:
            problems.add(
                value, unexpanded(value) or "is no %s:%s %s" % (self.what, did_you_mean(value, self.words), allowed)
            )
        return None

    def allowed(self):
        return ", ".join(self.words)


@dataclass(frozen=True)
class Items:
    """A list; items that are wrong are left out of the result, their problems recorded."""

    item: object
    what: str

    def read(self, value, problems):
        if not isinstance(value, list):
            problems.add(value, "is %s: expected a list of %s" % (kind_of(value), self.what))
            return []
        return [self.item.read(entry, problems.at(index)) for index, entry in enumerate(value)]

    def allowed(self):
        return "a list of %s" % self.what


@dataclass(frozen=True)
class Table:
    """A mapping from names that the user chooses to ``item``."""

    key: Text
    item: object
    what: str

    def read(self, value, problems):
        if not isinstance(value, dict):
            problems.add(value, "is %s: expected a mapping of %s" % (kind_of(value), self.what))
            return {}
        found = {}
        for key, entry in value.items():
            here = problems.at(str(key))
            name = self.key.read(key, here)
            read = self.item.read(entry, here)
            if name is not None and read is not None:
                found[name] = read
        return found

    def allowed(self):
        return "a mapping of %s" % self.what


@dataclass(frozen=True)
class Key:
    """One key of a :class:`Record`."""

    node: object
    help: str
    required: bool = False
    default: object = None


@dataclass(frozen=True)
class Record:
    """A mapping with known keys. Absent optional keys get their default; a record that is no mapping at all reads as
    None.

    ``prefix`` goes before the keys in paths, where the user knows them by another name; ``empty``: what is wrong with
    one that has no key at all, nothing by default.
    """

    what: str
    keys: dict = field(default_factory=dict)
    prefix: str = ""
    empty: str = ""

    def read(self, value, problems):
        if not isinstance(value, dict):
            problems.add(
                value, "is %s: expected %s with the keys %s" % (kind_of(value), self.what, ", ".join(self.keys))
            )
            return None
        if self.empty and not value:
            problems.add(value, self.empty)
        for name in value:
            if name not in self.keys:
                allowed = list(self.keys)
                problems.at(self.prefix + str(name)).add(
                    value[name],
                    "is an unknown key of %s:%s allowed are %s"
                    % (self.what, did_you_mean(name, allowed), ", ".join(allowed)),
                )
        return {name: self._read_key(name, spec, value.get(name, ABSENT), problems) for name, spec in self.keys.items()}

    def _read_key(self, name, spec, value, problems):
        if value is ABSENT:
            if spec.required:
                problems.at(self.prefix + name).add(None, "is missing: %s" % spec.help)
            return spec.default
        here = problems.at(self.prefix + name)
        read = spec.node.read(value, here)
        return spec.default if read is None else read

    def allowed(self):
        return self.what
