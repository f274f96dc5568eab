# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the archive. Each command loads only what it needs."""

from __future__ import annotations

import argparse
import sys

from .._host.host import Host
from .._model.display_text import display_text

DESCRIPTION = "What keeps this hypervisor's NICs as kvm.vnic left them. systemd runs it; people ask for the status."


def _parser():
    top = argparse.ArgumentParser(prog="kvm-vnic.pyz", description=DESCRIPTION)
    top.add_argument("--root", default="/", help=argparse.SUPPRESS)  # any tree instead of the host's own: for tests
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    commands.add_parser("status", help="tell what is kept, what the last passes came to and what they put right")
    commands.add_parser("host", help="lead the host's side to what was confirmed; before libvirt, which is left alone")
    commands.add_parser("guests", help="lead everything to what was confirmed; needs libvirt for the guests' side")
    hold = commands.add_parser("hold", help="guard a run until it is confirmed; for the module checkpoint alone")
    hold.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return top


def say(line):
    """One line for people, at once: systemd's journal gives each its time. What others chose is made safe to show."""
    sys.stdout.write(display_text("; ".join(part for part in line.splitlines() if part)) + "\n")
    sys.stdout.flush()


def main(arguments=None, host=None, say=say):
    """Returns the exit code: 0 when all is well, 1 when something failed, 2 for a wrong command line."""
    asked = _parser().parse_args(arguments)
    host = host or Host(asked.root)
    try:
        return _COMMANDS[asked.command](host, asked, say)
    finally:
        host.close()


def _pass(before_guests):
    def command(host, _asked, say):
        from .._engine.reconcile import Pass

        return 0 if Pass(host, say, before_guests).run() else 1

    return command


def _hold(host, asked, say):
    from .._engine.wanted import ask_for_pass
    from .._model.errors import ApplyFailed
    from .hold import hold

    code = hold(host, asked.words)
    try:
        ask_for_pass(host)  # while the run had the lock, events were left to it
    except ApplyFailed as error:
        say("no pass was asked for: %s" % error)
    return code


def _status(host, _asked, say):
    from .status import status

    for line in status(host):
        say(line)
    return 0


_COMMANDS = {"host": _pass(True), "guests": _pass(False), "hold": _hold, "status": _status}
