# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.action import UNKNOWN, Action
from ansible_collections.kvm.vnic.plugins.module_utils._model.healed import (
    KEPT,
    MOST,
    WITHIN,
    Healed,
    describe,
    parse_healed,
)

MTU = Action("br0", "mtu", 1500, 9000, "differs")


def healed(*times, guests="a"):
    found = Healed()
    for when in times:
        found = found.add("bridge", [MTU], when, guests, "date %d" % when)
    return found


def is_fight(found, now, guests="a"):
    return ("br0", "mtu") in found.fought("bridge", now, guests)


def test_the_third_time_within_an_hour_is_a_fight_and_none_when_the_first_is_over():
    assert not is_fight(healed(0, 10), 20)
    assert is_fight(healed(0, 10, 20), 30)
    assert is_fight(healed(0, 10, 20), WITHIN - 1)
    assert not is_fight(healed(0, 10, 20), WITHIN)


def test_guests_that_started_since_make_it_none():
    assert not is_fight(healed(0, 10, 20), 30, guests="b")
    mixed = healed(0, 10).add("bridge", [MTU], 20, "b", "")
    assert not is_fight(mixed, 30) and not is_fight(mixed, 30, "b")


def test_each_kind_and_field_counts_for_itself():
    found = healed(0, 10, 20)
    assert found.fought("vlan", 30, "a") == {}
    assert set(found.fought("bridge", 30, "a")) == {("br0", "mtu")}


def test_what_was_written_is_read_again():
    found = healed(0.5, 10, 20, 30)
    assert parse_healed(found.to_text()) == found
    assert found.healings[0].count == 4 and len(found.healings[0].times) == MOST


def test_it_does_not_grow_for_ever_and_the_latest_stay():
    actions = [Action("tap%d" % number, "mtu", 1, 2) for number in range(KEPT + 5)]
    found = healed(0).add("tap", actions, 1, "a", "")
    assert len(found.healings) == KEPT and found.healings[-1].target == "tap%d" % (KEPT + 4)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"schema": 2, "healed": []}',
        '{"schema": 1, "healed": [{}]}',
        '{"schema": 1, "healed": 3}',
        "[" * 99999,
    ],
)
def test_what_cannot_be_read_counts_as_nothing(text):
    assert parse_healed(text) == Healed()


def test_a_healing_in_words():
    assert describe(MTU) == "mtu of br0 from 1500 to 9000 (differs)"
    assert describe(Action("e", "x", None, {"a": 1})) == 'x of e from none to {"a": 1}'
    assert describe(Action("e", "x", UNKNOWN, "y" * 99)) == "x of e from unknown to %s…" % ("y" * 79)
