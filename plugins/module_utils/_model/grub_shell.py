# SPDX-License-Identifier: GPL-3.0-or-later
"""The assignments of a shell file such as ``/etc/default/grub``, which grub-mkconfig sources: read, never run."""

from __future__ import annotations

import re
from dataclasses import dataclass

TEXT, VARIABLE, OTHER = "text", "variable", "other"

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=", re.ASCII)
_NAME = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
_OPENING = ("if", "while", "until", "for", "case", "{")
_CLOSING = ("fi", "done", "esac", "}")
_PREFIXES = ("then", "else", "elif", "do", "!", "export", "readonly", "time") + _OPENING
_OPAQUE = (".", "source", "eval", "read", "exit", "return")


class Garbled(ValueError):
    """The text is no shell file: half of it may be missing."""


@dataclass(frozen=True)
class Piece:
    """Part of a value. ``kind``: ``text`` (then ``text`` is literal), ``variable`` (its name) or ``other`` (source of
    a substitution)."""

    kind: str
    text: str
    source: str = ""


@dataclass(frozen=True)
class Assignment:
    """``name=value``. ``append``: it is ``+=``; ``start``, ``end``: where the value stands in the text (None for
    ``unset``);
    ``sure``: it happens whenever the file is read, being in no condition, loop, function, pipe or subshell."""

    name: str
    append: bool
    pieces: tuple
    start: object
    end: object
    line: int
    sure: bool


@dataclass(frozen=True)
class ShellFile:
    """``assignments`` in order; ``opaque``: the file also does things whose effect on variables reading cannot tell."""

    assignments: tuple
    opaque: bool


class _Reader:
    def __init__(self, text):
        if "\0" in text:
            raise Garbled("holds a NUL byte in line %d" % (text[: text.index("\0")].count("\n") + 1))
        self.text = text
        self.at = 0
        self.found = []
        self.opaque = False
        self.depth = 0
        self.subshells = 0
        self.unsure = False  # the command read now is one side of && or ||, or in a pipe
        self.command = []  # its words so far: an Assignment or a string

    def _line(self, at):
        return self.text.count("\n", 0, at) + 1

    def _unclosed(self, at, mark):
        return Garbled("opens %s in line %d and never closes it" % (mark, self._line(at)))

    def read(self):
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if char in " \t\r":
                self.at += 1
            elif text.startswith("\\\n", self.at):
                self.at += 2
            elif char == "#":
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif char in "\n;":
                self._end_of_command(False)
                self.at += 1
            elif char in "&|":
                self._end_of_command(True)
                self.at += 2 if text[self.at : self.at + 2] in ("&&", "||") else 1
            elif char in "()":
                self._end_of_command(False)
                self.subshells += (
                    1 if char == "(" else -1 if self.subshells else 0
                )  # a case's pattern ends in a bracket that nothing opened
                self.at += 1
            elif char in "<>":
                self.opaque = self.opaque or text.startswith("<<", self.at)
                self.at += 1
            else:
                self._word()
        self._end_of_command(False)
        return ShellFile(tuple(self.found), self.opaque)

    def _at_command(self):
        return all(isinstance(word, Assignment) or word in _PREFIXES for word in self.command)

    def _word(self):
        match = _ASSIGNMENT.match(self.text, self.at) if self._at_command() else None
        begin = self.at
        if match:
            self.at = match.end()
            pieces = self._pieces()
            self.command.append(
                Assignment(match.group(1), bool(match.group(2)), pieces, match.end(), self.at, self._line(begin), True)
            )
            return
        self._pieces()
        self.command.append(self.text[begin : self.at])

    def _end_of_command(self, joined):
        command, self.command = self.command, []
        unsure = self.unsure or joined
        self.unsure = joined
        words = [word for word in command if not isinstance(word, Assignment)]
        while words and words[0] in _PREFIXES + _CLOSING:
            word = words.pop(0)
            self.depth += 1 if word in _OPENING else -1 if word in _CLOSING and self.depth else 0
        sure = not unsure and not self.depth and not self.subshells
        if words and words[0] in _OPAQUE:
            self.opaque = True
        if words and words[0] == "unset":
            self.found += [Assignment(name, False, (), None, None, self._line(self.at), sure) for name in words[1:]]
        elif not words:  # before a command, an assignment is for that command only
            self.found += [
                Assignment(a.name, a.append, a.pieces, a.start, a.end, a.line, a.sure and sure)
                for a in command
                if isinstance(a, Assignment)
            ]

    def _pieces(self):
        text, pieces, literal = self.text, [], []

        def add(piece):
            if literal:
                pieces.append(Piece(TEXT, "".join(literal)))
                del literal[:]
            pieces.append(piece)

        quote_at = None
        while self.at < len(text):
            char = text[self.at]
            if quote_at is None and char in " \t\r\n;&|()<>":
                break
            if char == '"':
                quote_at = self.at if quote_at is None else None
                self.at += 1
            elif char == "'" and quote_at is None:
                end = text.find("'", self.at + 1)
                if end < 0:
                    raise self._unclosed(self.at, "a quote (')")
                literal.append(text[self.at + 1 : end])
                self.at = end + 1
            elif char == "\\":
                after = text[self.at + 1 : self.at + 2]
                if quote_at is not None and after not in ("$", "`", '"', "\\", "\n"):
                    literal.append("\\")
                literal.append("" if after == "\n" else after)
                self.at += 1 + len(after)
            elif char in "$`":
                piece = self._substitution()
                if piece is None:
                    literal.append("$")
                else:
                    add(piece)
            else:
                literal.append(char)
                self.at += 1
        if quote_at is not None:
            raise self._unclosed(quote_at, 'a quote (")')
        if literal:
            pieces.append(Piece(TEXT, "".join(literal)))
        return tuple(pieces)

    def _substitution(self):
        text, begin = self.text, self.at
        match = _NAME.match(text, begin)
        if match:
            self.at = match.end()
            return Piece(VARIABLE, match.group(1) or match.group(2), match.group())
        if text[begin] == "`":
            self.at = self._closing("`", begin)
        elif text.startswith("$(", begin) or text.startswith("${", begin):
            self.at = self._closing(")" if text[begin + 1] == "(" else "}", begin + 1)
        elif begin + 1 < len(text) and text[begin + 1] in "?@*#!-$0123456789":
            self.at += 2
        else:
            self.at += 1
            return None
        return Piece(OTHER, "", text[begin : self.at])

    def _closing(self, mark, begin):
        """Where the text goes on behind the bracket or backquote at ``begin``; quotes inside hide their content."""
        text, at, depth = self.text, begin + 1, 1
        while at < len(text):
            char = text[at]
            if char == "\\":
                at += 1
            elif char == "'" and mark != "`":
                at = text.find("'", at + 1)
                if at < 0:
                    break
            elif char == '"' and mark != "`":
                inner = _Reader(text)
                inner.at = at + 1
                at = inner._skip_quoted()
            elif char == mark:
                depth -= 1
                if not depth:
                    return at + 1
            elif char == text[begin] and mark != "`":
                depth += 1
            at += 1
        raise self._unclosed(begin, "a substitution (%s)" % text[begin])

    def _skip_quoted(self):
        """The place of the double quote that closes the one before ``at``."""
        begin = self.at
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == '"':
                return self.at
            if char == "\\":
                self.at += 2
            elif char in "$`":
                self._substitution()
            else:
                self.at += 1
        raise self._unclosed(begin - 1, 'a quote (")')


def read_shell(text):
    """Every assignment of ``text`` as a :class:`ShellFile`. Raises :class:`Garbled` where a quote or substitution is
    left open."""
    return _Reader(text).read()
