# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.filter.fleet_outcome import FilterModule
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.outcome import fleet_outcome

FAILED = {"where": "Virtual functions", "why": "no more than 7"}
STAGES = ["asking", "asked", "planning", "applying", "verifying", "done"]
ACCOUNTS = st.fixed_dictionaries(
    {"stage": st.sampled_from(STAGES)}, optional={"changed": st.booleans(), "where": st.text(), "why": st.text()}
)


@pytest.mark.parametrize(
    ("account", "line", "stop"),
    [
        ({"stage": "done", "changed": False}, "ok", False),
        ({"stage": "done", "changed": True}, "changed", False),
        ({"stage": "asked"}, "not begun", False),
        ({"stage": "asking"}, "unknown: not reached; nothing was changed", False),
        ({"stage": "planning"}, "unknown: the connection was lost before anything was changed", False),
        (
            {"stage": "applying"},
            "unknown: the connection was lost while the plan was applied; what was done is not known",
            True,
        ),
        (
            {"stage": "verifying"},
            "unknown: the connection was lost when the plan had been applied; whether it shows is not known",
            True,
        ),
        (
            {"stage": "asking", **FAILED},
            "failed before anything was changed, at 'Virtual functions': no more than 7",
            False,
        ),
        (
            {"stage": "applying", "changed": False, **FAILED},
            "failed while the plan was applied, at 'Virtual functions': no more than 7",
            False,
        ),
        (
            {"stage": "verifying", "changed": True, **FAILED},
            "failed when the plan had been applied, at 'Virtual functions' (and was changed before that): no more than 7",
            True,
        ),
    ],
)
def test_each_end_is_told_and_stops_what_it_should(account, line, stop):
    found = fleet_outcome({"hv1": account})
    assert found["lines"][0] == "hv1: " + line and found["stop"] is stop


def test_what_is_left_is_named_and_nothing_else():
    accounts = {"hv2": {"stage": "done"}, "hv1": {"stage": "asking"}, "hv3": {"stage": "asked"}}
    assert fleet_outcome(accounts)["lines"][-1].endswith("--limit 'hv1,hv3'")
    assert fleet_outcome({"hv2": {"stage": "done"}})["lines"] == ["hv2: ok"]


@given(st.dictionaries(st.text(min_size=1), ACCOUNTS, max_size=5))
def test_every_host_has_one_line_of_visible_characters(accounts):
    found = fleet_outcome(accounts)
    assert list(found["hosts"]) == list(accounts) and len(found["lines"]) >= len(accounts)
    assert all(line.isprintable() or not line.isascii() for line in found["lines"])
    assert all(
        found["hosts"][host]["state"] != "ok" for host, account in accounts.items() if account["stage"] != "done"
    )


def test_a_long_reason_is_cut_and_a_hostile_one_defused():
    why = fleet_outcome({"hv1": {"stage": "applying", "where": "x", "why": "a\x1b[2J\n" + 999 * "b"}})["hosts"]["hv1"][
        "why"
    ]
    assert len(why) == 400 and why.startswith("a\ufffd[2J bbb") and why.endswith("…")


@pytest.mark.parametrize("value", [None, [], {"hv1": None}, {"hv1": {}}, {"hv1": {"stage": "begun"}}])
def test_no_accounts(value):
    with pytest.raises(AnsibleFilterError, match="needs the accounts of hosts by name"):
        FilterModule().filters()["fleet_outcome"](value)
