# SPDX-License-Identifier: GPL-3.0-or-later
"""What one action says to ``ovs-vsctl`` and ``ip``, and how the steps of many actions become one transaction."""

from __future__ import annotations

from dataclasses import dataclass

# In this order: what goes makes room for what comes, and what is set or referred to is there. EARLY is a transaction of its own.
PHASES = EARLY, REMOVE, EXCHANGE, MAKE, SET, REFER, DESTROY = range(7)


@dataclass(frozen=True)
class Step:
    """``commands``: ``((phase, words), …)``; ``sets``: ``((table, record, word), …)``, joined to one command a record;
    ``move``: a Move of addresses, ``back``: whether that is led back; ``up``: a device to bring up, with whether;
    ``disturbed``: network devices whose traffic it interrupts; ``takes``: devices that become Open vSwitch's; ``loses``:
    ``(port, devices)`` that it no longer has; ``silences``: the same of ports that become a mirror's; ``undo``: commands that
    give back what it ``takes``; ``touches``: names of interfaces that ovs-vswitchd sets up for it."""

    commands: tuple = ()
    sets: tuple = ()
    move: object = None
    back: bool = False
    up: object = None
    disturbed: tuple = ()
    takes: tuple = ()
    loses: tuple = ()
    silences: tuple = ()
    undo: tuple = ()
    touches: tuple = ()


def transactions(steps):
    """The commands of all ``steps`` in the order in which one transaction takes them; a list of one, or two where some of
    them cannot be done together, or none."""
    phases = {phase: [] for phase in PHASES}
    sets = {}
    for step in steps:
        for phase, words in step.commands:
            phases[phase].append(list(words))
        for table, record, word in step.sets:
            sets.setdefault((table, record), []).append(word)
    phases[SET] += [["set", table, record] + words for (table, record), words in sets.items()]
    together = [words for phase in PHASES[1:] for words in phases[phase]]
    return [commands for commands in (phases[EARLY], together) if commands]
