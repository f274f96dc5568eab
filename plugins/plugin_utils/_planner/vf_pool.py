# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual functions of this host: which NIC keeps or gets which, and how many each card must have."""

from __future__ import annotations

from .host_facts import Sriov

# A number of VFs cannot grow later without destroying them all (drivers/pci/iov.c, sriov_numvfs_store: EBUSY).
LEAST = 4
HEADROOM = 2


class PfPool:
    """One card. ``stated``: the number of VFs that the inventory wants it to have, or None."""

    def __init__(self, device, stated, facts):
        self.device = device
        self.stated = stated
        self._facts = facts
        sriov = device.sriov if isinstance(device.sriov, Sriov) else None
        self._vfs = sriov.vfs if sriov else {}
        self._count = sriov.count if sriov else None
        self._total = sriov.total if sriov else None
        self.refusal = self._refusal()
        self.limit = 0 if self.refusal else (stated or self._count or self._total)
        self._taken = {}
        self._free = {index: None for index in range(self.limit) if self._why_not(index) is None}

    def _refusal(self):
        """Why no VF of this card can be given away, or None."""
        name = self.device.name
        if self.stated == 0:
            return "%s is to have no VFs (vfs: 0)" % name
        if self.device.sriov is None:
            return "%s has no SR-IOV" % name
        if self.stated is None and (self._count is None or (self._count == 0 and self._total is None)):
            return "the number of VFs of %s could not be read" % name
        if self.stated is None and self._count == 0 and self._total == 0:
            return "the firmware gives %s no VFs" % name
        if self.stated is None and self._count == 0 and self.device.management:
            return (
                "%s may carry the connection to this host, which making its first VFs can interrupt: state vfs for it, "
                "and consent when asked" % name
            )
        return None

    def keeps(self, index, owner):
        """Give VF ``index`` to the NIC that has it already; False when it will not exist or another NIC has it."""
        if index >= self.limit or index in self._taken:
            return False
        self.take(index, owner)
        return True

    def _why_not(self, index):
        """Why a VF that no NIC of this plan has cannot be given away, or None."""
        vf = self._vfs.get(index)
        if vf is None:
            return None if self._count is None or index >= self._count else "could not be read"
        if not vf.free:
            return "is used by %s" % "; ".join(vf.users) if vf.users else "is not known to be free"
        isolated = self._facts.isolated(vf)
        if isolated:
            return None
        if isolated is None:
            return "has no known IOMMU group"
        return "shares its IOMMU group with %s" % (" and ".join(vf.mates) or "others")

    def first_free(self, node=None):
        """The lowest free index, of those on ``node`` when one is given; None when there is none."""
        return next((index for index in self._free if node is None or self.node(index) == node), None)

    def node(self, index):
        vf = self._vfs.get(index)
        return vf.node if vf is not None and vf.node is not None else self.device.node

    def pci(self, index):
        vf = self._vfs.get(index)
        return vf.pci if vf is not None else None

    def take(self, index, owner):
        self._taken[index] = owner
        self._free.pop(index, None)

    def exhausted(self):
        """Why nothing is left, as a sentence."""
        if self.refusal:
            return self.refusal
        others = [(index, self._why_not(index)) for index in range(self.limit) if index not in self._taken]
        parts = ["VF %d %s" % (index, why) for index, why in others[:3] if why]
        if len(others) > 3:
            parts.append("%d more are not free either" % (len(others) - 3))
        if self._taken:
            parts.insert(0, "%d for NICs of this plan" % len(self._taken))
        return "no free VF on %s, which has %d: %s" % (self.device.name, self.limit, ", ".join(parts))

    def wanted(self):
        """How many VFs the card is to have, or None when nothing is asked of it."""
        if self.stated is not None:
            return self.stated if self.device.sriov is not None else None
        if not self._taken:
            return None
        return self._count or min(max(LEAST, HEADROOM * len(self._taken)), self._total)


class VfPools:
    """All cards of this host that the inventory uses."""

    def __init__(self, networks, counts, facts):
        self._pools = {}
        for local in networks.values():
            for device in local.devices:
                if device.name not in self._pools:
                    self._pools[device.name] = PfPool(device, counts.get(device.name), facts)

    def of(self, local):
        return [self._pools[device.name] for device in local.devices]

    def pool(self, name):
        return self._pools[name]

    def all(self):
        return [self._pools[name] for name in sorted(self._pools)]

    def keep(self, local, interface, owner):
        """``(pf, index)`` when the NIC's interface sits on a VF of this network already and may stay, else None."""
        if interface is None or interface.vf is None:
            return None
        pf, index = interface.vf
        if pf in {device.name for device in local.devices} and self._pools[pf].keeps(index, owner):
            return pf, index
        return None

    def allocate(self, local, node, owner):
        """The first free ``(pf, index)`` of the network's uplinks, those on ``node`` before others; None when there is
        none.
        """
        for wanted in (None,) if node is None else (node, None):
            for pool in self.of(local):
                index = pool.first_free(wanted)
                if index is not None:
                    pool.take(index, owner)
                    return pool.device.name, index
        return None
