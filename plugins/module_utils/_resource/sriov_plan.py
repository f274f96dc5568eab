# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is and what is wished to the ordered steps between. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._model.action import BEST_EFFORT, DRIVER_PROBE, NOW, UNKNOWN, Action
from .._model.sriov_wish import DEFAULT, VFIO, VfWish
from .._model.vf_attributes import DOT1Q, GROUPS, MAC, NO_MAC, VLAN, merged

UP, AUTOPROBE, COUNT, ATTRIBUTE, DRIVER = "up", "autoprobe", "count", "attribute", "driver"
_DIFFERS = "differs"
_NOT_LISTED = "not listed, so back to its default"


@dataclass(frozen=True)
class Step:
    """What carries an action out. ``wished``: the attributes of one group that are wished; ``values``: that whole group
    afterwards, as far as is known now.

    ``index``: of the VF; None for the physical function itself. ``new``: the VF is yet to be made. ``disturbs``:
    devices whose traffic stops meanwhile.
    """

    phase: str
    pci: str
    index: object = None
    group: tuple = ()
    wished: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    new: bool = False
    disturbs: tuple = ()


def plan(desired, state):
    """Physical functions first (up, autoprobe, count), then what their drivers keep for each VF, then the VFs' own
    drivers."""
    actions, remade = [], set()
    for wish in desired.pfs:
        steps = _pf_actions(wish, state.pfs[wish.pci])
        actions += steps
        remade.update(action.data.pci for action in steps if action.data.phase == COUNT)
    wishes = [(wish, _DIFFERS) for wish in desired.vfs]
    if desired.purge:
        wishes += [
            (wish, _NOT_LISTED)
            for wish in _defaults(desired, state)
            if wish.pci not in remade and not state.used.get((wish.pci, wish.index))
        ]
    attributes, drivers = [], []
    autoprobes = {wish.pci: wish.autoprobe for wish in desired.pfs}
    for wish, reason in wishes:
        pf = state.pfs[wish.pci]
        vf = None if wish.pci in remade else pf.vfs.get(wish.index)
        probed = autoprobes.get(wish.pci)
        probed = pf.autoprobe is not False if probed is None else probed
        attributes += _attribute_actions(state.name(wish.pci, wish.index), wish, pf, vf, probed, reason)
        drivers += _driver_actions(state.name(wish.pci, wish.index), wish, vf, reason)
    return actions + attributes + drivers


def _pf_actions(wish, pf):
    actions = []
    if wish.up and not pf.up and wish.num_vfs != 0:
        actions.append(Action(pf.name, "up", False, True, "its VFs work only while it is up", data=Step(UP, pf.pci)))
    if wish.autoprobe is not None and pf.autoprobe is not wish.autoprobe:
        reason = "whether VFs made from now on get their driver by themselves"
        actions.append(Action(pf.name, "autoprobe", pf.autoprobe, wish.autoprobe, reason, data=Step(AUTOPROBE, pf.pci)))
    if wish.num_vfs is not None and (pf.present is UNKNOWN or pf.present != wish.num_vfs):
        reason = _DIFFERS
        if pf.vfs:
            reason = (
                "the number of VFs changes only through 0: the %d that exist are destroyed with their settings"
                % len(pf.vfs)
            )
        netdevs = tuple(netdev for _index, vf in sorted(pf.vfs.items()) for netdev in vf.netdevs)
        disturbed = ((pf.name,) if pf.traits.resets_pf else ()) + netdevs
        step = Step(COUNT, pf.pci, disturbs=disturbed)
        actions.append(Action(pf.name, "num_vfs", pf.present, wish.num_vfs, reason, reversible=BEST_EFFORT, data=step))
    return actions


def _attribute_actions(name, wish, pf, vf, probed, reason):
    current = {} if vf is None else vf.attributes
    actions = []
    for group in GROUPS:
        wished = {attribute: wish.attributes[attribute] for attribute in group if attribute in wish.attributes}
        differing = [attribute for attribute, value in wished.items() if current.get(attribute, UNKNOWN) != value]
        if not differing:
            continue
        disturbs = tuple(vf.netdevs) if vf is not None and group in (MAC, VLAN) else ()
        step = Step(
            ATTRIBUTE, wish.pci, wish.index, group, wished, merged(group, current, wished), vf is None, disturbs
        )
        waits = group == MAC and (wished["mac"] == NO_MAC or _waits_for_probe(pf, vf, probed))
        effect = DRIVER_PROBE if waits else NOW
        actions += [
            Action(
                name, attribute, current.get(attribute, UNKNOWN), wished[attribute], reason, effect=effect, data=step
            )
            for attribute in differing
        ]
    return actions


def _waits_for_probe(pf, vf, probed):
    """A VF's driver takes the address that it finds when it is probed (igbvf: "Reload the VF driver to make this change
    effective")."""
    if pf.traits.mac_now:
        return False
    return probed if vf is None else vf.driver is not None and not vf.vfio


def satisfied(wished, vfio, override):
    """Whether a VF's driver is as wished. A VF without any driver has its default one: the kernel has none for it, or
    was told not to probe."""
    if wished == VFIO:
        return vfio
    return not vfio and override is None


def _driver_actions(name, wish, vf, reason):
    if wish.driver is None or (vf is not None and satisfied(wish.driver, vf.vfio, vf.override)):
        return []
    step = Step(DRIVER, wish.pci, wish.index, new=vf is None, disturbs=() if vf is None else tuple(vf.netdevs))
    return [Action(name, "driver", UNKNOWN if vf is None else vf.driver, wish.driver, reason, data=step)]


def _defaults(desired, state):
    """A wish for the defaults of every VF that is there and not listed. The MAC address stays: nothing tells an
    administrator's from the VF's own."""
    listed = {(wish.pci, wish.index) for wish in desired.vfs}
    for pf_wish in desired.pfs:
        pf = state.pfs[pf_wish.pci]
        for index, vf in sorted(pf.vfs.items()):
            if (pf.pci, index) not in listed:
                yield VfWish(pf.pci, index, pf_wish.path, _default_attributes(pf.traits, vf.attributes), DEFAULT)


def _default_attributes(traits, shown):
    defaults = {
        "vlan": 0,
        "qos": 0,
        "vlan_protocol": DOT1Q,
        "trust": False,
        "link_state": "auto",
        "min_tx_rate": 0,
        "max_tx_rate": 0,
        "query_rss": False,
        "spoofchk": traits.spoofchk,
    }
    return {
        name: value
        for name, value in defaults.items()
        if value is not None and name in shown and name not in traits.refuses
    }


def to_reset(desired, state):
    """``{PCI address: [index]}`` of the VFs that a purge would change: whether they are used must be known first."""
    found = {}
    for wish in _defaults(desired, state):
        vf = state.pfs[wish.pci].vfs[wish.index]
        differs = any(vf.attributes[name] != value for name, value in wish.attributes.items())
        if differs or not satisfied(wish.driver, vf.vfio, vf.override):
            found.setdefault(wish.pci, []).append(wish.index)
    return found
