# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to a bridge's flow tables, through ``ovs-ofctl``: one call for each table read, one bundle for all changes."""

from __future__ import annotations

import re

from .._model.errors import ApplyFailed, Unsupported
from .._model.openflow_text import RefusedFlow, read_dump, read_groups, read_meters, read_parsed, read_refused

SECONDS = 10
BUNDLE_SECONDS = 30  # a thousand flows take well under one; a busy ovs-vswitchd takes longer
MOST_REFUSED = 20
PROTOCOLS = ("OpenFlow14", "OpenFlow15")  # those with bundles (ovs-ofctl(8), --bundle), the one we prefer first
_TIMED_OUT = (-14, 142)  # ovs-ofctl(8), --timeout: ends with SIGALRM
_LINE = re.compile(r"^ovs-ofctl: -:(\d+): (.*)$", re.MULTILINE)
_LOG = re.compile(r"^\d{4}-\d\d-\d\dT\S+\|", re.MULTILINE)


class BundleRefused(ApplyFailed):
    """The switch took nothing of a bundle. ``flow`` or ``group``: the flow, or the number of the group, that it names;
    ``error``: its name for what is wrong; ``line``: where it was ovs-ofctl that took nothing, the line, counted from 1."""

    def __init__(self, command, cause, flow=None, group=None, error=None, line=None):
        super().__init__(command, cause)
        self.flow, self.group, self.error, self.line = flow, group, error, line


def _said(done):
    lines = [line for line in (done.errors or done.output).splitlines() if line and not _LOG.match(line)]
    return " ".join(" ".join(lines).replace("ovs-ofctl: ", "").split()) or "exit code %d" % done.code


class Ofctl:
    """``bridge``: a name that has neither ``:`` nor ``/`` in it; ``protocol``: one of :data:`PROTOCOLS`."""

    def __init__(self, commands):
        self._commands = commands

    def _run(self, protocol, *words, stdin="", seconds=SECONDS):
        argv = ["ovs-ofctl", "--timeout=%d" % seconds, "-O", protocol] + list(words)
        return self._commands.run(argv, stdin=stdin, timeout=seconds + 5.0, check=False)

    def _answer(self, protocol, *words, **more):
        done = self._run(protocol, *words, **more)
        if done.code in _TIMED_OUT:
            raise Unsupported(
                "ovs-vswitchd does not answer for bridge %s within %d s: is it well? (ovs-ofctl %s)"
                % (words[-1], SECONDS, " ".join(words))
            )
        if done.code:
            raise ApplyFailed("ovs-ofctl %s" % " ".join(words), _said(done))
        return done.output

    def flows(self, bridge, protocol):
        """Every flow of ``bridge``, as a tuple of :class:`Flow`."""
        return self._read(read_dump, self._answer(protocol, "--no-names", "--no-stats", "dump-flows", bridge))

    def groups(self, bridge, protocol):
        return self._read(read_groups, self._answer(protocol, "--no-names", "dump-groups", bridge))

    def meters(self, bridge, protocol):
        return self._read(read_meters, self._answer(protocol, "dump-meters", bridge))

    @staticmethod
    def _read(reader, text):
        try:
            return reader(text)
        except ValueError as error:
            raise ApplyFailed("ovs-ofctl", "what it printed is not understood: %s" % error) from None

    def parse(self, lines, protocol):
        """What each of ``lines`` means, as :class:`Flow` or :class:`RefusedFlow`; asks no switch.

        ovs-ofctl ends at the first line it does not understand, mostly naming it: it is called again without that
        one, so that all are told at once. After :data:`MOST_REFUSED` the rest is taken for refused, untold.
        """
        answers = [None] * len(lines)
        waiting = [list(range(len(lines)))]
        refused = 0
        while waiting:
            numbers = waiting.pop()
            if not numbers:
                continue
            if refused >= MOST_REFUSED:
                for number in numbers:
                    answers[number] = RefusedFlow("not looked at, because %d others are refused" % refused)
                continue
            done = self._run(
                protocol, "--no-names", "parse-flows", "-", stdin="".join(lines[n] + "\n" for n in numbers)
            )
            if not done.code:
                parsed = self._read(read_parsed, done.output)
                if len(parsed) != len(numbers):
                    raise ApplyFailed("ovs-ofctl parse-flows", "printed %d flows for %d" % (len(parsed), len(numbers)))
                for number, flow in zip(numbers, parsed):
                    answers[number] = flow
                continue
            named = _LINE.search(done.errors)
            if named and 1 <= int(named.group(1)) <= len(numbers):
                at = int(named.group(1)) - 1
                answers[numbers[at]] = RefusedFlow(named.group(2))
                refused += 1
                waiting += [numbers[at + 1 :], numbers[:at]]
            elif len(numbers) == 1:  # "no usable protocol" speaks of all lines together
                answers[numbers[0]] = RefusedFlow(_said(done))
                refused += 1
            else:
                waiting += [numbers[len(numbers) // 2 :], numbers[: len(numbers) // 2]]
        return answers

    def bundle(self, bridge, protocol, lines):
        """Make all ``lines`` (``flow add …``, ``group delete …``) in their order, or none of them.

        Raises :class:`BundleRefused`.
        """
        text = "".join(line + "\n" for line in lines)
        done = self._run(protocol, "bundle", bridge, "-", stdin=text, seconds=BUNDLE_SECONDS)
        if done.code in _TIMED_OUT:
            raise ApplyFailed(
                "ovs-ofctl bundle %s" % bridge,
                "ovs-vswitchd did not answer within %d s; run again to see what became of it" % BUNDLE_SECONDS,
            )
        if done.code:
            command, named = "ovs-ofctl bundle %s" % bridge, _LINE.search(done.errors)
            if named:
                raise BundleRefused(command, named.group(2), line=int(named.group(1)))
            raise BundleRefused(command, _said(done), *read_refused(done.errors))

    def meter(self, bridge, protocol, verb, line):
        """``verb``: ``add``, ``mod`` or ``del``. No part of a bundle: ovs-ofctl has flows, groups and packets there."""
        command = "del-meters" if verb == "del" else "%s-meter" % verb
        done = self._run(protocol, command, bridge, line)
        if done.code:
            raise ApplyFailed("ovs-ofctl %s %s %s" % (command, bridge, line), _said(done))
