# SPDX-License-Identifier: GPL-3.0-or-later
"""One kind of resource in a pass of the reconciler."""

from __future__ import annotations

from .._model.action import DONE
from .._model.consent import Consent
from .._model.errors import VerificationFailed, VnicError
from .._resource.registry import KINDS
from .converge import converge
from .healing import HealedFile
from .pass_journal import PassJournal
from .peaceful import Peaceful


class KeptKind:
    """``healed``: how many changes were made; ``left``: ``{(target, field): Healing}`` of what is left to others;
    ``failed``: whether it is not as it should be."""

    def __init__(self, host, say, name, params):
        self._host, self._say, self.name, self._params = host, say, name, params
        self.healed, self.left, self.failed = 0, {}, False

    def converge(self):
        """Lead the host to the wish; returns whether something was written. Raises nothing: the other kinds have their turn.

        No consent is given: nobody is there to answer for what a disruptive step takes from others.
        """
        healed = HealedFile(self._host)
        resource, journal = Peaceful(KINDS[self.name](), lambda: healed.fought(self.name)), PassJournal(self._host)
        try:
            outcome = converge(resource, resource.patient(self._params), self._host, Consent(), journal)
            self._tell(outcome, healed)
            self.failed = False
        except VnicError as error:
            self._fail(str(error))
            if isinstance(error, VerificationFailed):
                healed.add(self.name, error.remaining)  # written, and set back at once
        except Exception as error:  # pylint: disable=broad-except
            self._fail("by an error of kvm.vnic itself: %s: %s" % (type(error).__name__, error))
        if journal.opened:
            self._host.ip.look_anew(writing=False)
        self._tell_left(resource.left)
        self._save(healed)
        return journal.opened

    def _tell(self, outcome, healed):
        done = [result.action for result in outcome.results if result.status == DONE]
        if done:
            from .._model.healed import describe

            for action in done:
                self._say("%s: %s" % (self.name, describe(action)))
            for note in outcome.notes:
                self._say("%s: %s" % (self.name, note))
        self.healed += len(done)
        healed.add(self.name, done)

    def _fail(self, why):
        self.failed = True
        self._say("FAILED: %s: %s" % (self.name, why))

    def _tell_left(self, left):
        self.left = left
        if left:
            from .left_alone import why_left

            for healing in left.values():
                self._say("LEFT: %s: %s" % (self.name, why_left(self._host, healing)))

    def _save(self, healed):
        try:
            healed.save()
        except VnicError as error:
            self._say("that it was healed could not be written down: %s" % error)
