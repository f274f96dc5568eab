# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_port import split_source
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_wish import parse_nic
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems

ID = "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44"
OVS = {"name": "front", "type": "bridge", "source": {"bridge": "br-ovs", "interface_id": ID}}
YAML = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-1, 5000),
        st.floats(allow_nan=False),
        st.text(max_size=8),
        st.just("none"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["inbound", "outbound", "average", "peak", "burst", "x"]), inner, max_size=3),
    ),
    max_leaves=6,
)


def parsed(item):
    """``(settings, {path: message})``."""
    problems = Problems("nic")
    wish = parse_nic(item, problems)
    try:
        problems.raise_if_any()
    except InvalidInput as error:
        return wish.settings, {problem.path: problem.message for problem in error.problems}
    return wish.settings, {}


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(["vlan", "trunks", "native_vlan", "bandwidth"], YAML)), YAML)
def test_whatever_yaml_makes_of_it_every_problem_has_a_path_and_nothing_else_happens(more, identity):
    settings, found = parsed(dict(OVS, source={"bridge": "br-ovs", "interface_id": identity}, **more))
    assert all(path.startswith("nic.") for path in found)
    if not found:
        assert not (settings.get("vlan") and settings.get("trunks"))
        assert settings.get("native_vlan", 0) in [0] + settings.get("trunks", [])


@pytest.mark.parametrize(
    "more, shown",
    [
        ({}, {}),
        ({"vlan": 5}, {"vlan": 5, "trunks": []}),
        ({"vlan": 0}, {"vlan": 0, "trunks": []}),
        ({"trunks": []}, {"trunks": []}),
        ({"trunks": [], "native_vlan": 0}, {"trunks": []}),
        ({"vlan": 5, "trunks": []}, {"vlan": 5, "trunks": []}),
        ({"trunks": [20, 10]}, {"vlan": 0, "trunks": [10, 20], "native_vlan": 0}),
        ({"trunks": [20], "native_vlan": 10}, {"vlan": 0, "trunks": [10, 20], "native_vlan": 10}),
        ({"trunks": [20], "native_vlan": 20, "vlan": 0}, {"vlan": 0, "trunks": [20], "native_vlan": 20}),
        ({"bandwidth": {}}, {}),
        ({"bandwidth": {"inbound": "none"}}, {"bandwidth": {"inbound": "none"}}),
        (
            {"bandwidth": {"inbound": None, "outbound": {"average": 8, "peak": None, "burst": 0}}},
            {"bandwidth": {"outbound": {"average": 8, "burst": 0}}},
        ),
    ],
)
def test_a_port_in_canonical_form(more, shown):
    settings, problems = parsed(dict(OVS, **more))
    assert problems == {}
    names = ("vlan", "trunks", "native_vlan", "bandwidth")
    assert {name: value for name, value in settings.items() if name in names} == shown
    assert (settings["virtualport"], settings["interface_id"]) == ("openvswitch", ID)


@pytest.mark.parametrize(
    "more, path, word",
    [
        ({"trunks": 5}, "trunks", "list"),
        ({"trunks": "5"}, "trunks", "list"),
        ({"trunks": [0]}, "trunks[0]", "4094"),
        ({"trunks": [5, 4095]}, "trunks[1]", "4094"),
        ({"trunks": [5, None]}, "trunks[1]", "VLAN ID"),
        ({"trunks": [True]}, "trunks[0]", "VLAN ID"),
        ({"trunks": [5, 5]}, "trunks[1]", "twice"),
        ({"trunks": [5], "vlan": 6}, "vlan", "native_vlan"),
        ({"trunks": [5], "native_vlan": 4095}, "native_vlan", "4094"),
        ({"native_vlan": 5}, "native_vlan", "trunks"),
        ({"native_vlan": 0}, "native_vlan", "trunks"),
        ({"native_vlan": 5, "trunks": []}, "native_vlan", "empty"),
        ({"bandwidth": 5}, "bandwidth", "dictionary"),
        ({"bandwidth": "none"}, "bandwidth", "dictionary"),
        ({"bandwidth": {"in": {"average": 5}}}, "bandwidth.in", "inbound"),
        ({"bandwidth": {"inbound": 5}}, "bandwidth.inbound", "average"),
        ({"bandwidth": {"inbound": {}}}, "bandwidth.inbound.average", "missing"),
        ({"bandwidth": {"inbound": {"average": 0}}}, "bandwidth.inbound.average", "from 1"),
        ({"bandwidth": {"inbound": {"average": 536870912}}}, "bandwidth.inbound.average", "536870911"),
        ({"bandwidth": {"inbound": {"average": "1M"}}}, "bandwidth.inbound.average", "kilobytes"),
        ({"bandwidth": {"outbound": {"average": 5, "peak": 4}}}, "bandwidth.outbound.peak", "less"),
        ({"bandwidth": {"outbound": {"average": 5, "burst": -1}}}, "bandwidth.outbound.burst", "KiB"),
        ({"bandwidth": {"outbound": {"average": 5, "floor": 1}}}, "bandwidth.outbound.floor", "average, peak, burst"),
        ({"source": {"bridge": "br-ovs", "interface_id": "web1"}}, "source.interface_id", "UUID"),
        ({"port_isolated": True}, "port_isolated", "Open vSwitch"),
    ],
)
def test_bad_input_is_named_with_its_place(more, path, word):
    found = parsed(dict(OVS, **more))[1]
    assert list(found) == ["nic." + path] and word in found["nic." + path]


KINDS = {
    "direct": {"device": "enp2s0", "mode": "bridge"},
    "hostdev": {"pf": "enp3s0", "index": 0},
    "ethernet": {"device": "tap0"},
    "network": {"network": "lan"},
    "bridge": {"bridge": "br0"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_open_vswitch_has_trunks(kind):
    found = parsed({"name": "front", "type": kind, "source": KINDS[kind], "trunks": [5], "native_vlan": 5})[1]
    assert set(found) == {"nic.trunks", "nic.native_vlan"}
    assert parsed({"name": "front", "type": kind, "source": KINDS[kind], "trunks": []})[1] == {}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"bridge"}))
def test_only_bridges_have_an_interface_id_and_limits(kind):
    item = {"name": "front", "type": kind, "source": dict(KINDS[kind], interface_id=ID)}
    assert list(parsed(item)[1]) == ["nic.source.interface_id"]
    item = {"name": "front", "type": kind, "source": KINDS[kind], "bandwidth": {"inbound": {"average": 5}}}
    found = parsed(item)[1]
    assert list(found) == ["nic.bandwidth"] and (kind != "hostdev" or "max_tx_rate" in found["nic.bandwidth"])
    assert parsed(dict(item, bandwidth={"inbound": "none"}))[1] == {}


def test_a_linux_bridge_has_limits_too():
    item = {"name": "front", "type": "bridge", "source": KINDS["bridge"], "bandwidth": {"inbound": {"average": 5}}}
    settings, problems = parsed(item)
    assert problems == {} and settings["virtualport"] == "" and "interface_id" not in settings


def test_an_interface_id_says_that_it_is_open_vswitch():
    assert split_source({"bridge": "b", "interface_id": ID}) == (
        {"bridge": "b"},
        {"virtualport": "openvswitch", "interface_id": ID},
    )
    assert split_source({"bridge": "b", "virtualport": "openvswitch"}) == (
        {"bridge": "b"},
        {"virtualport": "openvswitch"},
    )
    assert split_source({"bridge": "b", "virtualport": None}) == ({"bridge": "b"}, {})
    assert (
        parsed(dict(OVS, source={"bridge": "b", "interface_id": ID.upper().replace("-", "")}))[0]["interface_id"] == ID
    )
