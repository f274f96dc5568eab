# SPDX-License-Identifier: GPL-3.0-or-later
"""What calls of Open vSwitch's tools read and write, from their arguments (ovs-vsctl(8), ovs-ofctl(8))."""

from __future__ import annotations

from collections import Counter

# Options whose value is a word of its own; any other has it behind "=", or none.
_WITH_VALUE = {"-O", "-F", "-t", "-T"}
_VSCTL_TABLES = {"list", "find", "get"}
_VSCTL_READS = {
    "show", "list-br", "br-exists", "br-to-vlan", "br-to-parent", "br-get-external-id", "list-ports", "port-to-br",
    "list-ifaces", "iface-to-br", "get-controller", "get-fail-mode", "get-manager", "get-ssl", "get-aa-mapping", "wait-until",
}  # fmt: skip
# They ask the switch nothing.
_OFCTL_LOCAL = {"parse-flow", "parse-flows", "ofp-parse", "check-vlan"}


def _words(arguments):
    """The arguments that are no options."""
    found, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word.startswith("-") and word != "-":
            skip = word in _WITH_VALUE
        else:
            found.append(word)
    return found


def _parts(arguments):
    """The commands of one ovs-vsctl, which "--" separates; the first part may be options alone."""
    part = []
    for word in list(arguments) + ["--"]:
        if word != "--":
            part.append(word)
            continue
        if _words(part):
            yield _words(part)
        part = []


def _vsctl(arguments):
    for command, *rest in _parts(arguments):
        if command in _VSCTL_TABLES:
            yield "read", "table %s" % rest[0]
        else:
            yield "read" if command in _VSCTL_READS else "write", "ovs-vsctl %s" % command


def _ofctl(arguments):
    words = _words(arguments)
    if words and words[0] not in _OFCTL_LOCAL:
        reads = words[0].startswith("dump-") or words[0] in ("show", "queue-get-config", "meter-features")
        yield "read" if reads else "write", " ".join(["ovs-ofctl"] + words[:2])


def _other(tool, arguments):
    words = _words(arguments)
    if tool == "ovsdb-client" and "transact" in words:
        yield "write", "ovsdb-client transact"
    else:
        yield "read", " ".join([tool] + words)


def counted(calls):
    """``(reads, writes)`` of calls ``[tool, argument...]``: what is read or written -> how often."""
    reads, writes = Counter(), Counter()
    for tool, *arguments in calls:
        known = {"ovs-vsctl": _vsctl, "ovs-ofctl": _ofctl}.get(tool)
        for kind, what in known(arguments) if known else _other(tool, arguments):
            (reads if kind == "read" else writes)[what] += 1
    return reads, writes
