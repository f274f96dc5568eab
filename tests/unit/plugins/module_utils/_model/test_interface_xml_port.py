# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_interface_port import parse_bandwidth, parse_vlans
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import read_interface
from ansible_collections.kvm.vnic.plugins.module_utils._model.fields import Problems
from ansible_collections.kvm.vnic.plugins.module_utils._model.interface_xml import (
    differences,
    edited,
    rendered,
    text_of,
)

TAG = st.integers(1, 4094)
TRUNKS = st.lists(TAG, max_size=5, unique=True)
LIMIT = st.one_of(
    st.just("none"),
    st.builds(
        lambda average, more, burst: {"average": average, "peak": average + more if more else 0, "burst": burst},
        st.integers(1, 10000),
        st.integers(0, 100),
        st.integers(0, 5000),
    ),
)


@st.composite
def wishes(draw):
    """Settings as parameters that are valid give them."""
    problems = Problems()
    trunks = draw(TRUNKS)
    item = draw(
        st.sampled_from(
            [{}, {"vlan": 0}, {"vlan": draw(TAG)}, {"trunks": trunks}]
            + ([{"trunks": trunks, "native_vlan": draw(TAG)}] if trunks else [])
        )
    )
    limits = draw(st.fixed_dictionaries({}, optional={"inbound": LIMIT, "outbound": LIMIT}))
    found = dict(parse_vlans(item, problems), bandwidth=parse_bandwidth(limits, problems))
    assert not problems
    port = draw(
        st.sampled_from([{}, {"virtualport": "openvswitch", "interface_id": "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44"}])
    )
    return dict(port, **{name: value for name, value in found.items() if value is not None})


def again(element):
    return ElementTree.fromstring(text_of(element))


def bridge(more=""):
    return ElementTree.fromstring("<interface type='bridge'><source bridge='br0'/>%s</interface>" % more)


@given(wishes(), wishes())
def test_a_wish_is_reached_from_anywhere_and_then_at_rest(before, after):
    element = again(edited(again(edited(bridge(), before)), after))
    assert differences(element, after) == []
    assert text_of(edited(element, after)) == text_of(element)


@given(wishes())
def test_a_new_nic_shows_its_wish_and_no_empty_element(wished):
    element = again(rendered(dict(wished, type="bridge", source={"bridge": "br0"})))
    assert differences(element, wished) == []
    assert all(len(element.find(tag)) for tag in ("vlan", "bandwidth") if element.find(tag) is not None)
    assert all(limit.get("average") for limit in element.findall("bandwidth/*"))


@given(wishes())
def test_what_no_wish_speaks_of_stays(wished):
    text = (
        "<virtualport type='openvswitch'><parameters interfaceid='00000000-0000-4000-8000-000000000001' profileid='p'/>"
        "</virtualport><vlan trunk='yes'><tag id='7' nativeMode='untagged'/><tag id='9'/></vlan>"
        "<bandwidth><inbound average='5' floor='3'/></bandwidth>"
    )
    found = edited(bridge(text), wished)
    if "vlan" not in wished and "trunks" not in wished:
        assert ElementTree.tostring(found.find("vlan")) == ElementTree.tostring(bridge(text).find("vlan"))
    assert found.find("virtualport/parameters").get("profileid") == "p"
    if wished.get("bandwidth", {}).get("inbound") != "none":
        assert found.find("bandwidth/inbound").get("floor") == "3"


@pytest.mark.parametrize(
    "vlan, shown",
    [
        ("", (None, None, None)),
        ("<vlan><tag id='5'/></vlan>", (5, None, None)),
        ("<vlan trunk='no'><tag id='5'/></vlan>", (5, None, None)),
        ("<vlan trunk='yes'><tag id='5'/></vlan>", (None, [5], None)),
        ("<vlan><tag id='9'/><tag id='5'/></vlan>", (None, [5, 9], None)),
        ("<vlan trunk='yes'><tag id='9' nativeMode='untagged'/><tag id='5'/></vlan>", (None, [5, 9], 9)),
        ("<vlan trunk='yes'><tag id='9' nativeMode='tagged'/><tag id='5'/></vlan>", (None, [5, 9], "9 tagged")),
        ("<vlan><tag id='9' nativeMode='untagged'/></vlan>", ("9 untagged", None, None)),
        ("<vlan trunk='yes'><tag id='x'/><tag id='5'/></vlan>", (None, [5, "x"], None)),
    ],
)
def test_every_form_that_libvirt_knows_is_told_apart(vlan, shown):
    found = read_interface(bridge(vlan))
    assert (found.vlan, found.trunks, found.native_vlan) == shown


@pytest.mark.parametrize(
    "vlan, wish",
    [
        ("<vlan trunk='yes'><tag id='9' nativeMode='tagged'/><tag id='5'/></vlan>", {"trunks": [5, 9]}),
        ("<vlan><tag id='9' nativeMode='untagged'/></vlan>", {"vlan": 9}),
        ("<vlan><tag id='9' nativeMode='untagged'/></vlan>", {"vlan": 0}),
    ],
)
def test_what_no_parameter_can_say_is_no_wish_met(vlan, wish):
    wish = {name: value for name, value in parse_vlans(wish, Problems()).items() if value is not None}
    element = bridge(vlan)
    assert differences(element, wish) != [] and differences(again(edited(element, wish)), wish) == []


def test_the_xml_that_libvirt_documents():
    wish = {
        "type": "bridge",
        "source": {"bridge": "br-int"},
        "virtualport": "openvswitch",
        "interface_id": "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44",
        **parse_vlans({"trunks": [20, 10], "native_vlan": 10}, Problems()),
        "bandwidth": {"inbound": {"average": 1000, "peak": 5000, "burst": 1024}, "outbound": {"average": 128}},
    }
    expected = (
        "<interface type='bridge'><source bridge='br-int'/><virtualport type='openvswitch'>"
        "<parameters interfaceid='6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44'/></virtualport>"
        "<vlan trunk='yes'><tag id='10' nativeMode='untagged'/><tag id='20'/></vlan>"
        "<bandwidth><inbound average='1000' peak='5000' burst='1024'/><outbound average='128'/></bandwidth></interface>"
    )
    assert ElementTree.canonicalize(text_of(rendered(wish))) == ElementTree.canonicalize(expected)


def test_an_interface_id_is_read_in_one_form():
    text = (
        "<virtualport type='openvswitch'><parameters interfaceid='6F1D3C0A-9C38-5E0C-8B5E-3A9F2D1B7C44'/></virtualport>"
    )
    assert read_interface(bridge(text)).interface_id == "6f1d3c0a-9c38-5e0c-8b5e-3a9f2d1b7c44"
    assert read_interface(bridge("<virtualport type='openvswitch'/>")).interface_id is None


def test_a_rate_of_zero_is_none():
    found = read_interface(bridge("<bandwidth><inbound average='10' peak='0'/></bandwidth>"))
    assert found.bandwidth == {"inbound": {"average": 10}}
    assert read_interface(bridge("<bandwidth/>")).bandwidth is None
