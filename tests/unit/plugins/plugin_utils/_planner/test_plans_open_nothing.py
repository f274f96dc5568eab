# SPDX-License-Identifier: GPL-3.0-or-later
"""No plan weakens what a card or the kernel keeps guests from."""

from __future__ import annotations

import json

from hypothesis import given

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.strategies import hosts, intents
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.test_planner_properties import (
    few,
    plan_or_reject,
)


@few
@given(intents(), hosts())
def test_no_guest_is_trusted_and_no_check_is_taken_off(intent, facts):
    found = plan_or_reject(intent, facts)
    words = json.dumps({key: value for key, value in found.items() if key != "nics"})
    for word in ('"trust"', '"spoofchk"', '"trust_guest_rx_filters"', '"allow_disruption"', "allow_unsafe_interrupts"):
        assert word not in words
