# SPDX-License-Identifier: GPL-3.0-or-later
"""The smaller pieces: addresses that are made, names that fit, text that does nothing to a terminal, plain data."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.addresses import parse_mac
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput, Problem
from ansible_collections.kvm.vnic.plugins.module_utils._model.names import parse_own_interface_name
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner import macs
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.complaint import complaint
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.cpus import from_numbers
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.planner import plan
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.text import plan_text
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.uplinks import vlan_device
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

PAIRS = st.tuples(st.text(min_size=1, max_size=4), st.sampled_from(["a", "b"]))


class TestMacs:
    def test_what_guests_have_by_now_stays(self):
        """Another hash would give every guest of every fleet another address."""
        assert macs.made_mac("web1", "front", "52:54") == "52:54:97:d0:bc:84"

    @given(st.text(), st.text(), st.sampled_from(["52", "52:54", "02:00:00", "0a:1b:2c:3d"]))
    def test_made_addresses_are_addresses(self, guest, nic, prefix):
        mac = macs.made_mac(guest, nic, prefix)
        assert parse_mac(mac) == mac and mac.startswith(prefix + ":")

    def test_guest_and_nic_are_told_apart(self):
        assert macs.made_mac("ab", "c", "52:54") != macs.made_mac("a", "bc", "52:54")

    @given(st.sets(PAIRS, max_size=30), st.sets(st.integers(0, 15)))
    def test_no_address_twice_even_when_they_are_scarce(self, pairs, stated):
        """Four bits instead of 32, by a hash that cannot do better."""
        stated = {"52:54:00:00:00:%02x" % number for number in stated}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(macs, "made_mac", scarce(8))
            found = macs.assign(pairs, stated, "52:54")
        assert set(found) == pairs and len(set(found.values())) == len(pairs) and not set(found.values()) & stated

    @given(st.lists(PAIRS, unique=True, min_size=1, max_size=12), PAIRS)
    def test_a_newcomer_never_takes_an_address_that_was_given(self, pairs, newcomer):
        """Those that are contested are left by both, so that whoever has one already keeps it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(macs, "made_mac", scarce(5))
            before = macs.assign(pairs, (), "52:54")
            after = macs.assign(set(pairs) | {newcomer}, (), "52:54")
        first = {pair: scarce(5)(*pair, "52:54") for pair in pairs}
        uncontested = {pair for pair in pairs if before[pair] == first[pair]}
        if newcomer not in pairs:
            assert after[newcomer] not in {before[pair] for pair in uncontested}

    def test_a_prefix_that_leaves_too_few(self):
        with pytest.raises(InvalidInput) as caught:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(macs, "made_mac", lambda guest, nic, prefix, round_=0: "52:54:00:00:00:00")
                nics = [{"name": name, "network": "n"} for name in "ab"]
                validate(
                    {"networks": {"n": {"switch": {"bridge": "b"}}}, "guests": [{"name": "g", "interfaces": nics}]}
                )
        assert caught.value.problems[0].path == "vnic_mac_prefix"


def scarce(bits):
    """A made_mac with few addresses."""

    def made(guest, nic, prefix, round_=0):
        real = TRUE_MAC(guest, nic, prefix, round_)
        return "52:54:00:00:00:%02x" % (int(real[-2:], 16) % (1 << bits))

    return made


TRUE_MAC = macs.made_mac


@given(st.text(min_size=1, max_size=15), st.integers(1, 4094))
def test_a_vlans_name_can_be_made(uplink, vlan):
    name = vlan_device(uplink, vlan)
    assert parse_own_interface_name(name) == name and name.endswith(".%d" % vlan)


def test_long_names_stay_apart():
    assert vlan_device("enp59s0f0np0", 100) != vlan_device("enp59s0f1np1", 100)
    assert vlan_device("ens2", 100) == "ens2.100"


class TestPlain:
    def test_subclasses_become_what_they_are(self):
        class Text(str):
            pass

        class Number(int):
            pass

        found = plain({Text("a"): [Text("b"), Number(1), 1.5, True, None, (1, 2)]})
        assert found == {"a": ["b", 1, 1.5, True, None, [1, 2]]}
        assert [item.__class__ for item in found["a"]] == [str, int, float, bool, type(None), list]
        assert next(iter(found)).__class__ is str

    def test_a_date_stays_to_be_complained_of(self):
        assert plain([datetime.date(2024, 1, 1)]) == [datetime.date(2024, 1, 1)]

    def test_no_end(self):
        endless = []
        endless.append(endless)
        with pytest.raises(ValueError, match="nested"):
            plain(endless)


class TestText:
    def text(self, name="web1", **more):
        networks = {"prod": {"uplinks": [{"device": "ens2"}], "vlan": 7}, "in": {"switch": {"bridge": "br9"}}}
        guests = [
            {"name": name, "interfaces": [{"name": "a", "network": "prod"}, {"name": "b", "network": "in"}]},
            {
                "name": "later",
                "host": "hv1",
                "interfaces": [{"name": "a", "network": "prod", "requires": ["migration"]}],
            },
        ]
        card = world.nic("ens2", "0000:41:00.0", total=7, numa_node=1)
        facts = world.host(card, domains=[world.domain(name)])
        return plan_text(plan(validate({"networks": networks, "guests": guests}), facts, "hv1"))

    def test_all_that_an_administrator_asks(self):
        lines = self.text().split("\n")
        assert lines[0] == "hv1: profile best_performance, 3 NICs of 2 guests"
        assert lines[1].startswith("  web1/a on prod (VLAN 7): VF 0 of ens2, passed through; 52:54:")
        assert lines[1].endswith("; node 1")
        assert "why: VF 0 of ens2" in lines[2]
        told = "\n".join(lines)
        for words in (
            "web1/b on in: bridge, virtio, vhost-net; ",
            "      not macvtap: network in lists no uplink",
            "pending: guest is not defined on this host",
            "      not sriov: requires migration",
            "      ens2 has 4 VFs",
            "      ens2.7 is VLAN 7 of ens2",
            "      bridge br9 exists",
            "br9 stands alone",
        ):
            assert words in told

    @pytest.mark.parametrize(
        "name", ["\u202eevil", "tab\u2028le", "a" * 5000, "$(id)", "{{ x }}"[1:], "<b>&", "\U000e0001"]
    )
    def test_names_do_nothing_to_a_terminal(self, name):
        told = self.text(name)
        assert not any(char in told for char in "\u202e\u2028\U000e0001\x1b\r")
        assert max(map(len, told.split("\n"))) < 1000

    def test_nothing_to_tell(self):
        assert plan_text(plan(validate({}), world.host(), "hv1")) == "hv1: profile best_performance, 0 NICs of 0 guests"


def test_complaints_are_one_a_line_and_clean():
    error = InvalidInput(
        [Problem("vnic_x\x1b[2J", "v" * 999 + "\n", "is wrong\r"), Problem("vnic_y", None, "is missing")]
    )
    lines = complaint(error, "kvm.vnic.plan", "hv1\x07").split("\n")
    assert len(lines) == 3 and "2 problems" in lines[0] and "hv1" in lines[0]
    assert not any(ord(char) < 32 for line in lines for char in line) and len(lines[1]) < 300


@given(st.lists(st.integers(0, 8191)))
def test_numbers_of_cpus(numbers):
    assert set(from_numbers(numbers, "x")) == set(numbers)


@pytest.mark.parametrize("value", [5, {"a": 1}, [1, -1], [True], ["1"], [8192], None])
def test_no_numbers_of_cpus(value):
    with pytest.raises(ValueError, match="CPU number"):
        from_numbers(value, "a mask")


def test_a_plan_is_json():
    facts = world.host(world.nic("ens2", "0000:41:00.0", total=7), domains=[world.domain("web1")])
    intent = {
        "networks": {"n": {"uplinks": [{"device": "ens2"}]}},
        "guests": [{"name": "web1", "interfaces": [{"name": "a", "network": "n"}]}],
    }
    found = plan(validate(intent), facts, "hv1")
    assert json.loads(json.dumps(found)) == found
