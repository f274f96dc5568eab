# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.interface_xml import edited, text_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.interface_xml_document import (
    parse_exactly,
    replace_interface,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import guest_xml, nic_xml

NAMES = st.sampled_from(["a", "b", "x:c", "x:d", "boot", "alias", "interface"])
TEXT = st.text(
    st.one_of(
        st.sampled_from("\t\n\r <>&'\"]"),
        st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"),
    ),
    max_size=20,
)
COMMENTS = st.from_regex(r"[a-z <>&]{0,10}", fullmatch=True)


def build(name, attributes, text, children, tail):
    element = ElementTree.Element(name, attributes)
    element.text, element.tail = text, tail
    element.extend(children)
    return element


def comment(text, tail):
    element = ElementTree.Comment(text)
    element.tail = tail
    return element


TREES = st.recursive(
    st.one_of(
        st.builds(build, NAMES, st.dictionaries(NAMES, TEXT, max_size=2), TEXT, st.just([]), TEXT),
        st.builds(comment, COMMENTS, TEXT),
    ),
    lambda children: st.builds(
        build, NAMES, st.dictionaries(NAMES, TEXT, max_size=2), TEXT, st.lists(children, max_size=3), TEXT
    ),
    max_leaves=8,
)


def canonical(text):
    return ElementTree.canonicalize(text, with_comments=True)


def document(foreign, interfaces):
    """A domain with foreign elements at its end and among its devices."""
    root = ElementTree.fromstring(guest_xml(interfaces=interfaces))
    root.set("xmlns:x", "urn:x")
    root.append(build("metadata", {}, None, foreign, None))
    root.find("devices").insert(1, build("other", {}, None, foreign, None))
    return text_of(root)


@given(st.lists(TREES, max_size=3), st.integers(0, 2))
def test_an_edit_of_one_interface_leaves_everything_else_canonically_identical(foreign, position):
    macs = ["52:54:00:00:00:%02x" % index for index in range(3)]
    wished = list(macs)
    wished[position] = "52:54:00:00:00:ff"
    before, after = (
        document(foreign, "".join(nic_xml(mac, bus + 1) for bus, mac in enumerate(some))) for some in (macs, wished)
    )
    changed = replace_interface(before, position, lambda element: edited(element, {"mac": "52:54:00:00:00:ff"}))
    assert canonical(changed) == canonical(after)


@given(st.lists(TREES, max_size=3))
def test_an_edit_that_changes_nothing_gives_back_the_same_document(foreign):
    text = document(foreign, nic_xml("52:54:00:00:00:01"))
    assert canonical(replace_interface(text, 0, lambda element: edited(element, {}))) == canonical(text)


def test_prefixes_default_namespaces_comments_and_instructions_survive():
    text = (
        "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><?keep me?><metadata>"
        "<n xmlns='urn:n'>1 &amp; 2"
        "<!-- a --></n></metadata><devices><interface type='bridge'/></devices>"
        "<qemu:commandline><qemu:arg value='a&#10;b'/></qemu:commandline></domain>"
    )
    changed = replace_interface(text, 0, lambda element: edited(element, {"name": "front"}))
    expected = text.replace(
        "<interface type='bridge'/>", "<interface type='bridge'><alias name='ua-front'/></interface>"
    )
    assert canonical(changed) == canonical(expected)
    assert "ns0" not in changed and "<?keep me?>" in changed


def test_there_is_no_such_interface():
    with pytest.raises(IndexError):
        replace_interface(guest_xml(), 0, lambda element: element)


@pytest.mark.parametrize(
    "text, word",
    [
        ("<!DOCTYPE domain [<!ENTITY a 'b'>]><domain>&a;</domain>", "document type"),
        ("<!DOCTYPE domain SYSTEM 'file:///etc/passwd'><domain/>", "document type"),
        ("<domain><devices></domain>", "no XML"),
        ("", "no XML"),
    ],
)
def test_what_is_no_plain_document_is_refused(text, word):
    with pytest.raises(ValueError, match=word):
        parse_exactly(text)
