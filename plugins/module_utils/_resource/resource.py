# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that the engine asks of each kind of thing."""

from __future__ import annotations

from .._model.undo import Undo


class Resource:
    """One kind of thing on a host. Subclasses answer; the engine decides, applies and verifies.

    ``desired`` is whatever :meth:`validate` returned, ``state`` whatever :meth:`observe` returned; the engine looks into neither.
    """

    kind = ""

    def validate(self, params, host):
        """The desired state as value objects. Raises InvalidInput with every problem, before anything is read for the plan."""
        raise NotImplementedError

    def consented(self, desired, consent):
        """``desired``, disruptive where the user consented to what there is a gentler way for; the guard asks all the same."""
        return desired

    def patient(self, params):
        """``params`` for a pass that comes again: what a guest that has only begun to start does not show yet is no error."""
        return params

    def observe(self, host, desired):
        """The state of everything that ``desired`` speaks of, read in as few round trips as can be."""
        raise NotImplementedError

    def plan(self, desired, state):
        """The ordered actions that lead from ``state`` to ``desired``; empty when nothing differs. Pure."""
        raise NotImplementedError

    def missing(self, desired, state):
        """Problems for things that ``desired`` builds on and the host lacks. In check mode they become notes: an earlier step may make them."""
        return ()

    def dangers(self, host, desired, state, actions):
        """A Danger for each thing that ``actions`` would take from somebody."""
        return ()

    def disturbs(self, action):
        """Names of the network devices whose traffic ``action`` interrupts; the engine compares them with the management path."""
        return ()

    def pending(self, desired, state):
        """Pending entries: what is written already and waits for a guest start, a driver probe or a boot. Pure."""
        return ()

    def notes(self, desired, state):
        """Sentences for the user about what is as wished or cannot be told. Pure."""
        return ()

    def remarks(self, actions):
        """Sentences on what is left to the user once ``actions`` are done. Pure."""
        return ()

    def facts(self, outcome):
        """Keys that the module's result has beyond those of every resource. Pure."""
        return {}

    def undo(self, desired, before, actions):
        """The Undo of ``actions``, which are about to be applied where ``before`` was observed. Pure; nothing is written yet.

        It names only what ``actions`` touch: what others change meanwhile elsewhere stays theirs.
        """
        return Undo(uncovered=("what %s changes cannot be undone" % self.kind,))

    def batches(self, actions):
        """``actions`` in groups that are applied together, in order."""
        return [actions]

    def apply(self, host, batch):
        """Carry out one batch; one Result for each action, in order. Raises only when the whole batch could not be tried."""
        raise NotImplementedError

    def excuses(self, desired, result):
        """Whether a result of ``unsupported`` is a note rather than an error, because the user said so."""
        return False

    def leads(self, params):
        """``(target, field)`` of the actions that a run with ``params`` settles, though no name in them is that target's.
        ``params``: as the module got them."""
        return ()

    def budget(self, actions):
        """Seconds that the verification may wait for the host to show what was applied."""
        return 5.0

    def show(self, state):
        """``state`` as plain data for the diff; whatever is the same before and after may be left out."""
        raise NotImplementedError
