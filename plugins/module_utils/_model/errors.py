# SPDX-License-Identifier: GPL-3.0-or-later
"""The one tree of errors, by who must act on each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the user wrote.

    ``path``: where, in the user's terms (``ports[2].vlan``); ``value``: what was found there; ``message``: what is allowed and what to do.
    """

    path: str
    value: object
    message: str

    def __str__(self):
        return "%s: %r %s" % (self.path, self.value, self.message)


@dataclass(frozen=True)
class Danger:
    """One thing that an action would take from somebody.

    ``consent``: the name that allows it (``vf_count:enp1s0``); ``what``: the step; ``users``: who would be hurt, named.
    """

    consent: str
    what: str
    users: tuple

    def __str__(self):
        return "%s would disturb %s (allow_disruption: ['%s'] consents)" % (
            self.what,
            "; ".join(self.users),
            self.consent,
        )


class VnicError(Exception):
    """Root of the tree. ``details`` is plain data for the module's result."""

    kind = "error"

    def details(self):
        return {}


class InvalidInput(VnicError):
    """The user must amend the desired state. Holds every problem found, not only the first."""

    kind = "value"

    def __init__(self, problems):
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in self.problems))

    def details(self):
        return {"problems": [{"path": p.path, "value": p.value, "message": p.message} for p in self.problems]}


class Unsupported(VnicError):
    """This host (kernel, driver, tool, missing package) cannot do it: change the host or the wish."""

    kind = "unsupported"


class Conflict(VnicError):
    """Somebody else uses or owns what would change: settle it with them, or consent by name."""

    kind = "conflict"

    def __init__(self, message, dangers=()):
        self.dangers = tuple(dangers)
        super().__init__(message)

    def details(self):
        return {"dangers": [{"consent": d.consent, "what": d.what, "users": list(d.users)} for d in self.dangers]}


class RunInProgress(Conflict):
    """Another run changes this host now: wait for it.

    ``said``: the lock's content, which may be empty: the holder's line, as JSON text, and a line for each write in flight.
    """

    kind = "locked"

    def __init__(self, path, said, seconds):
        self.path = path
        self.holder, *self.in_flight = said.split("\n") if said else [""]
        self.in_flight = [line for line in self.in_flight if line not in ("", "over")]
        writes = ", with a write in flight: %s" % "; ".join(self.in_flight) if self.in_flight else ""
        super().__init__(
            "nothing was written: another run changes this host and did not end within %g s. It is %s%s. Wait for it and run again; "
            "the kernel releases %s when that process%s ends"
            % (seconds, self.holder or "not known by name", writes, path, " and its write" if writes else "")
        )

    def details(self):
        return {"lock": self.path, "holder": self.holder, "in_flight": self.in_flight}


class ApplyFailed(VnicError):
    """A step failed on the host. ``command`` is what ran or was written; ``cause`` what the system answered (errno name or stderr)."""

    kind = "apply"

    def __init__(self, command, cause):
        self.command = command
        self.cause = cause
        super().__init__("%s: %s" % (command, cause))

    def details(self):
        return {"command": self.command, "cause": self.cause}


class InFlight(ApplyFailed):
    """A write did not return in its time and cannot be killed: nothing more may be done to that object until the kernel lets go."""

    kind = "in_flight"


class NotJournalled(ApplyFailed):
    """What is about to change could not be written down, so nothing was changed."""

    kind = "journal"

    def __init__(self, failure):
        super().__init__(failure.command, failure.cause)

    def __str__(self):
        return (
            "nothing was changed, because what is about to change could not be written down first: %s: %s. Make the directory one that root "
            "can write to, with space left, run with become, and run again" % (self.command, self.cause)
        )


class AppliedUnverified(VnicError):
    """Open vSwitch's database holds the change, and ovs-vswitchd did not apply it or reports an error: the operator must look at the switch.

    ``said``: the words of ovs-vsctl; ``daemon``: the state of ovs-vswitchd; ``errors``: ``{interface: what ovs-vswitchd says of it}``.
    """

    kind = "applied_unverified"

    def __init__(self, command, said, daemon, errors=None):
        self.command, self.said, self.daemon, self.errors = command, said, daemon, dict(errors or {})
        told = "; ".join("%s: %s" % item for item in sorted(self.errors.items()))
        super().__init__(
            "%s: committed to the database, but not applied by ovs-vswitchd, which is %s: %s (look into its log; running again does not repeat "
            "what is committed)"
            % (command, daemon, "; ".join(part for part in (said, told) if part) or "no reason was given")
        )

    def details(self):
        return {"command": self.command, "said": self.said, "daemon": str(self.daemon), "interface_errors": self.errors}


class VerificationFailed(VnicError):
    """Everything was accepted, and yet the host does not show it. ``remaining`` lists the differences that were re-read."""

    kind = "verification"

    def __init__(self, message, remaining=()):
        self.remaining = tuple(remaining)
        super().__init__(message)

    def details(self):
        return {"remaining": [action.to_dict() for action in self.remaining]}
