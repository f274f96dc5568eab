# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords in guests' definitions stay there."""

from __future__ import annotations

import json

import pytest

from ansible_collections.kvm.vnic.plugins.modules import audit_info, domain_interface, domain_pinning, host_info
from ansible_collections.kvm.vnic.tests.unit.memory_host import guest_host, pinned_host
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import BRIDGE
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

SECRET = "hunter2"
NICS = {"domains": [{"name": "web1", "interfaces": [dict(BRIDGE, mac="52:54:00:00:00:bb")]}]}
PINS = {"domains": [{"name": "web1", "vcpus": {"0": "4"}, "memory": {"mode": "preferred", "nodes": 1}}]}
CASES = {
    "domain_interface": (domain_interface.main, guest_host.hypervisor, NICS),
    "domain_pinning": (domain_pinning.main, pinned_host.hypervisor, PINS),
    "host_info": (host_info.main, pinned_host.hypervisor, {}),
    "audit_info": (audit_info.main, pinned_host.hypervisor, {"resources": {"domain_pinning": PINS}}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("fails", [False, True])
def test_passwords_are_in_no_result_no_diff_and_no_journal(case, fails):
    """Even if libvirt told them to whoever does not ask for them."""
    main, make, params = CASES[case]
    host = make()
    for domain in host.libvirt.listed:
        known = {
            field: xml and xml.replace("<devices>", "<devices><graphics type='vnc' passwd='%s'/>" % SECRET)
            for field, xml in (("live_xml", domain.live_xml), ("persistent_xml", domain.persistent_xml))
        }
        host.libvirt.put(domain.name, **known)
    if fails:
        host.libvirt.failures.update(dict.fromkeys(("attach", "define", "update", "pin_vcpu"), "internal error"))
    for check in (True, False):
        result = run_module(main, host, params, check=check, diff=True)
        assert SECRET not in json.dumps(result)
    assert SECRET in host.libvirt.get("web1").persistent_xml
    assert SECRET not in str(host.tree.private) and SECRET not in str(host.tree.writes)
    if case.startswith("domain_"):
        assert result["failed"] == fails and host.tree.private, result
