# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad inventories: each is refused with its path, its value and what is allowed."""

from __future__ import annotations

import copy
import datetime

import pytest
import yaml

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.macs import made_mac
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate

GOOD = {
    "profile": "best_performance",
    "networks": {
        "prod": {"uplinks": [{"device": "0000:3b:00.1", "vfs": 8}], "vlan": 100, "mtu": 9000},
        "mgmt": {"switch": {"bridge": "br0"}},
    },
    "guests": [
        {
            "name": "web1",
            "interfaces": [
                {"name": "front", "network": "prod"},
                {"name": "adm", "network": "mgmt", "requires": ["migration"], "mac": "52:54:00:00:00:01"},
            ],
        },
        {"name": "web2", "uuid": "4dea22b3-1d52-d8f3-2516-782e98ab3fa0", "interfaces": []},
    ],
}


def problems(intent):
    with pytest.raises(InvalidInput) as caught:
        validate(intent)
    return caught.value.problems


def with_value(path, value):
    """GOOD with ``value`` at ``path``, its keys and indices separated by blanks."""
    intent = copy.deepcopy(GOOD)
    steps = [int(step) if step.isdigit() else step for step in path.split()]
    place = intent
    for step in steps[:-1]:
        place = place[step]
    if isinstance(place, list) and steps[-1] == len(place):
        place.append(value)
    else:
        place[steps[-1]] = value
    return intent


def test_the_good_one():
    intent = validate(GOOD)
    assert [guest.name for guest in intent.guests] == ["web1", "web2"]
    front, adm = intent.by_name["web1"].nics[1], intent.by_name["web1"].nics[0]
    assert (front.name, front.mac) == ("front", made_mac("web1", "front", "52:54"))
    assert (adm.name, adm.mac, adm.requires) == ("adm", "52:54:00:00:00:01", ("migration",))
    assert intent.networks["mgmt"].bridge == "br0" and intent.networks["prod"].vlan == 100


def test_a_line_end_is_no_part_of_a_name():
    (found,) = problems({"networks": {"prod\n": {"switch": {"bridge": "br1"}}}})
    assert "is no name we take" in found.message


def test_an_empty_one_is_valid():
    assert validate({}).guests == ()


UPLINK = "networks prod uplinks 0"
NIC = "guests 0 interfaces 0"
EMULATED = {"name": "a", "network": "prod", "model": "e1000"}
VALUES = [
    # where, value, the path as told, words of the message
    ("profil", "x", "vnic_profil", "did you mean 'profile'"),
    ("profile", "best_perfomance", "vnic_profile", "did you mean 'best_performance'"),
    ("profile", "swiched", "vnic_profile", "did you mean 'switched'"),
    ("profile", None, "vnic_profile", "is empty"),
    ("profile", True, "vnic_profile", "is a boolean"),
    ("mac_prefix", 3174, "vnic_mac_prefix", "put it in quotes"),  # 52:54 unquoted
    ("mac_prefix", "53:54", "vnic_mac_prefix", "multicast"),
    ("mac_prefix", "00:16:3e", "vnic_mac_prefix", "locally administered"),
    ("mac_prefix", "52:54:00:12:34", "vnic_mac_prefix", "one to four"),
    ("mac_prefix", "zz", "vnic_mac_prefix", "one to four"),
    ("purge", "yes", "vnic_purge", "true and false"),
    ("strict_placement", "yes", "vnic_strict_placement", "true and false"),
    ("housekeeping_cpus", "", "vnic_housekeeping_cpus", "is empty"),
    ("housekeeping_cpus", None, "vnic_housekeeping_cpus", "leave the key out"),
    ("housekeeping_cpus", True, "vnic_housekeeping_cpus", "is a boolean"),
    ("housekeeping_cpus", -1, "vnic_housekeeping_cpus", "0 to 8191"),
    ("housekeeping_cpus", 8192, "vnic_housekeeping_cpus", "0 to 8191"),
    ("housekeeping_cpus", 1.5, "vnic_housekeeping_cpus", "put it in quotes"),
    ("housekeeping_cpus", "0-9999", "vnic_housekeeping_cpus", "beyond the kernel's 8192"),
    ("housekeeping_cpus", "0-3:2", "vnic_housekeeping_cpus", "is no CPU list"),
    ("housekeeping_cpus", "3-0", "vnic_housekeeping_cpus", "runs backwards"),
    ("housekeeping_cpus", "ff", "vnic_housekeeping_cpus", "is no CPU list"),
    ("housekeeping_cpus", ["0"], "vnic_housekeeping_cpus", "is a list"),
    ("housekeeping_cpus", datetime.date(2024, 1, 1), "vnic_housekeeping_cpus", "is a date"),
    ("housekeeping_cpus", "{{ cpus }}", "vnic_housekeeping_cpus", "not expanded"),
    ("networks", [], "vnic_networks", "is a list: expected a mapping"),
    ("networks", None, "vnic_networks", "is empty (null)"),
    ("networks prod", None, "vnic_networks.prod", "is empty (null)"),
    ("networks prod", {}, "vnic_networks.prod", "leads nowhere"),
    ("networks prod vlna", 3, "vnic_networks.prod.vlna", "did you mean 'vlan'"),
    ("networks prod vlan", 0, "vnic_networks.prod.vlan", "1 to 4094"),
    ("networks prod vlan", -1, "vnic_networks.prod.vlan", "1 to 4094"),
    ("networks prod vlan", 4095, "vnic_networks.prod.vlan", "1 to 4094"),
    ("networks prod vlan", 4096, "vnic_networks.prod.vlan", "1 to 4094"),
    ("networks prod vlan", "100-200", "vnic_networks.prod.vlan", "1 to 4094"),
    ("networks prod vlan", "0100", "vnic_networks.prod.vlan", "octal"),
    ("networks prod vlan", True, "vnic_networks.prod.vlan", "boolean"),
    ("networks prod vlan", 100.0, "vnic_networks.prod.vlan", "1 to 4094"),
    ("networks prod vlan", None, "vnic_networks.prod.vlan", "leave the key out"),
    ("networks prod vlan", "{{ vlan }}", "vnic_networks.prod.vlan", "not expanded"),
    ("networks prod mtu", 67, "vnic_networks.prod.mtu", "68 to 65535"),
    ("networks prod mtu", 65536, "vnic_networks.prod.mtu", "68 to 65535"),
    ("networks prod uplinks", {"device": "ens2"}, "vnic_networks.prod.uplinks", "is a mapping: expected a list"),
    ("networks prod uplinks", ["ens2"], "vnic_networks.prod.uplinks[0]", "with the keys device, vfs"),
    (UPLINK, {"vfs": 3}, "vnic_networks.prod.uplinks[0].device", "is missing"),
    (UPLINK + " num_vfs", 3, "vnic_networks.prod.uplinks[0].num_vfs", "did you mean 'vfs'"),
    (UPLINK + " vfs", -1, "vnic_networks.prod.uplinks[0].vfs", "0 to 65535"),
    (UPLINK + " vfs", 65536, "vnic_networks.prod.uplinks[0].vfs", "0 to 65535"),
    (UPLINK + " vfs", "four", "vnic_networks.prod.uplinks[0].vfs", "0 to 65535"),
    (UPLINK + " vfs", "1_000", "vnic_networks.prod.uplinks[0].vfs", "0 to 65535"),
    (UPLINK + " vfs", "010", "vnic_networks.prod.uplinks[0].vfs", "octal"),
    (UPLINK + " vfs", "8\n", "vnic_networks.prod.uplinks[0].vfs", "0 to 65535"),
    (UPLINK + " vfs", True, "vnic_networks.prod.uplinks[0].vfs", "boolean"),
    (UPLINK + " device", 180.0, "vnic_networks.prod.uplinks[0].device", "put it in quotes"),  # 03:00.0 unquoted
    (UPLINK + " device", 41135085296, "vnic_networks.prod.uplinks[0].device", "put it in quotes"),
    (UPLINK + " device", True, "vnic_networks.prod.uplinks[0].device", "on, off"),
    (UPLINK + " device", datetime.date(2024, 1, 1), "vnic_networks.prod.uplinks[0].device", "is a date"),
    (UPLINK + " device", "", "vnic_networks.prod.uplinks[0].device", "points at no card"),
    (UPLINK + " device", "lo", "vnic_networks.prod.uplinks[0].device", "points at no card"),
    (UPLINK + " device", "../../etc", "vnic_networks.prod.uplinks[0].device", "points at no card"),
    (UPLINK + " device", "eth0\n", "vnic_networks.prod.uplinks[0].device", "points at no card"),
    (UPLINK + " device", "-rf", "vnic_networks.prod.uplinks[0].device", "points at no card"),
    (UPLINK + " device", "eth0;reboot", "vnic_networks.prod.uplinks[0].device", "points at no card"),
    (UPLINK + " device", "abcdefghijklmnop", "vnic_networks.prod.uplinks[0].device", "15 characters"),
    (UPLINK + " device", "ff:ff:ff:ff:ff:ff", "vnic_networks.prod.uplinks[0].device", "group"),
    (UPLINK + " device", "zz:00:00:00:00:01", "vnic_networks.prod.uplinks[0].device", "no MAC address"),
    (UPLINK + " device", "driver:", "vnic_networks.prod.uplinks[0].device", "names no driver"),
    (UPLINK + " device", "driver:igb\n", "vnic_networks.prod.uplinks[0].device", "names no driver"),
    (UPLINK + " device", "driver:../x", "vnic_networks.prod.uplinks[0].device", "names no driver"),
    ("networks mgmt switch", "br0", "vnic_networks.mgmt.switch", "with the keys bridge, ovs"),
    ("networks mgmt switch", {}, "vnic_networks.mgmt.switch", "names no switch"),
    ("networks mgmt switch", {"ovs": 7}, "vnic_networks.mgmt.switch.ovs", "put it in quotes"),
    ("networks mgmt switch bridge", None, "vnic_networks.mgmt.switch.bridge", "is empty"),
    ("networks mgmt switch bridge", 7, "vnic_networks.mgmt.switch.bridge", "put it in quotes"),
    ("networks mgmt vlan", 5, "vnic_networks.mgmt.vlan", "list it under uplinks"),
    ("networks other", {"switch": {"bridge": "br0"}}, "vnic_networks.other.switch.bridge", "switch of network mgmt"),
    ("networks mgmt uplinks", [{"device": "a"}, {"device": "b"}], "vnic_networks.mgmt.uplinks", "too many"),
    ("networks mgmt uplinks", [{"device": "3B:00.1"}], "vnic_networks.prod.uplinks[0].device", "one kind of switch"),
    (UPLINK.replace("0", "1"), {"device": "3b:00.1"}, "vnic_networks.prod.uplinks[1].device", "occurs twice"),
    ("networks a", {"uplinks": [{"device": "3b:00.1", "vfs": 4}]}, "vnic_networks.prod.uplinks[0].vfs", "contradicts"),
    ("guests", {}, "vnic_guests", "is a mapping: expected a list"),
    ("guests 0", "web1", "vnic_guests[0]", "with the keys name"),
    ("guests 0 name", 45000, "vnic_guests[0].name", "put it in quotes"),  # 12:30:00 unquoted
    ("guests 0 name", None, "vnic_guests[0].name", "is empty"),
    ("guests 0 name", "", "vnic_guests[0].name", "is empty"),
    ("guests 0 name", "a/b", "vnic_guests[0].name", "refuses '/'"),
    ("guests 0 name", "a\nb", "vnic_guests[0].name", "control character"),
    ("guests 0 name", "{{ inventory_hostname }}", "vnic_guests[0].name", "not expanded"),
    ("guests 0 name", "web2", "vnic_guests[1].name", "occurs twice"),
    ("guests 0 uuid", "4DEA22B3-1D52-D8F3-2516-782E98AB3FA0", "vnic_guests[1].uuid", "occurs twice"),
    ("guests 0 uuid", "web1", "vnic_guests[0].uuid", "no UUID"),
    ("guests 0 interfaces", {}, "vnic_guests[0].interfaces", "expected a list"),
    ("guests 0 interface", [], "vnic_guests[0].interface", "did you mean 'interfaces'"),
    (NIC + " name", "a b", "vnic_guests[0].interfaces[0].name", "letters, digits"),
    (NIC + " name", "x" * 61, "vnic_guests[0].interfaces[0].name", "letters, digits"),
    (NIC + " name", "adm", "vnic_guests[0].interfaces[1].name", "occurs twice in guest web1"),
    (NIC + " network", "prd", "vnic_guests[0].interfaces[0].network", "did you mean 'prod'"),
    (NIC + " network", 100, "vnic_guests[0].interfaces[0].network", "put it in quotes"),
    (NIC + " requires", "migration", "vnic_guests[0].interfaces[0].requires", "expected a list"),
    (NIC + " requires", ["migrate"], "vnic_guests[0].interfaces[0].requires[0]", "did you mean 'migration'"),
    (NIC + " requires", [True], "vnic_guests[0].interfaces[0].requires[0]", "allowed are migration, host_access"),
    (NIC + " mac", 41135085296, "vnic_guests[0].interfaces[0].mac", "put it in quotes"),
    (NIC + " mac", "52:54:00:12:34", "vnic_guests[0].interfaces[0].mac", "no MAC address"),
    (NIC + " mac", "5254.0012.3456", "vnic_guests[0].interfaces[0].mac", "no MAC address"),
    (NIC + " mac", "00:00:00:00:00:00", "vnic_guests[0].interfaces[0].mac", "all-zero"),
    (NIC + " mac", "01:00:5e:00:00:01", "vnic_guests[0].interfaces[0].mac", "group"),
    (NIC + " mac", "52-54-00-00-00-01", "vnic_guests[0].interfaces[1].mac", "occurs twice"),
    (NIC + " model", "virtio-net", "vnic_guests[0].interfaces[0].model", "did you mean 'virtio'"),
    (NIC + " model", "e1000e", "vnic_guests[0].interfaces[0].model", "did you mean 'e1000'"),
    (NIC + " backend", "vhost-net", "vnic_guests[0].interfaces[0].backend", "did you mean 'vhost'"),
    (NIC, dict(EMULATED, backend="vhost"), "vnic_guests[0].interfaces[0].backend", "virtio only"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "value", "path", "words"), VALUES, ids=lambda item: str(item)[:40])
def test_refused(where, value, path, words):
    found = problems(with_value(where, value))
    assert (path, True) in [(problem.path, words in problem.message) for problem in found], [str(p) for p in found]
    assert len(found) == 1, [str(problem) for problem in found]


def test_all_at_once():
    intent = with_value("networks prod vlan", 5000)
    intent["guests"][0]["interfaces"][0]["network"] = "prd"
    intent["profile"] = "fast"
    assert {problem.path for problem in problems(intent)} == {
        "vnic_networks.prod.vlan",
        "vnic_guests[0].interfaces[0].network",
        "vnic_profile",
    }


def test_a_network_that_is_wrong_itself_is_not_called_undefined():
    assert [problem.path for problem in problems(with_value("networks prod", 5))] == ["vnic_networks.prod"]


def test_names_of_networks_are_text():
    found = problems({"networks": {100: {"switch": {"bridge": "br0"}}}})
    assert [problem.path for problem in found] == ["vnic_networks.100"] and "put it in quotes" in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        "networks: {prod: {uplinks: [{device: 03:00.0}]}}",
        "networks: {prod: {uplinks: [{device: 10:00:00.1}]}}",
        "{networks: {n: {switch: {bridge: b}}}, "
        "guests: [{name: g, interfaces: [{name: a, network: n, mac: 52:54:00:12:34:56}]}]}",
        "mac_prefix: 52:54",
        "guests: [{name: 12:30:00, interfaces: []}]",
        "guests: [{name: on, interfaces: []}]",
        "guests: [{name: 2024-01-01, interfaces: []}]",
        "guests: [{name: 1_000, interfaces: []}]",
        "guests: [{name: ~, interfaces: []}]",
    ],
)  # fmt: skip
def test_what_yaml_makes_of_unquoted_values(text):
    """Through the parser that Ansible uses."""
    found = problems(yaml.safe_load(text))
    assert len(found) == 1 and ("quotes" in found[0].message or "is empty" in found[0].message)


def test_numbers_given_on_the_command_line_are_taken():
    intent = with_value("networks prod vlan", "100")
    assert validate(intent).networks["prod"].vlan == 100


@pytest.mark.parametrize(
    ("given", "read"), [("auto", None), (0, {0}), ("0", {0}), ("0-1,8", {0, 1, 8}), ("0-7:1/4", {0, 4})]
)
def test_housekeeping_cpus(given, read):
    assert validate({"housekeeping_cpus": given}).housekeeping == read


def test_a_made_address_is_nobody_elses():
    """A stated address that another NIC would get by its name is refused; the NIC's own is not."""
    mac = made_mac("web1", "front", "52:54")
    found = problems(with_value("guests 0 interfaces 1 mac", mac))
    assert [problem.path for problem in found] == ["vnic_guests[0].interfaces[1].mac"]
    assert "made for web1/front" in found[0].message
    assert validate(with_value("guests 0 interfaces 0 mac", mac)).by_name["web1"].nics[1].mac == mac


def test_two_kinds_of_switch():
    (found,) = problems(with_value("networks mgmt switch ovs", "br1"))
    assert found.path == "vnic_networks.mgmt.switch" and "two kinds of switch" in found.message


def test_the_same_bridge_port_in_two_networks():
    networks = {name: {"uplinks": [{"device": "ens2"}], "switch": {"bridge": "br-" + name}} for name in ("a", "b")}
    assert [problem.path for problem in problems({"networks": networks})] == ["vnic_networks.b.uplinks[0].device"]
    networks["b"]["vlan"] = 7
    assert len(validate({"networks": networks}).networks) == 2


def own_attachments(value):
    return {"a": {"rules": {"attachments": {"value": value}}}}


def own_rule(name, value, **more):
    return {"a": {"rules": {name: dict({"value": value}, **more)}}}


class TestProfiles:
    def test_extending(self):
        rules = {"attachments": {"value": ["macvtap"], "reason": "they migrate"}}
        intent = validate({"profile": "mine", "profiles": {"mine": {"rules": rules, "description": "d"}}})
        assert intent.profile.attachments == ("macvtap",) and intent.profile.model == "virtio"
        assert intent.profile.rules["attachments"]["reason"] == "they migrate"
        assert intent.profile.rules["attachments"]["source"] == "vnic_profiles.mine"

    def test_a_premise_stays_with_its_value(self):
        """A rule restated for its reason alone still stands on what the built-in one stands on; another value not."""
        for value, premise, expected in (
            ("off", None, "small_uplink"),
            ("local", None, "none"),
            ("off", "none", "none"),
            ("keep", "several_queues", "several_queues"),
        ):
            rule = {"value": value, **({"premise": premise} if premise else {})}
            intent = validate({"profile": "a", "profiles": {"a": {"rules": {"host_rss": rule}}}})
            assert intent.profile.rules["host_rss"]["premise"] == expected

    @pytest.mark.parametrize(
        ("given", "read"), [(4, 4), ("4", 4), ({"cap": 2}, {"cap": 2}), ({"cap": "2"}, {"cap": 2})]
    )
    def test_numbers_of_queues(self, given, read):
        intent = validate({"profile": "a", "profiles": own_rule("queues", given)})
        assert intent.profile.value("queues") == read

    def test_extending_one_another(self):
        own = {"a": {"extends": "b"}, "b": {"extends": "compatible"}}
        assert validate({"profile": "a", "profiles": own}).profile.model == "e1000"

    @pytest.mark.parametrize(
        ("own", "path", "words"),
        [
            ({"a": {"extends": "b"}, "b": {"extends": "a"}}, "vnic_profiles.b.extends", "extends itself"),
            ({"a": {"extends": "compatibel"}}, "vnic_profiles.a.extends", "did you mean 'compatible'"),
            ({"compatible": {}}, "vnic_profiles.compatible", "built-in"),
            ({"multiqueue": {}}, "vnic_profiles.multiqueue", "built-in"),
            ({"switched": {}}, "vnic_profiles.switched", "built-in"),
            (own_rule("host_rss", False), "vnic_profiles.a.rules.host_rss.value", "YAML reads on, off"),
            (own_rule("host_rss", "of"), "vnic_profiles.a.rules.host_rss.value", "did you mean 'off'"),
            (own_rule("queues", 0), "vnic_profiles.a.rules.queues.value", "1 to 256"),
            (own_rule("queues", 257), "vnic_profiles.a.rules.queues.value", "1 to 256"),
            (own_rule("queues", None), "vnic_profiles.a.rules.queues.value", "is empty"),
            (own_rule("queues", {}), "vnic_profiles.a.rules.queues.value.cap", "is missing"),
            (own_rule("queues", {"cap": 0}), "vnic_profiles.a.rules.queues.value.cap", "1 to 256"),
            (own_rule("queues", {"max": 4}), "vnic_profiles.a.rules.queues.value.max", "allowed are cap"),
            (own_rule("irq_cpu", "vcpus"), "vnic_profiles.a.rules.irq_cpu.value", "did you mean 'vcpu'"),
            (own_rule("memory", "strict", premise="unposted"), "vnic_profiles.a.rules.memory.premise", "near_memory"),
            (own_rule("memorry", "strict"), "vnic_profiles.a.rules.memorry", "did you mean 'memory'"),
            (own_attachments([]), "vnic_profiles.a.rules.attachments.value", "at least one"),
            (own_attachments(["ovz"]), "vnic_profiles.a.rules.attachments.value[0]", "did you mean 'ovs'"),
            ({"a": {"rules": {"attachments": {}}}}, "vnic_profiles.a.rules.attachments.value", "is missing"),
            ({"a": {"rules": {"model": {"value": "e1000"}}}}, "vnic_profiles.a.rules.backend", "virtio only"),
            ({"a": {"rules": {"attachment": {}}}}, "vnic_profiles.a.rules.attachment", "did you mean 'attachments'"),
        ],
    )  # fmt: skip
    def test_refused(self, own, path, words):
        found = problems({"profiles": own})
        assert path in [problem.path for problem in found] and any(words in problem.message for problem in found)
