# SPDX-License-Identifier: GPL-3.0-or-later
"""What leads physical and virtual functions back to how they were before a run. Pure."""

from __future__ import annotations

from .._model.action import UNKNOWN
from .._model.sriov_wish import DEFAULT, VFIO
from .._model.undo import Undo
from .._model.vf_attributes import DOT1Q, MAC, NO_MAC, RATE, VLAN
from .sriov_plan import ATTRIBUTE, AUTOPROBE, COUNT, UP


class SriovUndo:
    """Of one run that wished ``desired`` and found ``before``. Functions are named by PCI address, because names change."""

    def __init__(self, desired, before):
        self._desired, self._before = desired, before
        self._pfs, self._vfs, self._consents, self._uncovered = {}, {}, {}, {}

    def undo(self, actions):
        for action in actions:
            # what stopped for the change may carry the connection, and stops for leading it back
            self._consents.update(("management:%s" % name, True) for name in action.data.disturbs)
            self._take(action, action.data)
        uncovered = tuple(self._uncovered)
        if not self._pfs and not self._vfs:
            return Undo(None, (), uncovered)
        params = {
            "pfs": list(self._pfs.values()),
            "vfs": [self._vfs[key] for key in sorted(self._vfs)],
            "purge": False,
            "ignore_unsupported": self._desired.ignore_unsupported,
        }
        return Undo(params, tuple(self._consents), uncovered)

    def _tell(self, text):
        self._uncovered[text] = True

    def _take(self, action, step):
        if step.phase == UP:
            self._tell(
                "%s was down and stays up, without IPv6 addresses of its own by itself: nothing here takes a physical "
                "function down" % action.target
            )
        elif step.phase == AUTOPROBE:
            if action.before is UNKNOWN:
                self._tell("autoprobe of %s could not be read and stays as it is" % action.target)
            else:
                self._pf(step.pci)["autoprobe"] = action.before
        elif step.phase == COUNT:
            self._count(action, step)
        elif not step.new:  # what was set of a new VF goes with it
            vf = self._before.pfs[step.pci].vfs[step.index]
            item = self._vf(step.pci, vf)
            if step.phase == ATTRIBUTE:
                self._attribute(action, step, vf, item)
            else:
                self._driver(action.target, vf, item)

    def _pf(self, pci):
        return self._pfs.setdefault(pci, {"pf": pci, "up": False})

    def _vf(self, pci, vf):
        return self._vfs.setdefault((pci, vf.index), {"pf": pci, "index": vf.index})

    def _count(self, action, step):
        pf, count = self._before.pfs[step.pci], action.before
        if count == 0:
            self._pf(step.pci)["num_vfs"] = 0
        elif action.after == 0 and count is not UNKNOWN:
            self._pf(step.pci)["num_vfs"] = count
            for vf in pf.vfs.values():
                self._whole(pf, vf)
            self._tell(
                "the %d VFs of %s are made anew: who used them does not get them back by that" % (count, pf.name)
            )
        else:
            self._tell(
                "the VFs that %s had (%d) were destroyed for another number of them: that is not led back, because it "
                "would destroy those that exist now" % (pf.name, len(pf.vfs))
            )

    def _attribute(self, action, step, vf, item):
        if action.before is UNKNOWN:
            self._tell("%s of %s is not told by its driver and stays as it is" % (action.field, action.target))
        elif step.group == MAC:
            self._mac(action.target, vf, item)
        elif step.group == VLAN:
            self._vlan(vf, item)
        else:
            item[action.field] = action.before

    def _mac(self, name, vf, item):
        mac = vf.attributes["mac"]
        item["mac"] = "none" if mac == NO_MAC else mac
        if mac != NO_MAC:
            self._tell(
                "%s has %s as set by an administrator: whether an administrator had set it cannot be told" % (name, mac)
            )

    @staticmethod
    def _vlan(vf, item):
        item.update((name, vf.attributes[name]) for name in VLAN)
        if not item["vlan"]:
            item["vlan_protocol"] = DOT1Q  # without a VLAN there is no other

    def _driver(self, name, vf, item):
        item["driver"] = VFIO if vf.vfio else DEFAULT
        if vf.vfio and vf.driver != VFIO:
            self._tell("%s gets vfio-pci and not %s, which it had" % (name, vf.driver))
        elif vf.override not in (None, VFIO):
            self._tell("%s was kept for the driver %s, and gets its default one" % (name, vf.override))
        elif vf.driver is None:
            self._tell("%s had no driver, and gets its default one where drivers are probed" % name)

    def _whole(self, pf, vf):
        item = self._vf(pf.pci, vf)
        for name, value in vf.attributes.items():
            # 0 and off are what a new VF has, and some drivers refuse to be told so
            told = value or name not in RATE + ("query_rss",)
            if told and name not in MAC + VLAN and name not in pf.traits.refuses:
                item[name] = value
        if vf.attributes.get("vlan"):
            self._vlan(vf, item)
        if "mac" in vf.attributes and "mac" not in pf.traits.refuses:
            self._mac(self._before.name(pf.pci, vf.index), vf, item)
        if vf.vfio:
            self._driver(self._before.name(pf.pci, vf.index), vf, item)
