# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose bridges have flow tables, and the module on it."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.modules import ovs_flows
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

RECORD = "/etc/kvm-vnic/ovs-flows.json"


def run(host, *bridges, **more):
    check, diff = more.pop("check", False), more.pop("diff", False)
    return run_module(ovs_flows.main, host, dict(more, bridges=list(bridges)), check=check, diff=diff)


def told(result):
    assert not result["failed"], result
    return [(action["target"], action["field"], action["before"], action["after"]) for action in result["actions"]]


def settled(host, *bridges, **more):
    """A second run changes and writes nothing."""
    written = host.writes()
    again = run(host, *bridges, **more)
    assert not again["failed"] and not again["changed"] and host.writes() == written, again
    return again


def flow(match, actions, **more):
    return dict(more, match=match, actions=actions)


def guest(interface_id, *flows, **more):
    return dict(more, interface_id=interface_id, guest=more.get("guest", "web1"), flows=list(flows))


ANY = flow("in_port={port}", "NORMAL")
