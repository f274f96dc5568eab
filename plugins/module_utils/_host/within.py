# SPDX-License-Identifier: GPL-3.0-or-later
"""A time limit for libvirt's calls, which have none and go on when a signal comes in (src/rpc/virnetclient.c)."""

from __future__ import annotations

import functools
import threading

from .._model.errors import ApplyFailed, InFlight

# The daemon itself gives up waiting for a busy guest after 30 s (src/qemu/qemu_domainjob.c, QEMU_JOB_WAIT_TIME); a
# list of a thousand guests takes less than this, too.
CALL_SECONDS = 120.0


class TimeOver(Exception):
    """The call has not returned. It goes on in its thread and may still take effect."""


class NoThread(Exception):
    """The host has none left, so that nothing was called."""


def within(seconds, call):
    """What ``call()`` returns or raises, or :class:`TimeOver` after ``seconds``, or :class:`NoThread`.

    The thread lives no longer than the call, so that there is none when the file worker forks.
    """
    answer = []

    def run():
        try:
            answer.append((call(), None))
        except BaseException as error:  # pylint: disable=broad-except
            answer.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThread(str(error)) from None
    thread.join(seconds)
    if not answer:
        raise TimeOver
    value, error = answer[0]
    if error is not None:
        raise error
    return value


def bounded(method):
    """Give a door's method its time limit. ``stuck`` of the door names the one that did not return; no other is tried
    after it."""

    @functools.wraps(method)
    def limited(self, *arguments, **more):
        what = "libvirt: %s" % method.__name__.strip("_")
        if self.stuck:
            raise InFlight(what, "not asked, because an earlier call has not returned: %s" % self.stuck)
        try:
            return within(CALL_SECONDS, lambda: method(self, *arguments, **more))
        except NoThread as error:
            raise ApplyFailed(what, str(error)) from None
        except TimeOver:
            self.stuck = what
            raise InFlight(
                what,
                "no answer within %g s; it may still take effect. Is the daemon (libvirtd or virtqemud) well?"
                % CALL_SECONDS,
            ) from None

    return limited
