# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory is validated once in a process, as long as it says the same."""

from __future__ import annotations

import copy
import datetime

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner import recall
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.recall import validated

INTENT = {
    "networks": {"n": {"switch": {"bridge": "br0"}}},
    "guests": [{"name": "g", "interfaces": [{"name": "a", "network": "n"}]}],
}


@pytest.fixture(autouse=True)
def forgotten():
    recall._known.clear()
    yield
    recall._known.clear()


def test_the_same_content_is_validated_once(monkeypatch):
    calls = []
    monkeypatch.setattr(recall, "validate", lambda raw: calls.append(raw) or object())
    assert validated(INTENT) is validated(copy.deepcopy(INTENT)) and len(calls) == 1


def test_what_was_changed_in_place_is_validated_anew():
    intent = copy.deepcopy(INTENT)
    first = validated(intent)
    intent["guests"][0]["name"] = "h"
    assert [guest.name for guest in validated(intent).guests] == ["h"] and [guest.name for guest in first.guests] == [
        "g"
    ]


@pytest.mark.parametrize(("good", "bad"), [(True, 1), (False, 0), (True, 1.0)])
def test_what_python_calls_equal_is_not_the_same(good, bad):
    validated(dict(INTENT, purge=good))
    with pytest.raises(InvalidInput):
        validated(dict(INTENT, purge=bad))


def test_an_invalid_one_is_invalid_each_time():
    for _time in range(2):
        with pytest.raises(InvalidInput):
            validated(dict(INTENT, profile="x"))


def test_a_date_is_told():
    with pytest.raises(InvalidInput, match="date"):
        validated(dict(INTENT, profile=datetime.date(2024, 1, 1)))


def test_few_are_kept():
    for number in range(10):
        validated(dict(INTENT, mac_prefix="52:%02x" % number))
    assert len(recall._known) == recall._KEPT
