# SPDX-License-Identifier: GPL-3.0-or-later
"""iproute2: links read as JSON, changes sent as one batch."""

from __future__ import annotations

import json
import re

from .._model.errors import ApplyFailed, Unsupported
from .._model.link_table import LinkTable

_FAILED_LINE = re.compile(r"Command failed -:(\d+)")
_BLANKS = set(" \t\r\n")
SECONDS_A_LINE = 1.0  # a link made or removed waits for every CPU (synchronize_net), on a busy host for long


class Unwritable(ValueError):
    """The word has no form that a batch of iproute2 reads back as it is."""


def quote(word):
    """One word of a batch line. Raises :class:`Unwritable`.

    iproute2 takes a quote for one only at a word's beginning, has no escapes, cuts the line at its first ``#``, quoted
    or not, and joins the next line to one that ends in a backslash (lib/utils.c, makeargs and getcmdline).
    """
    word = str(word)
    if "#" in word or "\n" in word:
        raise Unwritable("%r cannot be written in a batch of iproute2" % word)
    if word and word[0] not in "\"'" and not _BLANKS & set(word) and not word.endswith("\\"):
        return word
    for mark in "\"'":
        if mark not in word:
            return mark + word + mark
    raise Unwritable("%r cannot be written in a batch of iproute2" % word)


def _records(argv, text):
    """The list that ``ip -j`` printed; nothing printed is an empty one."""
    try:
        found = json.loads(text) if text.strip() else []
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise Unsupported(
            "%s printed no list in JSON: this iproute2 is too old for it, or another ip is in its place"
            % " ".join(argv)
        )
    return found


class Iproute:
    def __init__(self, commands):
        self._commands = commands

    def _json(self, *arguments):
        return self._asked(["ip", "-d", "-j"] + list(arguments))

    def _asked(self, argv):
        return _records(argv, self._commands.run(argv).output)

    def links(self):
        """Every link of this network namespace as a :class:`LinkTable`, VF attributes of PFs included."""
        return LinkTable(self._json("link", "show"))

    def links_in(self, namespace):
        """The links of a named network namespace; empty when it cannot be entered."""
        argv = ["ip", "-n", namespace, "-d", "-j", "link", "show"]
        done = self._commands.run(argv, check=False)
        return LinkTable([] if done.code else _records(argv, done.output))

    def addresses(self):
        """``[{ifname, addr_info: [{local, prefixlen, …}]}]`` as ``ip -j address`` prints it."""
        return self._json("address", "show")

    def routes(self, family="-4"):
        """The main table as ``ip -j route`` prints it; ``family``: ``-4`` or ``-6``."""
        return self._asked(["ip", family, "-j", "route", "show"])

    def namespaces(self):
        """Names of the named network namespaces."""
        return [item["name"] for item in self._json("netns", "list") if item]

    def batch(self, lines, timeout=60.0):
        """Run all ``lines`` (each a list of words after ``ip``) in one process; a failing line does not keep the next
        from running. It may take ``timeout`` seconds, and one more for each line.

        Returns one entry a line: None, or what the kernel answered to it.
        """
        answers = [None] * len(lines)
        waiting = []  # (index, text) of the lines that go into the next batch
        for index, line in enumerate(lines):
            try:
                waiting.append((index, " ".join(quote(word) for word in line)))
            except Unwritable:  # the kernel allows such names: as an argument of its own it needs no quotes
                self._batch(waiting, answers, timeout)
                waiting = []
                done = self._commands.run(["ip"] + [str(word) for word in line], timeout=timeout, check=False)
                answers[index] = " ".join(done.errors.split()) or "exit code %d" % done.code if done.code else None
        self._batch(waiting, answers, timeout)
        return answers

    def _batch(self, lines, answers, timeout):
        if not lines:
            return
        script = "".join(text + "\n" for _index, text in lines)
        timeout += SECONDS_A_LINE * len(lines)
        done = self._commands.run(["ip", "-force", "-batch", "-"], stdin=script, timeout=timeout, check=False)
        said = []
        for text in done.errors.splitlines():
            match = _FAILED_LINE.fullmatch(text)
            if match:
                answers[lines[int(match.group(1)) - 1][0]] = " ".join(said) or "failed"
                said = []
            else:
                said.append(text.strip())
        # A word that ip does not know ends the whole batch, without telling the line (include/utils.h, invarg).
        last_words = [text for text in said if text and not text.startswith("Warning:")]
        told = any(answers[index] for index, _text in lines)
        if done.code and (last_words or not told or done.code != 1):
            raise ApplyFailed("ip -batch", " ".join(last_words) or "exit code %d" % done.code)
