# SPDX-License-Identifier: GPL-3.0-or-later
"""What was there before a resource was touched, on the disk; and one run at a time.

This much is for a run that finds nothing to do: it reads twice and writes nothing. The rest is in ``journal_run``.
"""

from __future__ import annotations

DIRECTORY = "/var/lib/kvm-vnic/journal"
LOCK = "/run/kvm-vnic/lock"
STEP = "/run/kvm-vnic/step"
ENDINGS = ("open", "failed")
PASS_OWNER = "the reconciler"  # as it calls itself in the lock


class Journal:
    """Of one run on ``host``. As a context it holds a lock; its value is whether the host may have changed since :meth:`look`.

    ``checkpoint``: the token of the run that this is a step of: that one has the host's lock, and this one takes the lock of
    a step. ``held``: the caller has the host's lock, and none is taken. ``changing``: whether there is something to change, or
    only an earlier run to be ended; to be set before the context is entered.
    """

    def __init__(self, host, checkpoint="", held=False):
        self._host, self._checkpoint, self._held = host, checkpoint, held
        self._resource, self._params, self._former = None, {}, ""
        self._loaded = None
        self.changing = True

    def look(self, resource, params):
        """Before the host is read: who had the lock last, and whether earlier runs of the same resource are unfinished.
        Raises Conflict when the run that this is a step of has ended."""
        self._resource, self._params = resource, params
        self._former = self._host.files.read_or(STEP if self._guarded() else LOCK, "")
        endings = tuple("-%s.%s" % (resource.kind, ending) for ending in ENDINGS)
        if any(name.endswith(endings) for name in self._host.files.listdir(DIRECTORY)):
            self._load().read()

    def _guarded(self):
        """Whether this is a step of a run that has changed something. Raises Conflict when that has ended."""
        if not self._checkpoint:
            return False
        from .open_run import is_unguarded, require_open

        if is_unguarded(self._host, self._checkpoint):
            return False
        require_open(self._host, self._checkpoint, self._host.files.read_or(LOCK, ""))
        return True

    def _load(self):
        if self._loaded is None:
            from .journal_run import JournalRun  # here, because a run that finds nothing to do does without

            self._loaded = JournalRun(self._host, self._resource, self._params, self._checkpoint, self._held)
        return self._loaded

    @property
    def unfinished(self):
        """Whether this run, when it comes to its end, ends an earlier one too."""
        return self._loaded is not None and self._loaded.settles_some()

    def wait_for_turn(self):
        """Before the step that would be the first of its run to change something: let who has the host come to his end, who
        may do what this step was about to. Returns whether the host may have changed since :meth:`look`."""
        return bool(self._checkpoint) and self._load().wait_for_turn(self._former)

    def notes(self):
        """Sentences on the earlier runs."""
        return [] if self._loaded is None else self._loaded.notes()

    def __enter__(self):
        return self._load().begin(self._former, self.changing)

    def __exit__(self, kind, error, trace):
        self._loaded.end(failed=isinstance(error, Exception))

    def open(self, resource, before, actions, undo):
        """Before the first write: ``actions`` are about to be applied, and ``undo`` leads back. Raises NotJournalled."""
        self._loaded.open(before, actions, undo)

    def record(self, results):
        """After each batch. What became of it is seen on the host; a write for each would cost more than it tells."""

    def close(self):
        """When the resource was verified: this run is done, and so are the earlier ones that it settled."""
        self._loaded.close()
