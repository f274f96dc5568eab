# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass of the reconciler: lead the host to what was confirmed last, and say in words what that took."""

from __future__ import annotations

import json
import os

from .._model.desired_state import parse_desired_state
from .._model.errors import ApplyFailed, RunInProgress, VnicError
from .._resource.registry import ALSO_GUESTS, KINDS, NEEDS_LIBVIRT
from .journal import PASS_OWNER
from .kept_kind import KeptKind
from .one_look import OneLook
from .wanted import DESIRED, forget_wanted

RECORD = "checkpoint.json"  # in the host's directory of states
WAIT = 20.0  # seconds for the host's lock
ROUNDS = 3
SETTLE = 30  # seconds for udev to be through with what we did
ENDED = ("confirmed", "undone", "undo_failed")  # states of a checkpoint's record that leave nothing to do


class Pass:
    """``say``: a function that tells one line. ``before_guests``: libvirt has not started, and is left closed."""

    def __init__(self, host, say, before_guests=False):
        self._host, self._say, self._before_guests = host, say, before_guests
        self._at_rest = True

    def run(self):
        """Whether all is as it was to be. A host that another run changes now is left to that, which is no failure."""
        if self._before_guests:
            self._host.libvirt.keep_closed()
        lock = self._host.run_lock()
        owner = {"module": PASS_OWNER, "pid": os.getpid(), "since": self._host.clock.date()}
        try:
            lock.take(json.dumps(owner, sort_keys=True), WAIT)
        except RunInProgress as error:
            self._forget_wanted()
            self._say("nothing was done, because another run changes this host: %s" % (error.holder or "of no name"))
            return True
        except ApplyFailed as error:
            self._say("FAILED: the host's lock cannot be had: %s" % error)
            return False
        try:
            return self._locked()
        except VnicError as error:
            self._say("FAILED: %s" % error)
            return False
        finally:
            lock.release()

    def _locked(self):
        names = [name for name in (RECORD, DESIRED) if name in self._host.files.listdir(self._host.state.directory)]
        found = self._read(names)
        undone = True
        if RECORD in found and not _has_ended(found[RECORD][0]):
            undone, keeps = self._undo()
            if not keeps:
                return undone
            found = self._read(names)
        if DESIRED not in found:
            self._forget_wanted()
            self._say("nothing is kept on this host: no state was confirmed with the module reconciler")
            return undone
        return self._keep(*found[DESIRED]) and undone

    def _read(self, names):
        return self._host.state.read(names) if names else {}

    def _undo(self):
        """``(whether that went well, whether there is a state to keep then)``: what was neither confirmed nor undone when its
        run was cut off is undone, as far as it can be now."""
        from .interrupted import undo_before_guests, undo_interrupted

        self._forget_wanted()
        try:
            return (undo_before_guests if self._before_guests else undo_interrupted)(self._host, self._say)
        except VnicError as error:
            self._say("FAILED: %s" % error)
            return False, True

    def _keep(self, text, problem):
        path = "%s/%s" % (self._host.state.directory, DESIRED)
        try:
            desired = parse_desired_state(text if problem is None else "")
        except ValueError as error:
            self._forget_wanted()
            why = error if problem is None else "cannot be read: %s" % problem
            self._say(
                "FAILED: nothing was touched, because %s %s. Run the playbook kvm.vnic.site, which writes it anew"
                % (path, why)
            )
            return False
        strange = sorted(set(desired.resources) - set(KINDS))
        for kind in strange:
            self._say("FAILED: %s speaks of %s, which this version of kvm.vnic does not know" % (path, kind))
        kinds = [
            KeptKind(self._host, self._say, kind, _without_guests(kind, params) if self._before_guests else params)
            for kind, params in ((kind, desired.resources.get(kind)) for kind in KINDS)
            if params is not None and not (self._before_guests and kind in NEEDS_LIBVIRT)
        ]
        door = self._host.ip
        self._host.ip = OneLook(door)
        try:
            self._go_round(kinds)
        finally:
            self._host.ip = door
        self._summarize(kinds, desired.saved)
        return self._at_rest and not strange and not any(kind.failed for kind in kinds)

    def _go_round(self, kinds):
        """What one kind does may undo or enable another's work: until nothing is written, or it is too often."""
        for _round in range(ROUNDS):
            self._forget_wanted()
            self._host.ip.look_anew(writing=False)
            wrote = [kind for kind in kinds if kind.converge()]
            if not wrote:
                return
            self._settle_udev()
        self._at_rest = False
        self._forget_wanted()  # the events of the last round are its own, and would start the next pass at once
        self._say(
            "FAILED to come to rest: after %d rounds there was still something to write for %s"
            % (ROUNDS, ", ".join(kind.name for kind in wrote))
        )

    def _settle_udev(self):
        try:
            self._host.commands.run(["udevadm", "settle", "--timeout=%d" % SETTLE], timeout=SETTLE + 10.0, check=False)
        except VnicError as error:
            self._say("events of what was done may start another pass: %s" % error)

    def _forget_wanted(self):
        try:
            forget_wanted(self._host)
        except ApplyFailed as error:
            self._say("the event that asked for this pass will ask for another: %s" % error)

    def _summarize(self, kinds, saved):
        count = sum(kind.healed for kind in kinds)
        left = sum(len(kind.left) for kind in kinds)
        failed = [kind.name for kind in kinds if kind.failed]
        what = "%d changed" % count if count else "nothing written"
        told = [
            "%s of what was confirmed at %s: %s" % (", ".join(kind.name for kind in kinds) or "nothing", saved, what)
        ]
        told += ["%d left to others" % left] * bool(left) + ["FAILED: %s" % ", ".join(failed)] * bool(failed)
        self._say("; ".join(told))


def _has_ended(text):
    try:
        return json.loads(text)["state"] in ENDED
    except (TypeError, ValueError, KeyError):
        return False  # whoever reads it in earnest says what is wrong


def _without_guests(kind, params):
    """The part of a wish that needs no guest."""
    if kind != ALSO_GUESTS:
        return params
    targets = [
        target for target in params.get("targets") or () if not (isinstance(target, dict) and target.get("guest"))
    ]
    # what is left out is not to be purged as something that nobody wishes
    return dict(
        params, targets=targets, purge=bool(params.get("purge")) and len(targets) == len(params.get("targets") or ())
    )
