# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan, as audit_info compares it with a host and the reconciler keeps it."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.kvm.vnic.plugins.filter import wishes
from ansible_collections.kvm.vnic.plugins.module_utils._module.wished import SPECS, wished
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.shape import empty
from ansible_collections.kvm.vnic.tests.unit.plugins.filter.test_filters import FACTS, INTENT, TestPlan

call = wishes.FilterModule().filters()["wishes"]


def test_a_plan_that_asks_for_nothing_leaves_every_module_out():
    assert call(empty("hv1", "best_performance")) == {}


def test_what_is_planned_is_what_the_modules_take():
    plan = TestPlan.call(INTENT, FACTS, "hv1")
    found = call(plan)
    assert found["sriov"] == {"pfs": plan["pfs"], "vfs": plan["vfs"]}
    assert found["domain_interface"] == {"domains": plan["domains"]}
    assert set(wished(found)) == set(found) <= set(SPECS)


def test_what_the_collection_made_goes_where_that_is_wished():
    found = call(empty("hv1", "best_performance"), purge=True)
    assert found == {
        "vlan": {"vlans": [], "purge": True},
        "bridge": {"bridges": [], "purge": True},
        "irq_affinity": {"targets": [], "purge": True},
    }


def test_bridges_of_open_vswitch_go_only_where_it_is_used():
    plan = dict(empty("hv1", "switched"), ovs={"bridges": [{"name": "br0"}], "flows": []})
    assert call(plan, True)["ovs_bridge"] == {"bridges": [{"name": "br0"}], "purge": True}
    assert "ovs_flows" not in call(plan, True)


def test_what_is_no_wish_of_interrupts_or_steering_is_not_stated():
    plan = dict(
        empty("hv1", "x"),
        interrupts={"targets": [], "default_cpus": None},
        steering={"devices": [], "rps_default_cpus": "0"},
    )
    assert call(plan) == {"packet_steering": {"devices": [], "rps_default_cpus": "0", "best_effort": True}}


@pytest.mark.parametrize("plan", [{}, None, "x", [], {"pfs": []}])
def test_something_else_is_refused(plan):
    with pytest.raises(AnsibleFilterError, match=r"kvm\.vnic\.wishes: needs a plan"):
        call(plan)


@pytest.mark.parametrize("purge", ["yes", 1, None])
def test_purge_is_true_or_false(purge):
    with pytest.raises(AnsibleFilterError, match="purge"):
        call(empty("hv1", "x"), purge)
