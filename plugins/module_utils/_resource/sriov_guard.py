# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of VFs would take from somebody, and what it may not change at all."""

from __future__ import annotations

from .._model.errors import Conflict, Danger, InvalidInput, Problem, Unsupported
from .._model.vf_attributes import DOT1Q, MAC, RATE, VLAN
from .sriov_plan import ATTRIBUTE, COUNT, DRIVER

_UNTAGGED = {"vlan": 0, "qos": 0, "vlan_protocol": DOT1Q}


def dangers(consumers, state, actions):
    """A Danger for each port whose VFs are used and would go, and for each used VF that would change under its user.

    Raises InvalidInput, Unsupported or Conflict for what no consent makes possible.
    """
    _refuse_values(actions)
    _refuse_without_link(state, actions)
    users = {}
    for action in actions:
        step = action.data
        asks = step.phase == COUNT or (_takes(step) and not step.new)
        if asks and state.pfs[step.pci].count != 0 and step.pci not in users:
            users[step.pci] = consumers.vf_users(step.pci)
    _refuse_owned(actions, users, consumers)
    return list(_count_dangers(state, actions, users)) + list(_vf_dangers(actions, users))


def _takes(step):
    """Whether the VF's present user would notice: the card drops what does not fit a new MAC address or VLAN."""
    return step.phase == DRIVER or (step.phase == ATTRIBUTE and step.group in (MAC, VLAN))


def _refuse_values(actions):
    """What is wrong only together with what is there already."""
    problems = []
    for action in actions:
        values = action.data.values
        if action.data.group == RATE and values["max_tx_rate"] and values["min_tx_rate"] > values["max_tx_rate"]:
            message = "leaves min_tx_rate %(min_tx_rate)d above max_tx_rate %(max_tx_rate)d" % values
            problems.append(Problem("%s.%s" % (action.target, action.field), action.after, message))
        protocol = action.data.wished.get("vlan_protocol", DOT1Q)
        if action.data.group == VLAN and not values["vlan"] and protocol != DOT1Q:
            message = "needs a VLAN, and the VF has none: give 'vlan' too"
            problems.append(Problem("%s.vlan_protocol" % action.target, protocol, message))
    if problems:
        raise InvalidInput(dict.fromkeys(problems))


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


def _refuse_owned(actions, users, consumers):
    """libvirt writes the MAC address and VLAN of a guest's VF when the guest starts and puts the old ones back when it
    stops (src/util/virhostdev.c, virHostdevSetNetConfig)."""
    refused = []
    for action in actions:
        step = action.data
        if step.phase != ATTRIBUTE or step.group not in (MAC, VLAN):
            continue
        if not step.new:
            found = users.get(step.pci, {}).get(step.index, ())
        elif step.wished.items() <= _UNTAGGED.items():
            continue  # what a new VF is anyway
        else:
            found = consumers.future_users(step.pci, step.index)
        owners = dict.fromkeys(user.text for user in found if user.owner)
        if owners:
            refused.append(
                "%s %s belongs to %s: set it in the XML there, because libvirt writes it to the VF from that"
                % (action.target, action.field, " and ".join(owners))
            )
    if refused:
        raise Conflict("refused, nothing was written: " + "; ".join(dict.fromkeys(refused)))


def _count_dangers(state, actions, users):
    for action in actions:
        if action.data.phase != COUNT:
            continue
        pf = state.pfs[action.data.pci]
        named = []
        for index, found in sorted(users.get(pf.pci, {}).items()):
            address = pf.vfs[index].pci if index in pf.vfs else "unknown address"
            texts = dict.fromkeys(user.text for user in found)
            named += ["%s (%s): %s" % (state.name(pf.pci, index), address, text) for text in texts]
        if named:
            what = "changing the number of VFs of %s from %s to %s, which destroys all that exist,"
            yield Danger("vf_count:%s" % pf.name, what % (pf.name, pf.count, action.after), tuple(named))


def _vf_dangers(actions, users):
    hurt = {}
    for action in actions:
        step = action.data
        if step.new or not _takes(step):
            continue
        active = [user.text for user in users.get(step.pci, {}).get(step.index, ()) if user.active]
        if active:
            hurt.setdefault(action.target, ([], active))[0].append(action.field)
    for target, (fields, active) in hurt.items():
        yield Danger("vf:%s" % target, "changing %s of %s" % (", ".join(fields), target), tuple(dict.fromkeys(active)))
