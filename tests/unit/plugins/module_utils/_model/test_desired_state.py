# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.desired_state import (
    SCHEMA,
    DesiredState,
    parse_desired_state,
)

STATE = DesiredState("2026-01-01T00:00:00Z", {"bridge": {"bridges": [{"name": "br0", "mtu": None}]}, "vlan": {}})


def changed(**changes):
    return json.dumps(dict(json.loads(STATE.to_text()), **changes))


def test_what_was_written_is_read_again():
    assert parse_desired_state(STATE.to_text()) == STATE


def test_the_same_state_is_the_same_text():
    turned = DesiredState(STATE.saved, dict(reversed(list(STATE.resources.items()))))
    assert turned.to_text() == STATE.to_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        (STATE.to_text()[:-10], "no JSON"),
        ("[" * 100000, "no JSON"),
        ("null", "no schema"),
        ("{}", "no schema"),
        (changed(schema="1"), "no schema"),
        (changed(schema=True), "no schema"),
        (changed(schema=0), "no schema"),
        (changed(schema=SCHEMA + 1), "newer version"),
        (changed(saved=None), "saved"),
        (changed(resources=[]), "resources"),
        (changed(resources={"../etc": {}}), "no name of a kind"),
        (changed(resources={"bridge": []}), "parameters of bridge"),
    ],
)
def test_whatever_is_wrong_is_said(text, words):
    with pytest.raises(ValueError, match=words):
        parse_desired_state(text)
