# SPDX-License-Identifier: GPL-3.0-or-later
"""MAC addresses made of guest and NIC name: the same on every host, in every run, whoever else is in the inventory."""

from __future__ import annotations

import hashlib

ROUNDS = 64
_LEAVING = 2  # rounds that make holders leave; each time costs an address, and few are diverted three times


def made_mac(guest, nic, prefix, round_=0):
    """``prefix`` followed by as many bits of a SHA-256 as an address has left. ``round_`` gives other bits where the
    first are contested.
    """
    seed = "\0".join(("kvm.vnic", guest, nic) + ((str(round_),) if round_ else ()))
    octets = prefix.split(":")
    digest = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
    return ":".join(octets + ["%02x" % byte for byte in digest[: 6 - len(octets)]])


def assign(nics, stated, prefix):
    """``{(guest, nic): address}`` for ``nics`` (pairs), none of which is among the addresses ``stated`` or occurs
    twice.

    What two NICs would both get, neither gets: each goes on to its next round, also when one of them would have got it
    in an earlier round than the other. So the answer depends on nobody's order, and a NIC that is added later does not
    take the address that another already has, which that one's host, being down, could not tell. Raises ValueError when
    the prefix leaves too few addresses.
    """
    taken, assigned, holders = set(stated), {}, {}
    waiting = set(nics)
    for round_ in range(ROUNDS):
        claims = {}
        for pair in waiting:
            claims.setdefault(made_mac(pair[0], pair[1], prefix, round_), []).append(pair)
        for mac, claimants in claims.items():
            if mac in holders and round_ <= _LEAVING:
                waiting.add(holders[mac])
                del assigned[holders.pop(mac)]
            elif len(claimants) == 1 and mac not in taken:
                assigned[claimants[0]] = mac
                holders[mac] = claimants[0]
                waiting.discard(claimants[0])
        taken.update(claims)
        if not waiting:
            return assigned
    raise ValueError("leaves too few addresses for %d NICs: take a shorter prefix" % len(nics))
