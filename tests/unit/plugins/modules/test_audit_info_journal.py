# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.modules import audit_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

ENTRY = {
    "schema": 1,
    "run": "1",
    "kind": "vlan",
    "pid": 7,
    "boot": "b",
    "born": "1",
    "began": "then",
    "params": {},
    "before": {},
}
ACTION = {"target": "ens2.5", "field": "state", "before": None, "after": {"mtu": 9000}}


def unfinished(host):
    result = run_module(audit_info.main, host, {})
    assert not result["failed"] and "unfinished_run" in result["audited"], result
    return [finding for finding in result["findings"] if finding["id"] == "unfinished_run"]


def test_a_run_that_did_not_end_is_found(lab):
    assert unfinished(lab) == []
    lab.journal.write("00000001-vlan.open", json.dumps(dict(ENTRY, actions=[ACTION])))
    lab.journal.write("00000002-vlan.done", json.dumps(dict(ENTRY, actions=[ACTION])))
    before = lab.snapshot()
    (finding,) = unfinished(lab)
    assert lab.snapshot() == before
    assert finding["subject"] == "vlan" and 'ens2.5 state from none to {"mtu": 9000}' in finding["summary"]


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"schema": 2})])
def test_one_that_cannot_be_read_is_found_too(lab, text):
    lab.journal.write("00000001-vlan.failed", text)
    (finding,) = unfinished(lab)
    assert finding["severity"] == "notice" and finding["subject"].endswith("/00000001-vlan.failed")
