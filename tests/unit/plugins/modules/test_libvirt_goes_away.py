# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's daemon ends, by a crash or because somebody restarts it, while NICs are changed."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MACVTAP,
    UUID2,
    define,
    hypervisor,
    run_all,
)

WISHES = (
    {"name": "web1", "interfaces": [BRIDGE, dict(MACVTAP, name="back", mac="52:54:00:00:00:ab")]},
    {"name": "db1", "interfaces": [dict(BRIDGE, mac="52:54:00:00:00:bb", mtu=1400)]},
)


def machine():
    host = hypervisor()
    define(host, "db1", UUID2)
    host.libvirt.start("web1")
    return host


def guests(host):
    return [(domain.name, domain.live_xml, domain.persistent_xml) for domain in host.libvirt.domains()]


def fault_free():
    host = machine()
    assert not run_all(host, *WISHES)["failed"]
    return len(host.libvirt.writes), guests(host)


COUNT, FINAL = fault_free()


@pytest.mark.parametrize("after", range(COUNT))
def test_whenever_the_daemon_ends_the_next_run_does_what_is_left(after):
    host = machine()

    def end(_verb, _name):
        if len(host.libvirt.writes) == after:
            host.libvirt.running = False
            host.libvirt._connected()

    host.libvirt.on_call = end
    result = run_all(host, *WISHES)
    assert result["failed"] and "Failed to connect socket" in result["msg"]
    assert len(host.libvirt.writes) == after
    left = copy.deepcopy(host.libvirt.listed)
    refused = run_all(host, *WISHES)
    assert refused["failed"] and host.libvirt.listed == left
    host.libvirt.running, host.libvirt.on_call = True, lambda verb, name: None
    assert not run_all(host, *WISHES)["failed"] and guests(host) == FINAL
    assert not run_all(host, *WISHES)["changed"]


@pytest.mark.parametrize("doomed, other", [("web1", "db1"), ("db1", "web1")])
def test_a_guest_that_crashes_it_each_time_keeps_no_other_from_its_turn(doomed, other):
    """The daemon's socket starts it again, and the door connects anew."""
    host = machine()

    def crash(_verb, name):
        if name == doomed:
            raise ApplyFailed("attach", "Cannot recv data: Connection reset by peer")

    host.libvirt.on_call = crash
    for _run in range(2):
        result = run_all(host, *WISHES)
        assert result["failed"] and doomed in result["msg"] and "Connection reset by peer" in result["msg"]
    final = {name: texts for name, *texts in FINAL}
    assert {name: texts for name, *texts in guests(host)}[other] == final[other]
