# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual functions of SR-IOV cards: how many, what their physical function's driver keeps for each, and who drives
them."""

from __future__ import annotations

import itertools
from dataclasses import replace

from .._model.action import DRIVER_PROBE, Pending
from .._model.errors import Conflict, Danger, InvalidInput, Problem, Unsupported
from .._model.vf_attributes import DOT1Q, MAC, RATE, VLAN
from .consumers import Consumers
from .resource import Resource
from .sriov_apply import Applier, vf_budget
from .sriov_plan import ATTRIBUTE, COUNT, DRIVER, plan, to_reset
from .sriov_state import SriovState, observe_pf
from .sriov_validate import validate


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
        consumers, used = Consumers(host, state.links), {}
        for pci, indices in to_reset(desired, state).items():
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
        self._refuse_values(actions)
        self._refuse_without_link(state, actions)
        consumers = Consumers(host, state.links)
        users = {}
        for action in actions:
            step = action.data
            takes = step.phase == DRIVER or (step.phase == ATTRIBUTE and step.group in (MAC, VLAN))
            if (
                (step.phase == COUNT or (takes and not step.new))
                and state.pfs[step.pci].count != 0
                and step.pci not in users
            ):
                users[step.pci] = consumers.vf_users(step.pci)
        self._refuse_owned(actions, users)
        yield from self._count_dangers(state, actions, users)
        yield from self._vf_dangers(actions, users)

    @staticmethod
    def _refuse_values(actions):
        """What is wrong only together with what is there already."""
        problems = []
        for action in actions:
            step = action.data
            if (
                step.group == RATE
                and step.values["max_tx_rate"]
                and step.values["min_tx_rate"] > step.values["max_tx_rate"]
            ):
                problems.append(
                    Problem(
                        "%s.%s" % (action.target, action.field),
                        action.after,
                        "leaves min_tx_rate %(min_tx_rate)d above max_tx_rate %(max_tx_rate)d" % step.values,
                    )
                )
            if step.group == VLAN and not step.values["vlan"] and step.wished.get("vlan_protocol", DOT1Q) != DOT1Q:
                problems.append(
                    Problem(
                        "%s.vlan_protocol" % action.target,
                        step.wished["vlan_protocol"],
                        "needs a VLAN, and the VF has none: give 'vlan' too",
                    )
                )
        if problems:
            raise InvalidInput(dict.fromkeys(problems))

    @staticmethod
    def _refuse_without_link(state, actions):
        refused = []
        for action in actions:
            pf = state.pfs[action.data.pci]
            if action.data.group == RATE and action.after and pf.traits.rate_needs_link and pf.up and not pf.carrier:
                refused.append(
                    "%s %s cannot be set: the driver %s of %s limits rates only while the link is up"
                    % (action.target, action.field, pf.driver, pf.name)
                )
        if refused:
            raise Unsupported("; ".join(refused))

    @staticmethod
    def _refuse_owned(actions, users):
        """libvirt writes the MAC address and VLAN of a guest's VF when the guest starts and puts the old ones back when
        it stops."""
        refused = []
        for action in actions:
            step = action.data
            if step.phase == ATTRIBUTE and step.group in (MAC, VLAN) and not step.new:
                owners = [user.text for user in users.get(step.pci, {}).get(step.index, ()) if user.owner]
                if owners:
                    refused.append(
                        "%s %s belongs to %s: set it in the XML there, because libvirt writes it to the VF from that"
                        % (action.target, action.field, " and ".join(owners))
                    )
        if refused:
            raise Conflict("refused, nothing was written: " + "; ".join(dict.fromkeys(refused)))

    @staticmethod
    def _count_dangers(state, actions, users):
        for action in actions:
            if action.data.phase != COUNT:
                continue
            pf = state.pfs[action.data.pci]
            named = []
            for index, found in sorted(users.get(pf.pci, {}).items()):
                address = pf.vfs[index].pci if index in pf.vfs else "unknown address"
                named += [
                    "%s (%s): %s" % (state.name(pf.pci, index), address, text)
                    for text in dict.fromkeys(user.text for user in found)
                ]
            if named:
                what = "changing the number of VFs of %s from %s to %s, which destroys all that exist," % (
                    pf.name,
                    pf.count,
                    action.after,
                )
                yield Danger("vf_count:%s" % pf.name, what, tuple(named))

    @staticmethod
    def _vf_dangers(actions, users):
        hurt = {}
        for action in actions:
            step = action.data
            if step.new or not (step.phase == DRIVER or step.group in (MAC, VLAN)):
                continue
            active = [user.text for user in users.get(step.pci, {}).get(step.index, ()) if user.active]
            if active:
                fields = hurt.setdefault(action.target, ([], active))[0]
                fields.append(action.field)
        for target, (fields, active) in hurt.items():
            yield Danger(
                "vf:%s" % target, "changing %s of %s" % (", ".join(fields), target), tuple(dict.fromkeys(active))
            )

    def disturbs(self, action):
        return action.data.disturbs

    def pending(self, desired, state):
        found = []
        for wish in desired.vfs:
            vf = state.pfs[wish.pci].vfs.get(wish.index)
            mac = wish.attributes.get("mac")
            if vf is None or mac is None or vf.attributes.get("mac") != mac:
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
        return Applier(host).apply(batch)

    def excuses(self, desired, result):
        return desired.ignore_unsupported

    def budget(self, actions):
        return max([10.0] + [vf_budget(action.after) for action in actions if action.data.phase == COUNT])

    def show(self, state):
        shown = {}
        for pf in state.pfs.values():
            shown[pf.name] = {"num_vfs": pf.count, "autoprobe": pf.autoprobe, "up": pf.up}
            for index, vf in sorted(pf.vfs.items()):
                shown[state.name(pf.pci, index)] = dict(vf.attributes, driver=vf.driver, driver_override=vf.override)
        return shown
