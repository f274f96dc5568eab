# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles are data: what a NIC may be attached to, best first, and why. The inventory adds its own by
``vnic_profiles``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .built_in import BUILT_IN
from .rules import MACVTAP, NO_PREMISE, SRIOV

DEFAULT_PROFILE = "best_performance"

# What a NIC asks for by ``requires``: the attachments that cannot give it, and why.
REQUIREMENTS = {
    "migration": {
        SRIOV: "requires migration: a guest with a VF passed through cannot migrate, the card holds its state",
    },
    "host_access": {
        MACVTAP: "requires host_access: a macvtap guest cannot reach its own host over the device below",
    },
    "filtering": {
        SRIOV: "requires filtering: packets of a VF never pass through the host, which could filter them",
        MACVTAP: "requires filtering: a macvtap bypasses the host's filters, and libvirt applies no nwfilter to it",
    },
    "mirroring": {
        SRIOV: "requires mirroring: packets of a VF never pass through the host, which could copy them",
        MACVTAP: "requires mirroring: packets between macvtaps of one uplink do not pass a port that could be mirrored",
    },
    "mac_change": {
        SRIOV: "requires mac_change: a VF's MAC is set by the host, an untrusted guest cannot change it",
        MACVTAP: "requires mac_change: a macvtap receives for its own MAC only, unless its guest is trusted",
    },
}


@dataclass(frozen=True)
class Profile:
    """One profile: ``attachments`` in order of preference; ``rules``: ``{name: {value, reason, premise,
    source}}``."""

    name: str
    description: str
    rules: dict = field(default_factory=dict)

    @property
    def attachments(self):
        return tuple(self.rules["attachments"]["value"])

    @property
    def model(self):
        return self.rules["model"]["value"]

    @property
    def backend(self):
        return self.rules["backend"]["value"]

    def value(self, rule):
        return self.rules[rule]["value"]

    def excludes(self, attachment):
        """Why this profile does not use ``attachment``."""
        return "the profile %s does not use it: %s" % (self.name, self.rules["attachments"]["reason"])


def built_in(name):
    entry = BUILT_IN[name]
    return Profile(name, entry["description"], entry["rules"])


def derived(name, entry, base):
    """The inventory's profile ``name`` on top of ``base``: rules that it states replace the base's, the others stay."""
    rules = dict(base.rules)
    for rule, stated in entry["rules"].items():
        value = stated["value"] if stated is not None else None
        if value is not None and not (isinstance(value, list) and None in value):
            premise = base.rules[rule]["premise"] if value == base.value(rule) else NO_PREMISE
            rules[rule] = {
                "value": value,
                "reason": stated["reason"] or "the profile %s of the inventory says so" % name,
                "premise": stated["premise"] or premise,
                "source": stated["source"] or "vnic_profiles.%s" % name,
            }
    return Profile(name, entry["description"] or "%s, changed in the inventory" % base.name, rules)
