# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as playbooks call them, and one run of Ansible: tagged data in, untrusted text out."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.filter import cpu_list, cpu_mask, homeless, mac_address, plan, plan_text
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.macs import made_mac
from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

HOSTILE = "{{ lookup('pipe','id') }}"
INTENT = {
    "networks": {"prod": {"uplinks": [{"device": "ens2"}]}},
    "guests": [{"name": "web1", "uuid": world.uuid_of("x"), "interfaces": [{"name": "front", "network": "prod"}]}],
}
FACTS = world.host(world.nic("ens2", "0000:41:00.0", total=7), domains=[world.domain(HOSTILE, uuid=world.uuid_of("x"))])
COLLECTIONS = Path(plan.__file__).parents[5]


def filters(module):
    return module.FilterModule().filters()


@pytest.mark.parametrize("module", [cpu_list, cpu_mask, homeless, mac_address, plan, plan_text])
def test_a_file_is_a_filter(module):
    assert list(filters(module)) == [module.__name__.rpartition(".")[2]]


class TestPlan:
    call = staticmethod(filters(plan)["plan"])

    def test_plan(self):
        found = self.call(INTENT, FACTS, "hv1")
        assert found["host"] == "hv1" and found["nics"][0]["vf"] == {"pf": "ens2", "index": 0}

    def test_arguments_are_left_as_they_are(self):
        before = copy.deepcopy((INTENT, FACTS))
        self.call(INTENT, facts=FACTS, host="hv1")
        assert (INTENT, FACTS) == before

    def test_only_validating(self):
        assert self.call(INTENT)["nics"] == []

    def test_problems_name_filter_host_path_value_and_what_is_allowed(self):
        intent = dict(INTENT, networks={"prod": {"uplinks": [{"device": 180.0}], "vlan": 5000}})
        with pytest.raises(AnsibleFilterError) as caught:
            self.call(intent, FACTS, "hv1")
        for words in (
            "kvm.vnic.plan: nothing was planned for hv1, because of 2 problems",
            "- vnic_networks.prod.uplinks[0].device: 180.0 is a number",
            "- vnic_networks.prod.vlan: 5000 is no VLAN: allowed are whole numbers from 1 to 4094",
        ):
            assert words in str(caught.value)

    @pytest.mark.parametrize("facts", [{}, [], "unknown", {"failed": True}])
    def test_facts_of_something_else(self, facts):
        with pytest.raises(AnsibleFilterError, match="kvm.vnic.host_info"):
            self.call(INTENT, facts, "hv1")

    def test_no_end(self):
        endless = {}
        endless["networks"] = endless
        with pytest.raises(AnsibleFilterError, match="kvm.vnic.plan: the input is nested"):
            self.call(endless)


class TestPlanText:
    call = staticmethod(filters(plan_text)["plan_text"])

    def test_text(self):
        assert self.call(TestPlan.call(INTENT, FACTS, "hv1")).startswith(
            "hv1: profile best_performance, 1 NIC of 1 guest\n"
        )

    @pytest.mark.parametrize("value", [None, "x", {}, {"nics": [{}], "host": 1, "profile": 1}])
    def test_no_plan(self, value):
        with pytest.raises(AnsibleFilterError, match="kvm.vnic.plan_text: needs a plan"):
            self.call(value)


class TestHomeless:
    call = staticmethod(filters(homeless)["homeless"])

    def test_names(self):
        found = TestPlan.call(INTENT, FACTS, "hv1")
        assert self.call(INTENT, [found]) == [] and self.call(INTENT, []) == ["web1"]

    def test_refused(self):
        with pytest.raises(AnsibleFilterError, match="kvm.vnic.homeless: nothing was planned"):
            self.call({"guest": []}, [])
        with pytest.raises(AnsibleFilterError, match="kvm.vnic.homeless: needs a list of plans"):
            self.call(INTENT, [5])


class TestMacAddress:
    call = staticmethod(filters(mac_address)["mac_address"])

    def test_the_planners(self):
        assert self.call("web1", "front") == made_mac("web1", "front", "52:54")
        assert self.call("web1", "front", prefix="02").startswith("02:")
        assert self.call("web1", "front") == TestPlan.call(INTENT, FACTS, "hv1")["nics"][0]["mac"]

    @pytest.mark.parametrize(
        "arguments", [(5, "front"), ("web1", "a b"), ("web1", "front", 3174), ("web1", "front", "01:00")]
    )
    def test_refused(self, arguments):
        with pytest.raises(AnsibleFilterError, match="kvm.vnic.mac_address: "):
            self.call(*arguments)


class TestCpus:
    as_list = staticmethod(filters(cpu_list)["cpu_list"])
    as_mask = staticmethod(filters(cpu_mask)["cpu_mask"])

    @pytest.mark.parametrize(
        ("mask", "text"), [("f", "0-3"), ("1,0000000f", "0-3,32"), ("0", ""), ("80000000,00000000", "63")]
    )
    def test_both_ways(self, mask, text):
        assert self.as_list(mask) == text and self.as_mask(text) == mask

    @given(st.sets(st.integers(0, 4095)))
    def test_there_and_back(self, cpus):
        mask = self.as_mask(sorted(cpus))
        assert self.as_mask(self.as_list(mask)) == mask and self.as_list(sorted(cpus)) == self.as_list(mask)

    @pytest.mark.parametrize("value", ["xyz", "0-3", 5, None, {"a": 1}, [1, "2"]])
    def test_no_mask(self, value):
        with pytest.raises(AnsibleFilterError, match="^kvm.vnic.cpu_list: "):
            self.as_list(value)

    @pytest.mark.parametrize("value", ["3-0", "0-9999", "ff", 5, None, [-1]])
    def test_no_list(self, value):
        with pytest.raises(AnsibleFilterError, match="^kvm.vnic.cpu_mask: "):
            self.as_mask(value)


PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  vars:
    vnic_networks: {prod: {uplinks: [{device: "{{ card }}"}]}}
    card: ens2
    vnic_guests: [{name: web1, uuid: "%(uuid)s", interfaces: [{name: front, network: prod}]}]
    intent: {networks: "{{ vnic_networks }}", guests: "{{ vnic_guests }}"}
    facts: "{{ lookup('file', '%(facts)s') | from_json }}"
    mine: "{{ intent | kvm.vnic.plan(facts=facts, host=inventory_hostname) }}"
  tasks:
    - ansible.builtin.copy:
        dest: "%(out)s"
        content: "{{ {'plan': mine, 'text': mine | kvm.vnic.plan_text, 'homeless': homeless} | to_json }}"
      vars: {homeless: "{{ intent | kvm.vnic.homeless([mine]) }}"}
    - ansible.builtin.debug:
        msg: "{{ {'networks': {'n': {'vlan': 9999}}} | kvm.vnic.plan(host=inventory_hostname) }}"
"""


def test_within_ansible(tmp_path):
    """Templates within the inventory arrive expanded and tagged; a guest's name like one leaves as it came."""
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    paths = {"facts": tmp_path / "facts.json", "out": tmp_path / "out.json", "uuid": world.uuid_of("x")}
    (tmp_path / "play.yml").write_text(PLAYBOOK % paths)
    environment = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS), ANSIBLE_HOME=str(tmp_path / "home"))
    environment["ANSIBLE_PYTHON_INTERPRETER"] = sys.executable
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (tmp_path / "out.json").exists(), done
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["plan"] == TestPlan.call(INTENT, FACTS, "localhost")
    assert found["plan"]["domains"][0]["name"] == HOSTILE
    assert found["text"].startswith("localhost: profile best_performance") and found["homeless"] == []
    assert "kvm.vnic.plan: nothing was planned for localhost" in done.stdout + done.stderr, done
