# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind of resource that leaves alone what somebody else keeps changing back."""

from __future__ import annotations


def _is_below(target, things):
    return any(target == thing or target.startswith((thing + "/", thing + "#")) for thing in things)


class Peaceful:
    """``resource`` with a plan that is without what is fought over. ``fought``: a function that returns
    ``{(target, field): Healing}``, asked only when something differs. ``left``: that of what was left out last."""

    def __init__(self, resource, fought):
        self._resource, self._fought = resource, fought
        self.left = {}

    def __getattr__(self, name):
        return getattr(self._resource, name)

    def plan(self, desired, state):
        actions = tuple(self._resource.plan(desired, state))
        if not actions:
            return actions
        fought = self._fought()
        self.left = {key: fought[key] for key in ((each.target, each.field) for each in actions) if key in fought}
        # of a thing that is not made, nothing can be set
        unmade = [target for target, field in self.left if field == "state"]
        return tuple(
            each
            for each in actions
            if (each.target, each.field) not in self.left and not _is_below(each.target, unmade)
        )
