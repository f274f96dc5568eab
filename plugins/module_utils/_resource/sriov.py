# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual functions of SR-IOV cards: how many, what their physical function's driver keeps for each, and who drives
them."""

from __future__ import annotations

import itertools
from dataclasses import replace

from .._model.action import DRIVER_PROBE, Pending
from .._model.errors import Problem, Unsupported
from .._model.vf_attributes import NO_MAC
from .resource import Resource
from .sriov_plan import COUNT, plan, to_reset
from .sriov_state import SriovState, observe_pf
from .sriov_validate import validate


def _consumers(host, state):
    from .consumers import Consumers  # much to load, for a run that hurts someone only

    return Consumers(host, state.links)


class Sriov(Resource):
    kind = "sriov"

    def validate(self, params, host):
        return validate(params, host)

    def observe(self, host, desired):
        links = host.ip.links()
        pfs = {pci: observe_pf(host, pci, links) for pci in desired.addresses()}
        for pci, pf in pfs.items():
            if pf is None:
                raise Unsupported(
                    "%s has lost its network device: its driver failed or was removed; the kernel log says more" % pci
                )
        state = SriovState(pfs, links)
        return replace(state, used=self._used(host, desired, state)) if desired.purge else state

    @staticmethod
    def _used(host, desired, state):
        resets = to_reset(desired, state)
        if not resets:
            return {}
        consumers, used = _consumers(host, state), {}
        for pci, indices in resets.items():
            users = consumers.of_vfs(pci)
            used.update(((pci, index), users[index]) for index in indices if users.get(index))
        return used

    def missing(self, desired, state):
        return [
            Problem(
                wish.path,
                state.name(wish.pci, wish.index),
                "does not exist: %s has %s VFs; its num_vfs makes more" % (pf.name, pf.count),
            )
            for wish, pf in ((wish, state.pfs[wish.pci]) for wish in desired.vfs)
            if wish.index not in pf.vfs and desired.count(wish.pci) is None
        ]

    def plan(self, desired, state):
        return plan(desired, state)

    def dangers(self, host, desired, state, actions):
        from .sriov_guard import dangers  # only a run that changes something needs it

        return dangers(_consumers(host, state), state, actions)

    def disturbs(self, action):
        return action.data.disturbs

    def pending(self, desired, state):
        found = []
        for wish in desired.vfs:
            vf = state.pfs[wish.pci].vfs.get(wish.index)
            mac = wish.attributes.get("mac")
            if vf is None or mac in (None, NO_MAC) or vf.attributes.get("mac") != mac:
                continue
            for netdev, current in vf.netdevs.items():
                if current != mac:
                    reason = "%s keeps its address until its driver %s is unbound and bound again" % (netdev, vf.driver)
                    found.append(Pending(state.name(wish.pci, wish.index), "mac", current, mac, DRIVER_PROBE, reason))
        return found

    def notes(self, desired, state):
        found = list(desired.notes)
        for (pci, index), users in sorted(state.used.items()):
            found.append(
                "%s is not listed and keeps its settings, because it is used by %s"
                % (state.name(pci, index), "; ".join(users))
            )
        for wish in desired.pfs:
            pf = state.pfs[wish.pci]
            if wish.up and pf.up and not pf.carrier and pf.vfs:
                found.append(
                    "%s has no carrier: VFs whose driver starts now may get a random MAC address and no traffic"
                    % pf.name
                )
        return found

    def batches(self, actions):
        """One for the links, one for each count, one for all attributes and one for all drivers."""

        def key(action):
            return (action.data.phase, action.data.pci if action.data.phase == COUNT else None)

        return [list(batch) for _key, batch in itertools.groupby(actions, key)]

    def apply(self, host, batch):
        from .sriov_apply import Applier

        return Applier(host).apply(batch)

    def excuses(self, desired, result):
        return desired.ignore_unsupported

    def budget(self, actions):
        from .sriov_apply import vf_budget

        return max([10.0] + [vf_budget(action.after) for action in actions if action.data.phase == COUNT])

    def undo(self, desired, before, actions):
        from .sriov_undo import SriovUndo  # a run that changes nothing does without

        return SriovUndo(desired, before).undo(actions)

    def show(self, state):
        shown = {}
        for pf in state.pfs.values():
            shown[pf.name] = {"num_vfs": pf.count, "autoprobe": pf.autoprobe, "up": pf.up}
            for index, vf in sorted(pf.vfs.items()):
                shown[state.name(pf.pci, index)] = dict(vf.attributes, driver=vf.driver, driver_override=vf.override)
        return shown
