# SPDX-License-Identifier: GPL-3.0-or-later
"""Every run that changes something is led back on the way, and done again: what it led back is what was."""

from __future__ import annotations

import copy
import json
import re
from unittest import mock

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent

from .journal import MemoryJournal
from .module import run_module


class _Kept:
    """What counts writes and calls, as it was at one moment."""

    def __init__(self, host):
        doors = [host.tree, host.kernel, host.libvirt, host.ethtool, host.commands]
        doors += [door for door in (getattr(host, name, None) for name in ("ovs_memory", "switch", "balance")) if door]
        self._kept = [
            (door, name, copy.copy(getattr(door, name)))
            for door in doors
            for name in ("writes", "calls", "private", "private_writes", "restarts")
            if hasattr(door, name)
        ]

    def restore(self):
        for door, name, value in self._kept:
            if isinstance(value, int):
                setattr(door, name, value)
            else:
                held = getattr(door, name)
                held.clear()
                (held.update if isinstance(value, dict) else held.extend)(value)


def watched(resource, run):
    """``(result, (desired, state, actions) of its first plan or None)`` of ``run()``."""
    kind, plan, seen = type(resource), type(resource).plan, []

    def remember(self, desired, state):
        actions = plan(self, desired, state)
        seen.append((desired, state, tuple(actions)))
        return actions

    with mock.patch.object(kind, "plan", remember):
        return run(), seen[0] if seen else None


def lead_back(resource, host, plan):
    """Converge to what the Undo of ``plan`` says, through JSON as the journal keeps it. Returns the Undo."""
    undo = resource.undo(*plan)
    if undo.params is not None:
        converge(resource, json.loads(json.dumps(undo.params)), host, Consent(undo.consents), MemoryJournal())
    return undo


# What ovs_bridge does not know of and tells of: all that it does know is compared all the same.
_AT_LEAST = re.compile(
    "flows of [^ ]+(?:, which went with it,| are emptied)|columns of the port |ovs-vswitchd goes on "
)


def _difference(before, after):
    if isinstance(before, dict) and isinstance(after, dict):
        return {
            key: _difference(before.get(key), after.get(key))
            for key in {*before, *after}
            if before.get(key) != after.get(key)
        }
    return before, after


def run_there_and_back(main, resource, picture, host, params, **more):
    """As run_module. ``picture(host)``: all that the resource may change."""
    if more.get("check"):
        return run_module(main, host, params, **more)
    before = picture(host)
    result, plan = watched(resource, lambda: run_module(main, host, params, **more))
    if result["failed"] or not result["changed"]:
        return result
    kept, after = _Kept(host), picture(host)
    undo = lead_back(resource, host, plan)
    loose = [text for text in undo.uncovered if not _AT_LEAST.match(text)]
    if not loose:
        assert picture(host) == before, _difference(before, picture(host))
    if undo.params is not None:
        consents = {"allow_disruption": list(undo.consents)}
        checked = run_module(main, host, dict(json.loads(json.dumps(undo.params)), **consents), check=True)
        assert not checked["failed"] and not checked["changed"], (undo, checked)
    again = run_module(main, host, params, **more)
    assert not again["failed"], again
    if not loose:
        assert picture(host) == after, _difference(after, picture(host))
    kept.restore()
    return result


class _Killed(BaseException):
    pass


class _Fuse:
    def __init__(self, left):
        self.left = left

    def step(self):
        if self.left == 0:
            raise _Killed
        self.left -= 1


class _Writes(list):
    """Stands where a door counts its writes; the fuse burns before the write."""

    def __init__(self, fuse, former):
        super().__init__(former)
        self.fuse = fuse

    def append(self, item):
        self.fuse.step()
        super().append(item)

    def __iadd__(self, items):
        for item in items:
            self.append(item)
        return self


def _set_fuse(host, fuse):
    for name in ("kernel", "tree", "libvirt", "ethtool", "ovs_memory", "switch"):
        door = getattr(host, name, None)
        if door is not None:
            door.writes = _Writes(fuse, door.writes)


def _converge(resource, host, params, consents):
    return converge(resource, params, host, Consent(consents), MemoryJournal())


def killed_everywhere(resource, make, params, picture, consents=()):
    """For each k: killed after the k-th write, led back, led back again from there (nothing is written), done again.
    Returns the number of writes. ``params``: as ``resource`` gets them."""
    host, fuse = make(), _Fuse(100000)
    _set_fuse(host, fuse)
    _result, plan = watched(resource, lambda: _converge(resource, host, params, consents))
    undo, final, total = resource.undo(*plan), picture(host), 100000 - fuse.left
    assert all(map(_AT_LEAST.match, undo.uncovered)), undo.uncovered
    wish = json.loads(json.dumps(undo.params))
    for allowed in range(total + 1):
        host = make()
        before = picture(host)
        _set_fuse(host, _Fuse(allowed))
        try:
            _converge(resource, host, params, consents)
            assert allowed == total
        except _Killed:
            pass
        _set_fuse(host, _Fuse(100000))
        if hasattr(host, "ovs_memory"):
            host.ovs_memory._follow()  # ovs-vswitchd lives on
        _converge(resource, host, wish, undo.consents)
        assert picture(host) == before, (allowed, _difference(before, picture(host)))
        written = host.writes()
        assert not _converge(resource, host, wish, undo.consents).changed and host.writes() == written
        _converge(resource, host, params, consents)
        assert picture(host) == final, (allowed, _difference(final, picture(host)))
    return total
