# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule where its premise holds, and where it does not."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.rules import PREMISES
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.placed import (
    intent,
    machine,
    nic,
    pinning,
    rule,
)
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned

APPLIED, ABSENT, NOT = "applied", "premise absent", "not applicable"


def steering(found, device="ens2"):
    return next((entry for entry in found["steering"]["devices"] if entry["device"] == device), None)


def targets(found):
    return {
        entry.get("device") or entry["vf"]: (entry["policy"], entry["cpus"]) for entry in found["interrupts"]["targets"]
    }


class TestSteering:
    """host_rss and host_rps."""

    def plan(self, profile="best_performance", rules=None, vcpus=1, **uplink):
        facts = machine(world.domain("web", vcpus=vcpus), cards=[card(**uplink)])
        return planned(intent(profile, rules, web=("near",)), facts)

    def test_off_on_a_small_uplink_of_single_queue_guests(self):
        found = self.plan()
        assert found["steering"] == {
            "devices": [{"device": "ens2", "rss_queues": 1, "rps": "off", "rfs_flows": 0}],
            "rps_default_cpus": "off", "rps_sock_flow_entries": 0,
        }  # fmt: skip
        assert [rule(found, name, "ens2")[0][:2] for name in ("host_rss", "host_rps")] == [(APPLIED, "off")] * 2
        # Fewer channels would reset the port under its guests.
        assert "resets the port" in rule(found, "host_rss", "ens2")[0][2]

    @pytest.mark.parametrize(
        ("uplink", "words"),
        [
            ({"speed_mbit": 25000}, "runs at 25000 Mb/s"),
            ({"speed_mbit": None, "driver": "ice"}, "the speed of ens2 is unknown"),
            ({"speed_mbit": "unknown", "driver": None}, "the speed of ens2 is unknown"),
        ],
    )
    def test_left_alone_on_a_fast_uplink_or_who_knows(self, uplink, words):
        found = self.plan(**uplink)
        assert found["steering"] == {"devices": []}
        for name in ("host_rss", "host_rps"):
            ((state, _value, reason),) = rule(found, name, "ens2")
            assert state == ABSENT and words in reason
        assert rule(found, "host_rps", "host")[0][0] == ABSENT

    def test_a_card_without_a_link_is_known_by_its_driver(self):
        assert steering(self.plan(speed_mbit=None))["rss_queues"] == 1

    def test_left_alone_where_a_guest_has_several_queues(self):
        found = self.plan(rules={"queues": 2}, vcpus=2)
        assert found["steering"] == {"devices": []}
        assert rule(found, "host_rss", "ens2")[0][::2] == (ABSENT, "web/n0 has several queues")

    def test_left_alone_where_a_strangers_nic_has_several(self):
        stranger = dict(world.interface("x", "52:54:00:00:00:09"), type="direct", source={"device": "ens2"}, queues=4)
        facts = machine(world.domain("web"), world.domain("old", stranger))
        found = planned(intent(web=("near",)), facts)
        assert steering(found) is None and "does not list has several queues" in rule(found, "host_rss", "ens2")[0][2]

    def test_talk_2011_asks_for_no_premise(self):
        found = self.plan("talk_2011", speed_mbit=25000)
        assert steering(found) == {"device": "ens2", "rss_queues": 1, "rps": "off", "rfs_flows": 0}

    def test_one_queue_is_off_already(self):
        found = self.plan(queues={"rx": 1, "tx": 1})
        assert "rss_queues" not in steering(found) and rule(found, "host_rss", "ens2")[0][0] == NOT

    def test_local_queues(self):
        """As many as the node has cores for interrupts: here the housekeeping one; with more cores more."""
        assert steering(self.plan("multiqueue"))["rss_queues"] == 1
        facts = machine(world.domain("web"), cards=[card(queues={"rx": 8, "tx": 8})])
        facts["cpus"] = {"online": "0-63", "isolated": "", "nohz_full": "", "siblings": [str(cpu) for cpu in range(64)]}
        facts["numa_nodes"] = [{"id": 0, "cpus": "0-31", "memory_mib": 9}, {"id": 1, "cpus": "32-63", "memory_mib": 9}]
        found = planned(intent("multiqueue", web=("near",)), facts)
        assert steering(found)["rss_queues"] == 3 and targets(found) == {"ens2": ("spread", "33-35")}
        world.find(facts, "ens2")["queues"]["rx"] = 2
        assert steering(planned(intent("multiqueue", web=("near",)), facts))["rss_queues"] == 2

    @pytest.mark.parametrize(
        ("uplink", "state", "words"),
        [
            ({"queues": {"rx": 1}}, ABSENT, "single receive queue"),
            ({"queues": "unknown"}, ABSENT, "how many receive queues ens2 has could not be read"),
            ({"numa_node": None}, NOT, "its NUMA node is unknown"),
        ],
    )
    def test_local_queues_of_what_cannot_be_told(self, uplink, state, words):
        found = self.plan("multiqueue", **uplink)
        assert "rss_queues" not in (steering(found) or {})
        ((told, _value, reason),) = rule(found, "host_rss", "ens2")
        assert told == state and words in reason

    def test_a_single_queue_keeps_rps_in_multiqueue(self):
        """It is all that such a card has to spread with."""
        found = self.plan("multiqueue", queues={"rx": 1})
        assert steering(found) is None and "rps_default_cpus" not in found["steering"]

    def test_keep(self):
        found = self.plan(rules={"host_rss": "keep", "host_rps": "keep"})
        assert found["steering"] == {"devices": []} and rule(found, "host_rss", "ens2") == []

    def test_nothing_to_steer_where_all_guests_have_vfs(self):
        found = planned(
            {"networks": {"n": {"uplinks": [{"device": "ens2"}]}}, "guests": [guest("web", "n")]},
            machine(world.domain("web")),
        )
        assert found["steering"] == {"devices": []} and rule(found, "host_rps", "host")[0][0] == NOT

    def test_the_cards_below_a_bond(self):
        bond = world.nic("bond0", kind="bond")
        cards = [card("ens1", "0000:01:00.0", numa_node=0, master="bond0"), card(master="bond0"), bond]
        networks = {"near": {"uplinks": [{"device": "bond0"}]}}
        found = planned(intent(networks=networks, web=("near",)), machine(world.domain("web"), cards=cards))
        assert [entry["device"] for entry in found["steering"]["devices"]] == ["ens1", "ens2"]
        assert targets(found) == {"ens1": ("set", "1"), "ens2": ("set", "1")}


class TestInterrupts:
    """irq_cpu and posted_interrupts."""

    def vf(self, profile="best_performance", apicv=False, posted=False, rules=None, vcpus=1, **uplink):
        wish = dict(intent(profile, rules), guests=[guest("web", "near")])
        facts = machine(world.domain("web", vcpus=vcpus), cards=[card(count=7, **uplink)])
        facts["virtualization"] = {"apicv": apicv}
        facts["iommu"]["posted_interrupts"] = posted
        return planned(wish, facts)

    def test_on_the_vcpus_cpu_where_nothing_posts(self):
        found = self.vf()
        assert found["interrupts"] == {
            "targets": [{"vf": "ens2#0", "policy": "set", "cpus": "5"}],
            "default_cpus": "0,4",
        }
        assert nic(found, "web")["irq_cpus"] == nic(found, "web")["vcpu_cpus"] == "5"
        assert (nic(found, "web")["aligned"], nic(found, "web")["vhost_cpus"]) == ("cpu", None)
        assert rule(found, "irq_cpu", "web/n0")[0][:2] == (APPLIED, "vcpu")

    def test_of_several_vcpus_the_first(self):
        found = self.vf(vcpus=2)
        assert (
            targets(found) == {"ens2#0": ("set", "5")} and "as long as the guest" in nic(found, "web")["aligned_reason"]
        )

    @pytest.mark.parametrize(
        ("apicv", "posted", "words"), [(True, False, "would make it exit"), ("unknown", False, "could not be read"),
                                       (True, "unknown", "would make it exit")],
    )  # fmt: skip
    def test_beside_it_where_kvm_posts(self, apicv, posted, words):
        found = self.vf(apicv=apicv, posted=posted)
        assert targets(found) == {"ens2#0": ("set", "4")} and nic(found, "web")["aligned"] == "node"
        absent, applied = rule(found, "irq_cpu", "web/n0")
        assert absent[:2] == (ABSENT, "vcpu") and words in absent[2] and applied[:2] == (APPLIED, "node")

    @pytest.mark.parametrize("profile", ["best_performance", "multiqueue"])
    def test_posted_interrupts_are_left_alone(self, profile):
        found = self.vf(profile, apicv=True, posted=True)
        assert found["interrupts"]["targets"] == [] and nic(found, "web")["aligned"] == "posted"
        assert rule(found, "posted_interrupts", "host")[0][0] == APPLIED
        assert rule(found, "irq_cpu", "web/n0")[0][0] == NOT

    def test_posting_needs_both(self):
        found = self.vf(apicv=False, posted=True)
        assert targets(found) == {"ens2#0": ("set", "5")}
        assert rule(found, "posted_interrupts", "host")[0] == (ABSENT, "leave", "KVM uses neither APICv nor AVIC")

    def test_talk_2011_knows_no_posting(self):
        found = self.vf("talk_2011", apicv=True, posted=True)
        assert targets(found) == {"ens2#0": ("set", "5")} and nic(found, "web")["aligned"] == "cpu"

    def test_in_multiqueue_on_another_core(self):
        found = self.vf("multiqueue")
        assert targets(found) == {"ens2#0": ("spread", "4")} and nic(found, "web")["aligned"] == "node"

    def test_left_alone(self):
        found = self.vf(rules={"irq_cpu": "leave"})
        assert found["interrupts"] == {"targets": []}
        assert nic(found, "web")["aligned_reason"] == "the profile leaves interrupts alone"

    def test_a_card_on_no_known_node_on_its_guests(self):
        found = self.vf(apicv=True, numa_node=None)
        assert targets(found) == {"ens2#0": ("set", "0")} and nic(found, "web")["aligned"] == "no"
        assert "the card's own is unknown" in nic(found, "web")["aligned_reason"]
        assert nic(self.vf(numa_node=None), "web")["aligned"] == "cpu"

    def uplink(self, *names, profile="best_performance", facts=None, rules=None, **more):
        wish = intent(profile, rules, **dict.fromkeys(names, ("near",)))
        return planned(wish, facts or machine(*map(world.domain, names), cards=[card(**more)]))

    def test_an_uplink_that_serves_one_guest(self):
        found = self.uplink("a")
        assert targets(found) == {"ens2": ("set", "5")} and nic(found, "a")["aligned"] == "cpu"

    def test_an_uplink_that_serves_two(self):
        found = self.uplink("a", "b")
        assert targets(found) == {"ens2": ("set", "4")} and nic(found, "a")["aligned"] == "node"
        assert rule(found, "irq_cpu", "ens2")[0][::2] == (ABSENT, "it serves 2 guests")

    def test_talk_2011_serves_two_as_well(self):
        assert targets(self.uplink("a", "b", profile="talk_2011")) == {"ens2": ("set", "5-6")}

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"management": True}, "may carry the connection"),
            ({"addresses": ["192.0.2.1/24"]}, "has, or may have, an address"),
            ({"addresses": "unknown"}, "has, or may have, an address"),
        ],
    )
    def test_an_uplink_that_serves_the_host_too(self, more, words):
        found = self.uplink("a", **more)
        assert targets(found) == {"ens2": ("set", "4")} and words in rule(found, "irq_cpu", "ens2")[0][2]

    def test_an_uplink_that_serves_a_stranger_too(self):
        stranger = dict(world.interface("x", "52:54:00:00:00:09"), type="direct", source={"device": "ens2"})
        found = self.uplink("a", facts=machine(world.domain("a"), world.domain("old", stranger, pins={"0": "1"})))
        assert (
            targets(found) == {"ens2": ("set", "4")} and "guest old has a NIC" in rule(found, "irq_cpu", "ens2")[0][2]
        )

    def test_a_guest_that_shares_has_no_cpu_for_it(self):
        found = self.uplink("a", facts=machine(world.domain("a", vcpus=9)))
        assert rule(found, "irq_cpu", "ens2")[0][::2] == (ABSENT, "a has no CPU of its own")

    def test_an_uplink_on_no_known_node(self):
        """Of one guest: where that is. Of guests on two nodes: nowhere."""
        cards = [card("ens1", "0000:01:00.0", numa_node=0), card(numa_node=None)]
        facts = machine(world.domain("a"), world.domain("b"), cards=cards)
        facts["virtualization"]["apicv"] = True
        found = planned(intent(a=("near", "far", "far"), b=("near",)), facts)
        assert "ens2" not in targets(found) and nic(found, "b")["irq_cpus"] is None
        assert rule(found, "irq_cpu", "ens2")[1][0] == NOT and nic(found, "b")["aligned"] == "no"

    def test_one_node_needs_no_telling(self):
        facts = machine(world.domain("a"), world.domain("b"), cards=[card(numa_node=None)])
        facts["numa_nodes"] = [{"id": 0, "cpus": "0-7", "memory_mib": 9}]
        found = planned(intent(a=("near",), b=("near",)), facts)
        assert targets(found) == {"ens2": ("set", "0")} and nic(found, "a")["aligned"] == "node"

    def test_a_bridge_without_a_card_has_no_interrupts(self):
        found = planned(intent(a=("in",)), machine(world.domain("a")))
        assert found["interrupts"]["targets"] == [] and nic(found, "a")["irq_cpus"] is None
        assert nic(found, "a")["aligned"] == "node" and "no card is involved" in nic(found, "a")["aligned_reason"]

    def test_a_bridge_that_is_somebody_elses_on_another_node(self):
        """Its card's interrupts are not ours to place, its distance is told all the same."""
        cards = [card("ens1", "0000:01:00.0", numa_node=0, master="br9"), card(), world.nic("br9", kind="bridge")]
        found = planned(intent(web=("in", "near", "near")), machine(world.domain("web"), cards=cards))
        assert nic(found, "web")["aligned"] == "no"
        assert nic(found, "web")["aligned_reason"].startswith(
            "the card is on NUMA node 0, vCPUs and vhost workers are on"
        )

    def test_far_from_the_card(self):
        found = planned(intent(web=("near", "far", "far")), machine(world.domain("web")))
        assert nic(found, "web")["aligned"] == "cpu"
        wish = intent(rules={"irq_cpu": "node"}, web=("near", "far", "far"))
        found = planned(wish, machine(world.domain("web")))
        assert (
            nic(found, "web")["aligned"] == "no" and "interrupts on NUMA node 1" in nic(found, "web")["aligned_reason"]
        )


class TestReport:
    def test_every_entry_is_whole(self):
        found = planned(intent(web=("near",), db=("far", "in")), machine(world.domain("web"), world.domain("db")))
        for entry in found["rules"]:
            assert set(entry) == {"rule", "scope", "state", "value", "reason", "premise", "source"}
            assert entry["state"] in (APPLIED, ABSENT, NOT) and entry["reason"] and entry["source"]
            assert entry["premise"] in PREMISES.values()

    @pytest.mark.parametrize("name", ["best_performance", "talk_2011", "multiqueue", "compatible"])
    def test_every_built_in_rule_says_why_and_where(self, name):
        rules = validate({"profile": name}).profile.rules
        assert set(rules) == set(validate({}).profile.rules)
        for entry in rules.values():
            assert entry["reason"] and entry["source"] and entry["premise"] in PREMISES

    def test_talk_2011_has_no_premises(self):
        rules = validate({"profile": "talk_2011"}).profile.rules
        assert {entry["premise"] for entry in rules.values()} == {"none"}

    @pytest.mark.parametrize(("zero_copy", "told"), [(True, "on"), (False, "off"), ("unknown", "unknown")])
    def test_zero_copy_is_told(self, zero_copy, told):
        found = planned(intent(web=("near",)), machine(world.domain("web"), vhost_net={"zero_copy": zero_copy}))
        assert rule(found, "zero_copy", "host")[0][:2] == (APPLIED, told)

    def test_a_profile_of_ones_own(self):
        wish = intent(rules={"vhost_cpu": {"value": "own_core", "reason": "we measured it"}}, web=("near",))
        found = planned(wish, machine(world.domain("web")))
        assert rule(found, "vhost_cpu", "web/n0") == [(APPLIED, "own_core", "we measured it")]
        assert pinning(found, "web")["emulator"] == "4,6"
