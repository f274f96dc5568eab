# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of each rule, host by host, device by device, guest by guest."""

from __future__ import annotations

from .rules import PREMISES

APPLIED, ABSENT, NOT_APPLICABLE = "applied", "premise absent", "not applicable"
HOST = "host"


class RuleReport:
    """Collects entries for the plan. ``scope``: ``host``, a device, a guest, or a guest's NIC as ``guest/nic``."""

    def __init__(self, profile):
        self._rules = profile.rules
        self.entries = []

    def applied(self, rule, scope, value=None, reason=None):
        """``value`` and ``reason``: the profile's own unless given."""
        self._add(rule, scope, APPLIED, value, reason)

    def absent(self, rule, scope, reason):
        self._add(rule, scope, ABSENT, None, reason)

    def not_applicable(self, rule, scope, reason):
        self._add(rule, scope, NOT_APPLICABLE, None, reason)

    def _add(self, rule, scope, state, value, reason):
        stated = self._rules[rule]
        self.entries.append(
            {
                "rule": rule,
                "scope": scope,
                "state": state,
                "value": stated["value"] if value is None else value,
                "reason": stated["reason"] if reason is None else reason,
                "premise": PREMISES[stated["premise"]],
                "source": stated["source"],
            }
        )
