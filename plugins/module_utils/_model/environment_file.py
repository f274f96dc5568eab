# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that systemd reads with ``EnvironmentFile=``, edited without touching anybody else's line.

They look like shell and are not: nothing is expanded, and an unquoted value goes on to the end of its line, so that
``ARGS=--one --two`` sets both (systemd.exec(5); src/basic/env-file.c, parse_env_file_internal).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_BLANK, _NEWLINE = " \t", "\n\r"
_ESCAPED = '"\\`$'  # src/basic/escape.h, SHELL_NEED_ESCAPE: what a backslash protects inside double quotes


@dataclass(frozen=True)
class Setting:
    """``name=value``. ``start``, ``end``: where it stands in the text, the newline included; ``begin``: where the
    value does."""

    name: str
    value: str
    start: int
    begin: int
    end: int


class _Reader:
    def __init__(self, text):
        self.text, self.at = text, 0

    def read(self):
        found = []
        while self._now():
            if self._now() in _BLANK + _NEWLINE:
                self.at += 1
            elif self._now() in "#;":
                self._skip_line()
            else:
                self._setting(found)
        return found

    def _now(self):
        return self.text[self.at : self.at + 1]

    def _skip_line(self):
        while self._now() and self._now() not in _NEWLINE:
            self.at += 1

    def _setting(self, found):
        start = self.at
        while self._now() and self._now() not in _NEWLINE + "=":
            self.at += 1
        if self._now() != "=":
            return
        name = self.text[start : self.at].strip()
        self.at += 1
        begin = self.at
        value = self._value()
        self.at += bool(self._now())
        if _KEY.match(name):
            found.append(Setting(name, value, start, begin, self.at))

    def _value(self):
        """The value, reading on to its line's end. A quote is one only at its beginning or behind another."""
        pieces, kept, plain = [], 0, False  # blanks at the end that nothing protects go
        while self._now() and self._now() not in _NEWLINE:
            char = self._now()
            self.at += 1
            if char in "'\"" and not plain:
                pieces.append(self._quoted(char))
                kept = len(pieces)
            elif char == "\\":
                plain = True
                if self._now() not in _NEWLINE:  # a hidden newline joins two lines
                    pieces.append(self._now())
                    kept = len(pieces)
                self.at += 1
            elif plain or char not in _BLANK:
                plain = True
                pieces.append(char)
                kept = kept if char in _BLANK else len(pieces)
        return "".join(pieces[:kept])

    def _quoted(self, quote):
        pieces = []
        while self._now() and self._now() != quote:
            char = self._now()
            self.at += 1
            if char == "\\" and quote == '"':
                char = self._now()
                self.at += 1
                if char == "\n":
                    continue
                if char not in _ESCAPED:
                    pieces.append("\\")
            pieces.append(char)
        self.at += 1
        return "".join(pieces)


def read_environment(text):
    """``{name: value}``; of several settings of a name the last counts."""
    return {setting.name: setting.value for setting in _Reader(text).read()}


def _quote(value):
    return '"%s"' % "".join("\\" + char if char in _ESCAPED else char for char in value)


def with_setting(text, name, value):
    """``text`` with ``name`` set to ``value``, or with None not set at all; all other bytes as they were.

    The last setting of the name is the one that is edited, because it counts. Raises ValueError where nothing can be
    added, because the text ends within a quote.
    """
    found = [setting for setting in _Reader(text).read() if setting.name == name]
    if value is None:
        if len(found) < 2:
            return text[: found[0].start] + text[found[0].end :] if found else text
        value = ""  # without it, what stands before it would count
    line = "%s=%s\n" % (name, _quote(value))
    if not found:
        return _added(text, line, name, value)
    last = found[-1]
    if last.value == value:
        return text
    return text[: last.begin] + line[len(name) + 1 :] + text[last.end :]


def _added(text, line, name, value):
    wanted = dict(read_environment(text), **{name: value})
    for gap in ("" if not text or text.endswith("\n") else "\n", "\n"):  # a backslash may hide the last newline
        if read_environment(text + gap + line) == wanted:
            return text + gap + line
    raise ValueError("ends within a quote, so that nothing can be added to it: close that")


def exact_setting(text, name):
    """What stands behind the equals sign of the setting that counts, without its line's end, or None."""
    found = [setting for setting in _Reader(text).read() if setting.name == name]
    if not found:
        return None
    exact = text[found[-1].begin : found[-1].end]
    return exact[:-1] if exact.endswith(tuple(_NEWLINE)) else exact


def is_one_setting(name, exact):
    """Whether ``exact`` is the value of one setting, and what follows on the next line another one."""
    text = "%s=%s\n" % (name, exact)
    found = _Reader(text + "X=\n").read()
    return [setting.name for setting in found] == [name, "X"] and found[0].end == len(text)


def with_exact(text, name, exact):
    """``text`` with what :func:`exact_setting` told, or with None not set at all. Raises ValueError as with_setting."""
    if exact is None:
        return with_setting(text, name, None)
    line = "%s=%s\n" % (name, exact)
    found = [setting for setting in _Reader(text).read() if setting.name == name]
    if found:
        return text[: found[-1].begin] + line[len(name) + 1 :] + text[found[-1].end :]
    return _added(text, line, name, read_environment(line)[name])
