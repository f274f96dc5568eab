# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import (
    GUARD,
    GUEST,
    KINDS,
    PLAIN,
    cookie_of,
    is_ours,
    kind_of,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_parse_flow import parse_actions, parse_match
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_parse_group import parse_bucket
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_ports import (
    fill_ports,
    name_action_ports,
    name_match_ports,
    ports_named,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_record import (
    BridgeRecord,
    read_record,
    record_text,
)

NAMES = st.from_regex(r"\A[a-z][a-z0-9_.-]{0,14}\Z")


@given(st.sampled_from(sorted(KINDS)), st.text())
def test_a_cookie_tells_whose_flow_it_is(kind, owner):
    cookie = cookie_of(kind, owner)
    assert is_ours(cookie) and kind_of(cookie) == kind and 0 < cookie < 2**64


def test_cookies_keep_their_numbers():
    """A release that counted otherwise would take its own flows for others'."""
    assert [hex(cookie_of(kind)) for kind in (PLAIN, GUEST, GUARD)] == [
        "0x6b76000000000000",
        "0x6b76010000000000",
        "0x6b76020000000000",
    ]
    assert hex(cookie_of(GUEST, "a1111111-1111-1111-1111-111111111111")) == "0x6b760151cde7a5e8"


@given(st.integers(0, 2**64 - 1))
def test_cookies_of_others_are_not_ours(cookie):
    assert is_ours(cookie) == (cookie // 2**48 == 0x6B76)
    assert is_ours(cookie) or kind_of(cookie) is None


def test_a_kind_of_a_later_release_is_nobodys_here():
    assert is_ours(0x6B76FF0000000000) and kind_of(0x6B76FF0000000000) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("in_port=eth1", "in_port={eth1}"),
        ("ip,in_port=br-int.5,tcp", "ip,in_port={br-int.5},tcp"),
        ("in_port=3", "in_port=3"),
        ("in_port=LOCAL", "in_port=LOCAL"),
        ("in_port=local", "in_port=local"),
        ("in_port={port}", "in_port={port}"),
        ("in_port={1uplink}", "in_port={1uplink}"),
        ("ct_in_port=x", "ct_in_port=x"),
    ],
)
def test_ports_of_a_match_are_named(text, named):
    assert name_match_ports(text) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("output:eth1", "output:{eth1}"),
        ("clone(output:eth1),output:2", "clone(output:{eth1}),output:2"),
        ("output:NXM_NX_REG0[]", "output:NXM_NX_REG0[]"),
        ("output:reg0", "output:reg0"),
        ("output:in_port", "output:in_port"),
        ("output:LOCAL,normal", "output:LOCAL,normal"),
        ("output:{10gbe0},2", "output:{10gbe0},2"),
        ("output(port=1,max_len=100)", "output(port=1,max_len=100)"),
    ],
)
def test_ports_of_actions_are_named(text, named):
    assert name_action_ports(text) == named


@given(NAMES, st.integers(1, 65279))
def test_named_ports_are_filled(name, number):
    text = "in_port={%s},output:{%s}" % (name, name)
    assert ports_named(text) == [name, name]
    assert fill_ports(text, {name: number}) == "in_port=%d,output:%d" % (number, number)
    with pytest.raises(KeyError):
        fill_ports(text, {})


@given(st.text(max_size=40))
def test_no_text_becomes_a_second_line_or_another_attribute(text):
    for parser in (parse_match, parse_actions):
        try:
            parsed = parser(text)
        except ValueError:
            continue
        assert parsed.isprintable() and len(parsed.splitlines()) <= 1
        assert "#" not in parsed  # ovs-ofctl takes it and what follows for a comment
        if parser is parse_match:
            words = [word.partition("=")[0] for word in parsed.replace(" ", ",").split(",")]
            assert not {"table", "priority", "cookie", "actions", "action"} & set(words)


@pytest.mark.parametrize(
    ("text", "kind", "words", "actions"),
    [
        ("output:1", "all", (), "output:1"),
        ("actions=output:eth1", "all", (), "output:{eth1}"),
        (
            "watch_port=2,weight=07,actions=set_field:1->reg0,output:1",
            "select",
            ("weight:7", "watch_port:2"),
            "set_field:1->reg0,output:1",
        ),
        ("watch_group:7,actions=drop", "ff", ("watch_group:7",), "drop"),
        ("watch_port=eth1,actions=drop", "ff", ("watch_port:{eth1}",), "drop"),
    ],
)
def test_buckets_are_put_in_order(text, kind, words, actions):
    bucket = parse_bucket(text, kind, "here")
    assert (bucket.words, bucket.actions) == (words, actions)


FLOW = st.fixed_dictionaries(
    {"table": st.integers(0, 254), "priority": st.integers(0, 65535), "match": st.text(), "actions": st.text()}
)
GUESTS = st.dictionaries(
    NAMES,
    st.fixed_dictionaries(
        {"guest": st.text(min_size=1), "protected": st.booleans(), "flows": st.lists(FLOW, max_size=2)}
    ),
)
RECORDS = st.builds(
    BridgeRecord,
    guests=GUESTS,
    groups=st.lists(st.integers(0, 99)).map(tuple),
    meters=st.lists(st.integers(1, 99)).map(tuple),
    former_fail_mode=st.sampled_from([None, "none", "standalone"]),
    former_default=st.booleans(),
)


@given(st.dictionaries(NAMES, RECORDS, max_size=3))
def test_the_record_is_read_back(bridges):
    text = record_text(bridges)
    assert read_record(text) == {name: record for name, record in bridges.items() if not record.empty}
    assert record_text(dict(reversed(list(bridges.items())))) == text


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_record_is_an_empty_one(text):
    assert read_record(text) == {}


@pytest.mark.parametrize(
    "text",
    ["x", "[]", "null", '{"version": 1}', '{"version": 9, "bridges": {}}', '{"version": 1, "bridges": {"b": 3}}'],
)
def test_what_is_no_record_is_an_error(text):
    with pytest.raises(ValueError, match="."):
        read_record(text)
