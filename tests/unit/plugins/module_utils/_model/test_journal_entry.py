# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.journal_entry import (
    DONE,
    FAILED,
    OPEN,
    SCHEMA,
    UNDONE,
    UNREAD,
    EntryName,
    JournalEntry,
    describe_actions,
    describe_run,
    is_covered,
    parse_entry,
    parse_entry_names,
)
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import parse_undo


def action(target, field="mtu", before=1500, after=9000):
    return {"target": target, "field": field, "before": before, "after": after}


ENTRY = JournalEntry(
    run="00ff",
    kind="bridge",
    pid=4711,
    boot="b1",
    born="123",
    began="2026-01-02T03:04:05Z",
    params={"bridges": [{"name": "br0", "mtu": 9000, "ports": ["eth1"]}], "purge": False},
    before={"br0": {"mtu": 1500}},
    actions=[action("br0"), action("eth1", "master", None, "br0")],
    run_of="77aa",
    undo={"params": {"bridges": [{"name": "br0", "mtu": 1500}]}, "consents": ["port:eth1"], "uncovered": ["x"]},
)
OLD = {key: value for key, value in json.loads(ENTRY.to_text()).items() if key not in ("run_of", "undo")}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN, st.dictionaries(st.text(), PLAIN))
def test_what_is_written_is_read(before, params):
    entry = replace(ENTRY, before=before, params=params)
    assert parse_entry(entry.to_text()) == entry and entry.to_text().isascii() and entry.to_text().count("\n") == 1


@given(st.data())
def test_whatever_is_damaged_is_told_and_nothing_else_is_raised(data):
    text = ENTRY.to_text()
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, len(text) - start))
    damaged = text[:start] + data.draw(st.text(max_size=5)) + text[start + length :]
    try:
        describe_actions(parse_entry(damaged))
    except ValueError as error:
        assert str(error).startswith(("is damaged", "has schema"))


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "no JSON"),
        ("[" * 100000, "no JSON"),
        ("[]", "no schema"),
        ("{}", "no schema"),
        (json.dumps({"schema": SCHEMA}), "run is missing"),
        (json.dumps(dict(json.loads(ENTRY.to_text()), pid="1")), "pid"),
        (json.dumps(dict(json.loads(ENTRY.to_text()), actions=["x"])), "action"),
        (
            json.dumps(dict(json.loads(ENTRY.to_text()), schema=SCHEMA + 1)),
            "schema %d, of a newer version" % (SCHEMA + 1),
        ),
        (json.dumps({"schema": SCHEMA + 1}), "newer"),
        (json.dumps(dict(OLD, schema=2)), "run_of is missing"),
        (json.dumps(dict(json.loads(ENTRY.to_text()), undo={"params": []})), "way back"),
        (json.dumps(dict(json.loads(ENTRY.to_text()), undo={"params": None, "consents": [1]})), "way back"),
    ],
)
def test_what_cannot_be_read_says_why(text, told):
    with pytest.raises(ValueError, match=told):
        parse_entry(text)


def test_an_entry_of_the_first_schema_is_upgraded_and_says_that_it_has_no_way_back():
    entry = parse_entry(json.dumps(dict(OLD, schema=1)))
    assert (entry.run, entry.params, entry.run_of) == (ENTRY.run, ENTRY.params, "")
    undo = parse_undo(entry.undo)
    assert undo.params is None and "kept no way back" in undo.uncovered[0]
    assert json.loads(entry.to_text())["schema"] == SCHEMA


def test_names_come_in_order_and_strangers_are_left_out():
    names = [
        "00000010-vlan.open",
        "00000002-ovs_bridge.done",
        "x",
        ".00000003-vlan.open",
        "00000001-vlan.open.bak",
        "123456789-tap.failed",
    ]
    assert parse_entry_names(names) == [
        EntryName(2, "ovs_bridge", DONE),
        EntryName(10, "vlan", OPEN),
        EntryName(123456789, "tap", FAILED),
    ]
    assert [str(name) for name in parse_entry_names(names)] == [names[1], names[0], names[5]]
    assert [EntryName(1, "tap", state).unfinished for state in (OPEN, FAILED, DONE, UNDONE, UNREAD)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_an_entry_is_told_in_words():
    assert describe_actions(ENTRY) == "br0 mtu from 1500 to 9000; eth1 master from none to br0"
    assert describe_run(ENTRY, OPEN) == "a run of bridge that process 4711 began at 2026-01-02T03:04:05Z did not end"
    assert describe_run(ENTRY, FAILED).endswith(" failed")


def test_what_is_told_is_bounded_and_safe_to_show():
    many = replace(ENTRY, actions=[action("br%d\x1b[2J" % number, after={"x": "y" * 1000}) for number in range(300)])
    told = describe_actions(many)
    assert len(told) < 600 and told.endswith("295 more") and told.isprintable()


@pytest.mark.parametrize(
    "params, covered",
    [
        (ENTRY.params, True),
        ({"bridges": [], "purge": True}, True),
        ({"bridges": [{"name": "br0", "ports": ["eth1", "eth2"]}], "purge": False}, True),
        ({"bridges": [{"name": "br0"}], "purge": False}, False),
        ({"bridges": [{"name": "br1", "ports": ["eth1"]}]}, False),
        ({"bridges": [{"name": "br00", "ports": ["eth1"]}]}, False),
        ({"bridges": []}, False),
    ],
)
def test_a_run_settles_what_it_names(params, covered):
    assert is_covered(ENTRY, params) is covered


def test_the_same_wish_settles_what_it_does_not_name():
    entry = replace(ENTRY, actions=[action("52")])
    assert is_covered(entry, dict(ENTRY.params)) and not is_covered(entry, dict(ENTRY.params, more=1))


def test_a_file_of_the_modules_own_is_led_by_every_run():
    entry = replace(ENTRY, actions=[action("br0/52d1"), action("/etc/kvm-vnic/ovs-flows.json")])
    assert is_covered(entry, {"bridges": [{"name": "br0"}]}) and not is_covered(entry, {"bridges": [{"name": "br1"}]})


@pytest.mark.parametrize(
    "target, name", [("br0/p1/p1", "br0"), ("ens2#3", "ens2#0-5"), ("web1/front", "web1"), ("ens2 rx-0", "ens2")]
)
def test_a_part_is_named_by_its_whole(target, name):
    entry = replace(ENTRY, actions=[action(target)])
    assert is_covered(entry, {"things": [{"name": name}]}) and not is_covered(entry, {"things": [{"name": "other"}]})


def test_a_process_is_its_number_its_boot_and_its_start():
    assert ENTRY.is_process("b1", "123") and not ENTRY.is_process("b2", "123") and not ENTRY.is_process("b1", "124")
    assert not replace(ENTRY, born="").is_process("b1", "")
