# SPDX-License-Identifier: GPL-3.0-or-later
"""iproute2: links read as JSON, changes sent as one batch."""

from __future__ import annotations

import json
import re

from .._model.errors import ApplyFailed
from .._model.link_table import LinkTable

_FAILED_LINE = re.compile(r"^Command failed -:(\d+)$")
_NEEDS_QUOTES = re.compile(r"[\s\"'\\#]")


def quote(word):
    """One word of a batch line: iproute2 splits at blanks and knows quotes, backslashes and ``#`` (lib/utils.c, makeargs, getcmdline)."""
    word = str(word)
    if word and not _NEEDS_QUOTES.search(word):
        return word
    if "\n" in word or ('"' in word and "'" in word) or "\\" in word or not word:
        raise ValueError("%r cannot be written in a batch of iproute2" % word)
    mark = "'" if '"' in word else '"'
    return mark + word + mark


class Iproute:
    def __init__(self, commands):
        self._commands = commands

    def _json(self, *arguments):
        text = self._commands.run(["ip", "-d", "-j"] + list(arguments)).output.strip()
        return json.loads(text) if text else []

    def links(self):
        """Every link of this network namespace as a :class:`LinkTable`, VF attributes of PFs included."""
        return LinkTable(self._json("link", "show"))

    def links_in(self, namespace):
        """The links of a named network namespace; empty when it cannot be entered."""
        done = self._commands.run(["ip", "-n", namespace, "-d", "-j", "link", "show"], check=False)
        return LinkTable(json.loads(done.output) if not done.code and done.output.strip() else [])

    def addresses(self):
        """``[{ifname, addr_info: [{local, prefixlen, …}]}]`` as ``ip -j address`` prints it."""
        return self._json("address", "show")

    def routes(self, family="-4"):
        """The main table as ``ip -j route`` prints it; ``family``: ``-4`` or ``-6``."""
        text = self._commands.run(["ip", family, "-j", "route", "show"]).output.strip()
        return json.loads(text) if text else []

    def namespaces(self):
        """Names of the named network namespaces."""
        return [item["name"] for item in self._json("netns", "list") if item]

    def batch(self, lines, timeout=60.0):
        """Run all ``lines`` (each a list of words after ``ip``) in one process; a failing line does not keep the next from running.

        Returns one entry a line: None, or what the kernel answered to it.
        """
        if not lines:
            return []
        script = "".join(" ".join(quote(word) for word in line) + "\n" for line in lines)
        done = self._commands.run(["ip", "-force", "-batch", "-"], stdin=script, timeout=timeout, check=False)
        answers = [None] * len(lines)
        said = []
        for text in done.errors.splitlines():
            match = _FAILED_LINE.match(text)
            if match:
                answers[int(match.group(1)) - 1] = " ".join(said) or "failed"
                said = []
            else:
                said.append(text.strip())
        if done.code and not any(answers):
            raise ApplyFailed("ip -batch", " ".join(said) or "exit code %d" % done.code)
        return answers
