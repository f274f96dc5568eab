# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on which runs with a checkpoint go on: the service runs as it does on a real one, on time that only sleeping moves."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._engine.rollback import (
    NOT_UNDONE,
    NOTHING_TO_UNDO,
    LedBack,
    Report,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import parse_record
from ansible_collections.kvm.vnic.plugins.module_utils._model.journal_entry import EntryName, JournalEntry
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import Undo
from ansible_collections.kvm.vnic.plugins.module_utils._service.hold import hold

from .processes import SharedHost

JOURNAL = "/var/lib/kvm-vnic/journal/"
RECORD = "/var/lib/kvm-vnic/checkpoint.json"
PROGRAM = ["/usr/bin/python3", "/usr/local/libexec/kvm-vnic.pyz"]


class GuardedHost(SharedHost):
    """``said``: the lines of the service; ``led_back``: the numbers of the entries that were, in order; ``broken``: kinds
    that cannot be led back; ``takes``: seconds that each takes; ``defect``: what leading back raises."""

    def __init__(self):
        super().__init__(self.serve)
        self.said, self.led_back, self.broken, self.takes, self.defect = [], [], set(), 0, None

    def serve(self, command, process):
        assert command[1:3] == [PROGRAM[1], "hold"]
        return hold(self, command[3:], self.said.append, lambda: process.told, self.roll_back)

    def roll_back(self, host, entries, kinds=None):
        if self.defect:
            raise self.defect
        found = []
        for each in sorted(entries, key=lambda each: -each.name.number):
            if kinds is not None and each.name.kind not in kinds:
                continue
            self.clock.sleep(self.takes)
            if each.name.kind in self.broken:
                found.append(LedBack(str(each.name), each.name.kind, NOT_UNDONE, "EBUSY"))
                continue
            self.led_back.append(each.name.number)
            host.journal.move([(str(each.name), str(EntryName(each.name.number, each.name.kind, "undone")))], [])
            found.append(
                LedBack(str(each.name), each.name.kind, NOTHING_TO_UNDO, uncovered=tuple(each.entry.undo["uncovered"]))
            )
        return Report(tuple(found))

    def journal_step(self, run, kind="bridge", state="done", uncovered=()):
        """An entry of the run, as a module writes it."""
        number = 1 + sum(1 for path in self.tree.private if path.startswith(JOURNAL))
        entry = JournalEntry("0" * 16, kind, 1, "b", "1", "", {}, None, [], run, Undo({}, (), uncovered).to_dict())
        self.tree.private[JOURNAL + str(EntryName(number, kind, state))] = entry.to_text()
        return number

    @property
    def record(self):
        return parse_record(self.tree.private[RECORD]) if RECORD in self.tree.private else None
