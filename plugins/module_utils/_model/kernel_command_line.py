# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's command line, split and quoted as the kernel does it (lib/cmdline.c, next_arg; kernel/params.c,
parse_args)."""

from __future__ import annotations

from dataclasses import dataclass, field

BLANKS = " \t\n\v\f\r"
COMMAND_LINE_SIZE = 2048  # arch/x86/include/asm/setup.h and most others: the kernel cuts what is longer, silently


def key_of(name):
    """What names are compared by: the kernel takes ``-`` and ``_`` for the same (kernel/params.c, parameq)."""
    return name.replace("-", "_")


def _quoted(name, value):
    if value is None:
        return name
    return '%s="%s"' % (name, value) if any(blank in value for blank in BLANKS) else "%s=%s" % (name, value)


@dataclass(frozen=True)
class Argument:
    """One argument. ``value``: None for a bare flag; ``raw``: how it is written, so that foreign ones stay byte for
    byte."""

    name: str
    value: object = None
    raw: str = field(default="", compare=False)

    def __str__(self):
        return self.raw or _quoted(self.name, self.value)

    @property
    def key(self):
        return key_of(self.name)


def _next(text):
    """The first argument of ``text``, which begins with no blank, and the rest."""
    begin = 1 if text[0] == '"' else 0
    in_quote = whole = bool(begin)
    equals = end = 0
    word = text[begin:]
    for end, char in enumerate(word + " "):
        if end == len(word) or (char in BLANKS and not in_quote):
            break
        if not equals and char == "=":
            equals = end
        if char == '"':
            in_quote = not in_quote
    raw, taken = text[: begin + end], word[:end]
    name, value = taken, None
    if equals:
        name, value = taken[:equals], taken[equals + 1 :]
        if value.startswith('"'):
            value = value[1:]
            if taken.endswith('"') and value:
                value, whole = value[:-1], False
    if whole:
        if value is None:
            name = name[:-1] if name.endswith('"') else name
        else:
            value = value[:-1] if value.endswith('"') else value
    return Argument(name, value, raw), text[begin + end :].lstrip(BLANKS)


class CommandLine:
    """An ordered list of arguments; what follows ``--`` belongs to init and is kept as it is."""

    def __init__(self, arguments=(), init=""):
        self.arguments = tuple(arguments)
        self.init = init

    @classmethod
    def parse(cls, text):
        """Total: the kernel takes any text, and so does this."""
        arguments, rest = [], text.lstrip(BLANKS)
        while rest:
            argument, after = _next(rest)
            if argument.name == "--" and argument.value is None:
                return cls(arguments, rest)
            arguments.append(argument)
            rest = after
        return cls(arguments)

    def values(self, key):
        """The values of every argument of that name, in order."""
        return tuple(argument.value for argument in self.arguments if argument.key == key)

    def without(self, unwanted):
        """Those for which ``unwanted(argument)`` is false."""
        return CommandLine([argument for argument in self.arguments if not unwanted(argument)], self.init)

    def plus(self, arguments):
        """With ``arguments`` behind the others, and before init's."""
        return CommandLine(self.arguments + tuple(arguments), self.init)

    def __str__(self):
        return " ".join([str(argument) for argument in self.arguments] + ([self.init] if self.init else []))

    def __repr__(self):
        return "CommandLine(%r)" % str(self)

    def __eq__(self, other):
        return isinstance(other, CommandLine) and (self.arguments, self.init) == (other.arguments, other.init)

    __hash__ = None
