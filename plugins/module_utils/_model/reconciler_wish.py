# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module ``reconciler`` is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from .action import plain
from .addresses import parse_pci
from .fields import Problems
from .sriov_selector import parse_pf

INTERVAL = 900  # seconds between two passes that nothing asked for
SHORTEST, LONGEST = 60, 86400


@dataclass(frozen=True)
class ReconcilerWish:
    """``resources``: ``{kind: parameters}``; ``interval``: seconds, 0 for no timer; ``unmanaged``: PCI addresses of the VFs
    that network managers are kept off, None for those that guests' NICs in ``resources`` take."""

    present: bool
    resources: dict = field(default_factory=dict)
    interval: int = INTERVAL
    unmanaged: object = None

    def guest_vfs(self):
        """``(addresses, [(PF selector, index), …])`` of the VFs that guests' NICs in ``resources`` take."""
        addresses, named = set(), []
        for domain in (self.resources.get("domain_interface") or {}).get("domains") or ():
            for interface in domain.get("interfaces") or ():
                source = interface.get("source") or {}
                if interface.get("state") == "absent" or interface.get("type") != "hostdev":
                    continue
                if source.get("pci") is not None:
                    addresses.add(parse_pci(source["pci"]))
                elif source.get("pf") is not None and source.get("index") is not None:
                    named.append((parse_pf(source["pf"]), source["index"]))
        return addresses, named

    def devices(self):
        """Names of the host's devices that the kept state sets something of, as far as it says names."""
        found = set()
        for kind, key, field_name in (
            ("sriov", "pfs", "pf"),
            ("macvtap", "lower_devices", "name"),
            ("vlan", "vlans", "lower"),
            ("packet_steering", "devices", "device"),
            ("bridge", "bridges", "name"),
        ):
            for item in (self.resources.get(kind) or {}).get(key) or ():
                if isinstance(item, dict) and isinstance(item.get(field_name), str):
                    found.add(item[field_name])
        return sorted(found)


def _interval(value, problems):
    if value is None:
        return INTERVAL
    if value == 0 and not isinstance(value, bool):
        return 0
    return problems.whole(value, SHORTEST, LONGEST, "number of seconds between two passes (or 0 for no timer)")


def parse_reconciler(params):
    """The :class:`ReconcilerWish`. Raises InvalidInput with every problem."""
    problems = Problems()
    if params.get("state") == "absent":
        for name in ("resources", "unmanaged"):
            if params.get(name) is not None:
                problems.at(name).add(params[name], "goes with state present only: leave it out")
        problems.raise_if_any()
        return ReconcilerWish(False)
    resources = params.get("resources")
    if resources is None:
        problems.at("resources").add(None, "is missing: say what the host is kept at, {} for nothing yet")
    interval = _interval(params.get("interval"), problems.at("interval"))
    unmanaged = params.get("unmanaged")
    if unmanaged is not None:
        found = [
            problems.at("unmanaged").at(place).parse(parse_pci, "" if address is None else address)
            for place, address in enumerate(unmanaged)
        ]
        problems.at("unmanaged").unique(found, "PCI address")
        unmanaged = tuple(sorted(address for address in found if address is not None))
    problems.raise_if_any()
    kept = plain({kind: wish for kind, wish in resources.items() if wish is not None})  # as it is read back
    return ReconcilerWish(True, kept, interval, unmanaged)
