# SPDX-License-Identifier: GPL-3.0-or-later
"""What a network function's interrupt is for, by the end of the name that its driver gave it.

The beginning proves nothing: it keeps a device's former name, two VFs may share one, and mlx5 has none. So which
device an interrupt belongs to is told by the device's ``msi_irqs`` alone, and the names only tell its own apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

COMBINED, RX, TX = "combined", "rx", "tx"
VECTOR = "vector"  # of a function in a guest's hands: which queue the guest's driver has there is not to be seen
MISC = "misc"
QUEUES = (COMBINED, RX, TX, VECTOR)

_KINDS = {"input": RX, "output": TX, "rx": RX, "tx": TX}
# igb, igc, ixgbe, bnxt: eth0-TxRx-0, -rx-0, -tx-0; i40e, ice, iavf, idpf: driver-eth0-TxRx-0; ena: eth0-Tx-Rx-0;
# virtio: virtio1-input.0, -output.0
_QUEUE = re.compile(r"[-.](tx-?rx|rx-?tx|rx|tx|input|output)[-.](\d{1,5})\Z", re.ASCII | re.IGNORECASE)
_MLX5 = re.compile(r"^mlx5_comp(\d{1,5})(@pci:|\Z)", re.ASCII)
_VFIO = re.compile(r"^vfio-msix?\[(\d{1,5})\]\(", re.ASCII)
_INTX = re.compile(r"^vfio-intx\(", re.ASCII)
_SHARED = re.compile(r"^virtio\d+-virtqueues\Z", re.ASCII)  # drivers/virtio/virtio_pci_common.c: vectors were scarce
# The flow director of i40e (i40e-0000:3b:00.0:fdir-TxRx-0) serves no queue of packets.
_DIRECTOR = re.compile(r":fdir-", re.ASCII)
# bnxt keeps 17 characters: with a long device name the queue's number, and more, is cut off.
_CUT = re.compile(r".{9,}-(T|Tx|TxR|TxRx|TxRx-|r|rx|rx-|t|tx|tx-)\Z", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Role:
    """``kind``: ``combined``, ``rx``, ``tx``, ``vector`` or ``misc``; ``queue``: its number, None for ``misc``."""

    kind: str
    queue: object = None

    def __str__(self):
        return self.kind if self.queue is None else "%s %s" % (self.kind, self.queue)


def role_of(name):
    """The :class:`Role` that one name tells, ``queue`` None with a kind of queue where its number was cut off."""
    name = name.strip()
    for pattern, kind in ((_MLX5, COMBINED), (_VFIO, VECTOR)):
        match = pattern.match(name)
        if match:
            return Role(kind, int(match.group(1)))
    if _INTX.match(name):
        return Role(VECTOR, 0)
    if _SHARED.match(name):
        return Role(COMBINED, 0)
    match = _QUEUE.search(name)
    if match and not _DIRECTOR.search(name):
        return Role(_KINDS.get(match.group(1).lower(), COMBINED), int(match.group(2)))
    if _CUT.match(name):
        return Role(COMBINED)
    return Role(MISC)


def roles(names):
    """The roles of one function's interrupts, given in the order of their vectors.

    Numbers that are cut off, or cut short so that two are the same, are told by that order. Where nothing is named
    after a queue, a single interrupt serves them all.
    """
    found = [role_of(name) for name in names]
    if len(found) == 1 and found[0].kind == MISC:
        return [Role(COMBINED, 0)]
    numbered = [role for role in found if role.kind in QUEUES]
    if len(set(numbered)) == len(numbered) and all(role.queue is not None for role in numbered):
        return found
    counted = dict.fromkeys(QUEUES, 0)
    result = []
    for role in found:
        if role.kind in QUEUES:
            role = Role(role.kind, counted[role.kind])
            counted[role.kind] += 1
        result.append(role)
    return result
