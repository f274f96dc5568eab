# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.modules import audit_info
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import hypervisor

PINS = {"name": "web1", "vcpus": {"0": "4", "1": "5"}, "emulator": "6-7"}


def run(host, resources, **more):
    return run_module(audit_info.main, host, dict({"resources": resources}, **more))


def brief(result):
    return [
        (finding["id"], finding["severity"], finding["subject"], finding["evidence"].get("field"))
        for finding in result["findings"]
    ]


def test_without_a_wish_the_host_is_looked_at_as_a_whole():
    host = hypervisor()
    result = run(host, {})
    assert not result["failed"] and result["changed"] is False
    assert ("vcpu_floating", "notice", "web1", None) in brief(result)
    assert "interrupt_elsewhere" in result["audited"] and "domain_pinning" not in result["audited"]
    assert host.writes() == []


def test_a_wish_is_compared_and_not_brought_about():
    host = hypervisor()
    result = run(host, {"domain_pinning": {"domains": [PINS]}}, least_severity="warning")
    differs = [finding for finding in brief(result) if finding[0] == "domain_pinning_differs"]
    assert {field for _id, _severity, _subject, field in differs} >= {"live.vcpus.0", "live.vcpus.1", "live.emulator"}
    assert host.writes() == []
    assert run(host, {"domain_pinning": {"domains": [PINS]}}, least_severity="warning") == result


def test_the_gravest_come_first_and_all_are_counted():
    host = hypervisor()
    wish = {
        "domain_pinning": {"domains": [PINS]},
        "macvtap": {"lower_devices": [{"name": "ens9"}]},
        "irq_affinity": {"targets": [{"device": "ens9", "cpus": "0"}]},
    }
    result = run(host, wish)
    severities = [finding["severity"] for finding in result["findings"]]
    assert severities == sorted(severities, key=["error", "warning", "notice"].index)
    assert result["counts"] == {name: severities.count(name) for name in ("error", "warning", "notice")}
    assert {"irq_affinity", "macvtap", "domain_pinning"} <= set(result["audited"])
    errors = run(host, wish, least_severity="error")
    assert errors["counts"] == result["counts"] and all(
        finding["severity"] == "error" for finding in errors["findings"]
    )


def test_one_wish_that_cannot_be_had_does_not_hide_the_others():
    result = run(
        hypervisor(),
        {"domain_pinning": {"domains": [PINS]}, "irq_affinity": {"targets": [{"device": "ens2", "cpus": "0x3"}]}},
    )
    ids = {finding["id"] for finding in result["findings"]}
    assert {"irq_affinity_refused", "domain_pinning_differs"} <= ids


@pytest.mark.parametrize(
    "resources, words",
    [
        ({"irq_affinity": {"tagets": []}}, ["resources.irq_affinity", "tagets"]),
        ({"irq_affinity": {"targets": [{"policy": "near"}]}}, ["resources.irq_affinity", "near", "spread"]),
        (
            {"macvtap": {"lower_devices": [{}]}, "sriov": {"pfs": [{}]}},
            ["resources.macvtap", "resources.sriov", "name", "pf"],
        ),
    ],
)
def test_what_the_other_modules_would_not_take_is_refused(resources, words):
    host = hypervisor()
    result = run(host, resources)
    assert result["failed"] and result["error_kind"] == "value" and all(word in result["msg"] for word in words)
    assert host.writes() == []


def test_an_unknown_module_is_refused():
    result = run(hypervisor(), {"cable": {}})
    assert result["failed"] and "cable" in result["msg"]


def test_a_libvirt_that_does_not_answer_is_said():
    host = hypervisor()
    host.libvirt.running = False
    result = run(host, {"domain_pinning": {"domains": [PINS]}})
    assert not result["failed"]
    assert [finding["id"] for finding in result["findings"]] == ["domain_pinning_unreadable", "not_audited"]
