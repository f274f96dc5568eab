# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import parse, read_interface
from ansible_collections.kvm.vnic.plugins.module_utils._model.interface_xml import (
    BY_NAME,
    completed,
    differences,
    edited,
    lost_with_type,
    rendered,
    text_of,
)

# What XML 1.0 can carry (production 2, Char).
TEXT = st.text(
    st.one_of(
        st.sampled_from("\t\n\r <>&'\"]"),
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"),
    ),
)
PCI = st.builds(
    "{:04x}:{:02x}:{:02x}.{:x}".format,
    st.integers(0, 0xFFFF),
    st.integers(0, 255),
    st.integers(0, 31),
    st.integers(0, 7),
)
SOURCES = st.one_of(
    st.tuples(st.just("hostdev"), st.fixed_dictionaries({"pci": PCI})),
    st.tuples(st.just("bridge"), st.fixed_dictionaries({"bridge": TEXT.filter(bool)})),
    st.tuples(
        st.just("direct"),
        st.fixed_dictionaries({"device": TEXT.filter(bool), "mode": st.sampled_from(["bridge", "private"])}),
    ),
    st.tuples(st.just("ethernet"), st.fixed_dictionaries({"device": TEXT.filter(bool)})),
    st.tuples(
        st.just("network"),
        st.fixed_dictionaries({"network": TEXT.filter(bool)}, optional={"portgroup": TEXT}),
    ),
)
REST = st.fixed_dictionaries(
    {},
    optional={
        "name": st.from_regex(r"[A-Za-z0-9_-]{1,60}", fullmatch=True),
        "mac": st.sampled_from(["52:54:00:00:00:01", "52:54:00:00:00:ff"]),
        "model": st.sampled_from(["virtio", "e1000"]),
        "vlan": st.integers(0, 4094),
        "mtu": st.integers(0, 65535),
        "boot_order": st.integers(0, 9),
        "link_state": st.sampled_from(["up", "down"]),
        "trust_guest_rx_filters": st.booleans(),
        "port_isolated": st.booleans(),
        "virtualport": st.sampled_from(["", "openvswitch"]),
    },
)
VIRTIO = st.fixed_dictionaries(
    {},
    optional={
        "backend": st.sampled_from(["vhost", "qemu"]),
        "queues": st.integers(1, 256),
        "rx_queue_size": st.sampled_from([0, 256, 1024]),
        "tx_queue_size": st.sampled_from([0, 256]),
    },
)


@st.composite
def settings(draw):
    kind, source = draw(SOURCES)
    found = dict(draw(REST), type=kind, source=source)
    if found.get("model") != "e1000":
        found.update(draw(VIRTIO))
    return found


def again(element):
    return ElementTree.fromstring(text_of(element))


@given(settings())
def test_what_is_written_is_read_back(wished):
    assert differences(again(rendered(wished)), wished) == []


@given(settings(), settings())
def test_an_edit_reaches_its_wish_from_anywhere_and_is_then_at_rest(before, after):
    element = edited(again(rendered(before)), after)
    shown = {name: value for name, value in after.items() if name in BY_NAME}
    assert differences(again(element), shown) == []
    assert text_of(edited(element, after)) == text_of(element)


@given(settings())
def test_an_edit_that_changes_nothing_changes_nothing(wished):
    element = again(rendered(wished))
    assert ElementTree.canonicalize(text_of(edited(element, wished))) == ElementTree.canonicalize(text_of(element))


@given(TEXT, TEXT)
def test_text_and_attributes_survive(text, attribute):
    element = ElementTree.Element("a", b=attribute)
    element.text = text
    found = again(element)
    assert (found.text or "") == text and found.get("b") == attribute


FOREIGN = """<interface type='bridge'>
  <mac address='52:54:00:AA:00:01'/>
  <source bridge='br0'/>
  <target dev='web-front'/>
  <model type='virtio'/>
  <driver name='vhost' queues='4' packed='on'><host csum='off'/></driver>
  <bandwidth><inbound average='1000' peak='5000'/></bandwidth>
  <filterref filter='clean-traffic'><parameter name='IP' value='192.0.2.1'/></filterref>
  <coalesce><rx><frames max='7'/></rx></coalesce>
  <teaming type='persistent'/>
  <alias name='ua-front'/>
  <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
</interface>"""


@pytest.mark.parametrize(
    "change, gone, new",
    [
        ({"queues": 1}, " queues='4'", ""),
        ({"queues": 8}, "queues='4'", "queues='8'"),
        ({"backend": "qemu"}, "name='vhost'", "name='qemu'"),
        ({"mac": "52:54:00:aa:00:02"}, "52:54:00:AA:00:01", "52:54:00:aa:00:02"),
        ({"source": {"bridge": "br1"}}, "bridge='br0'", "bridge='br1'"),
        ({"name": "back"}, "ua-front", "ua-back"),
        (
            {"model": "e1000"},
            "<model type='virtio'/>\n  <driver name='vhost' queues='4' packed='on'><host csum='off'/></driver>",
            "<model type='e1000'/>",
        ),
    ],
)
def test_only_what_is_wished_changes(change, gone, new):
    found = edited(ElementTree.fromstring(FOREIGN), change)
    expected = ElementTree.fromstring(FOREIGN.replace(gone, new))

    def shape(element):
        return sorted(ElementTree.canonicalize(text_of(child), strip_text=True) for child in element), element.attrib

    assert shape(found) == shape(expected)


def test_another_type_keeps_who_and_where_the_nic_is_and_says_what_it_cannot_keep():
    element = ElementTree.fromstring(FOREIGN)
    found = edited(element, {"type": "hostdev", "source": {"pci": "0000:3b:02.1"}, "vlan": 5})
    assert {child.tag for child in found} == {"mac", "teaming", "alias", "address", "source", "vlan"}
    assert found.get("managed") == "yes"
    assert found.find("source/address").attrib == {
        "type": "pci",
        "domain": "0x0000",
        "bus": "0x3b",
        "slot": "0x02",
        "function": "0x1",
    }
    assert lost_with_type(element) == ["bandwidth", "coalesce", "filterref"]


def test_a_new_nic_names_its_model_and_backend_and_an_existing_one_keeps_its_own():
    assert completed({"type": "bridge"}) == {"type": "bridge", "model": "virtio", "backend": "vhost"}
    assert completed({"type": "hostdev"}) == {"type": "hostdev"}
    assert completed({"type": "bridge", "model": "e1000"}) == {"type": "bridge", "model": "e1000"}
    plain = ElementTree.fromstring("<interface type='bridge'><model type='virtio'/></interface>")
    assert completed({"type": "bridge"}, plain) == {"type": "bridge"}
    emulated = ElementTree.fromstring("<interface type='bridge'><model type='e1000'/></interface>")
    assert completed({"type": "bridge", "model": "virtio"}, emulated)["backend"] == "vhost"


def test_a_trunk_is_no_single_vlan():
    trunk = ElementTree.fromstring("<interface type='bridge'><vlan trunk='yes'><tag id='5'/></vlan></interface>")
    assert (read_interface(trunk).vlan, read_interface(trunk).trunks) == (None, [5])
    assert edited(trunk, {"vlan": 5}).find("vlan").attrib == {}


def test_a_running_network_nic_shows_more_than_it_was_given():
    text = "<interface type='network'><source network='lan' portid='9' bridge='virbr0'/></interface>"
    assert read_interface(ElementTree.fromstring(text)).source == {"network": "lan"}


@pytest.mark.parametrize("text", ["<!DOCTYPE a><domain/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><domain>&b;</domain>"])
def test_document_types_are_refused(text):
    with pytest.raises(ValueError, match="document type"):
        parse(text)
