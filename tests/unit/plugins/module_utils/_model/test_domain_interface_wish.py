# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_guest import parse_guests, parse_uuid
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_wish import parse_nic
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems

KEYS = [
    "name", "state", "type", "source", "model", "backend", "mac", "vlan", "mtu", "queues", "rx_queue_size",
    "tx_queue_size", "boot_order", "link_state", "trust_guest_rx_filters", "port_isolated", "vlna",
]  # fmt: skip
SOURCE_KEYS = ["pf", "index", "pci", "device", "mode", "bridge", "virtualport", "network", "portgroup", "brigde"]
YAML = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20),
    st.sampled_from(["hostdev", "direct", "bridge", "network", "virtio", "passthrough", "up", 100]),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), YAML), st.dictionaries(st.sampled_from(SOURCE_KEYS), YAML))
def test_whatever_yaml_makes_of_it_every_problem_has_a_path_and_nothing_else_happens(item, source):
    problems = Problems("nic")
    wish = parse_nic(dict(item, source=source), problems)
    if not problems:
        assert wish.name == item["name"] and ("type" in wish.settings or not wish.present)
    else:
        with pytest.raises(Exception) as error:
            problems.raise_if_any()
        assert all(problem.path.startswith("nic") for problem in error.value.problems)


def paths(item):
    problems = Problems("nic")
    parse_nic(item, problems)
    try:
        problems.raise_if_any()
    except Exception as error:
        return {problem.path: problem.message for problem in error.problems}
    return {}


BRIDGE = {"name": "front", "type": "bridge", "source": {"bridge": "br0"}}


def test_a_misspelt_parameter_is_told_what_it_may_have_meant():
    assert "did you mean queues?" in paths(dict(BRIDGE, qeues=4))["nic.qeues"]
    assert "did you mean bridge?" in paths(dict(BRIDGE, source={"bridge": "br0", "brigde": "x"}))["nic.source.brigde"]


@pytest.mark.parametrize(
    "key, value, word",
    [
        ("mac", 41135085296, "quotes"),
        ("link_state", True, "truth value"),
        ("vlan", True, "whole numbers"),
        ("vlan", "100", "whole numbers"),
        ("mtu", 9000.0, "whole numbers"),
        ("rx_queue_size", True, "256"),
        ("trust_guest_rx_filters", "maybe", "true nor false"),
        ("name", None, "missing"),
        ("state", "gone", "present, absent"),
        ("state", False, "present, absent"),
        ("source", "br0", "dictionary"),
        ("source", ["br0"], "dictionary"),
    ],
)
def test_yaml_traps(key, value, word):
    assert word in paths(dict(BRIDGE, **{key: value}))["nic." + key]


def test_uuids_have_one_form():
    canonical = "0f5b1e2c-6a3d-4c8e-9b7f-1d2e3f4a5b6c"
    assert parse_uuid(canonical.upper()) == parse_uuid(canonical.replace("-", "")) == canonical
    for text in ("", "0f5b1e2c", canonical + "0", "g" + canonical[1:], "../" + canonical):
        with pytest.raises(ValueError):
            parse_uuid(text)


def test_an_absent_nic_needs_only_its_name():
    problems = Problems("domains")
    guests = parse_guests([{"name": "web1", "interfaces": [{"name": "front", "state": "absent"}]}], problems)
    assert not problems and not guests[0].nics[0].present
