# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests a host's plan is about."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.fleet import homeless
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.macs import made_mac
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner.world import card, guest, planned, problems


class TestGuests:
    networks = {"prod": {"uplinks": [{"device": "ens2"}]}}

    def test_only_those_that_live_here(self):
        facts = world.host(card(), domains=[world.domain("web1"), world.domain("stranger")])
        found = planned({"networks": self.networks, "guests": [guest("web1", "prod"), guest("web2", "prod")]}, facts)
        assert [nic["guest"] for nic in found["nics"]] == ["web1"]
        assert [domain["name"] for domain in found["domains"]] == ["web1"]

    def test_by_uuid_under_another_name(self):
        facts = world.host(card(), domains=[world.domain("{{ lookup('pipe','id') }}", uuid=world.uuid_of("x").upper())])
        wish = dict(guest("web1", "prod"), uuid=world.uuid_of("x"))
        found = planned({"networks": self.networks, "guests": [wish]}, facts)
        assert found["nics"][0]["guest"] == "web1" and found["domains"][0]["name"] == "{{ lookup('pipe','id') }}"
        assert found["nics"][0]["uuid"] == world.uuid_of("x")

    def test_another_guest_of_that_name(self):
        facts = world.host(card(), domains=[world.domain("web1", uuid=world.uuid_of("y"))])
        found = planned(
            {"networks": self.networks, "guests": [dict(guest("web1", "prod"), uuid=world.uuid_of("x"))]}, facts
        )
        assert found["nics"] == [] and "is left alone" in found["notes"][0]

    def test_listed_twice_by_uuid_and_by_name(self):
        facts = world.host(card(), domains=[world.domain("web1", uuid=world.uuid_of("x"))])
        wishes = [dict(guest("label", "prod"), uuid=world.uuid_of("x")), guest("web1", "prod")]
        (problem,) = problems({"networks": self.networks, "guests": wishes}, facts)
        assert problem.path == "vnic_guests[1].name" and "list it once" in problem.message

    def test_announced_for_this_host(self):
        intent = {"networks": self.networks, "guests": [dict(guest("web1", "prod"), host="hv1")]}
        found = planned(intent, world.host(card(count=4)))
        (nic,) = found["nics"]
        assert nic["status"].startswith("pending: guest is not defined") and nic["uuid"] is None
        assert (
            "hostdev" in nic["xml"]
            and found["domains"] == []
            and found["pfs"] == [{"pf": "ens2", "num_vfs": 4, "permanent_mac": world.mac_of("ens2")}]
        )
        assert planned(intent, world.host(card()), "hv2")["nics"] == []

    def test_those_defined_come_before_those_announced(self):
        intent = {"networks": self.networks, "guests": [dict(guest("aaa", "prod"), host="hv1"), guest("zzz", "prod")]}
        nics = planned(intent, world.host(card(count=1, total=1), domains=[world.domain("zzz")]))["nics"]
        assert [(nic["guest"], nic["attachment"]) for nic in nics] == [("zzz", "sriov"), ("aaa", "macvtap")]

    def test_without_libvirt_no_guest_is_known(self):
        facts = world.host(card(), libvirt={"available": False, "problem": "python3-libvirt is missing", "domains": []})
        found = planned({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)
        assert found["nics"] == [] and "python3-libvirt is missing" in found["notes"][0]

    def test_a_guest_whose_nics_are_unknown(self):
        facts = world.host(card(), domains=[dict(world.domain("web1"), interfaces="unknown")])
        (problem,) = problems({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)
        assert problem.path == "vnic_guests[0]" and "could not be read" in problem.message

    def test_an_address_that_another_nic_has(self):
        mac = made_mac("web1", "n0", "52:54")
        facts = world.host(card(), domains=[world.domain("web1"), world.domain("old", world.interface(None, mac))])
        (problem,) = problems({"networks": self.networks, "guests": [guest("web1", "prod")]}, facts)
        assert problem.path == "vnic_guests[0].interfaces[0].mac" and "guest old" in problem.message

    def test_two_nics_here_with_one_address(self):
        mac = "52:54:00:00:00:07"
        facts = world.host(
            card(),
            domains=[world.domain("a", world.interface("n0", mac)), world.domain("b", world.interface("n0", mac))],
        )
        (problem,) = problems({"networks": self.networks, "guests": [guest("a", "prod"), guest("b", "prod")]}, facts)
        assert "b/n0 is a/n0's too" in problem.message

    def test_purge_is_passed_on(self):
        facts = world.host(card(), domains=[world.domain("web1")])
        found = planned({"purge": True, "guests": [{"name": "web1", "interfaces": []}]}, facts)
        assert found["domains"] == [{"name": "web1", "uuid": world.uuid_of("web1"), "interfaces": [], "purge": True}]

    def test_the_homeless(self):
        intent = {
            "networks": self.networks,
            "guests": [guest("web1", "prod"), guest("web2", "prod"), {"name": "web3", "interfaces": []},
                       dict(guest("web4", "prod"), host="hv1"), dict(guest("web5"), uuid=world.uuid_of("x"))],
        }  # fmt: skip
        first = planned(intent, world.host(card(), domains=[world.domain("web1")]))
        second = planned(
            intent, world.host(card(), domains=[world.domain("web3"), world.domain("?", uuid=world.uuid_of("x"))])
        )
        assert homeless(validate(intent), [first, second]) == ["web2", "web4"]
