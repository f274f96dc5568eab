# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose bridges have flow tables, and the module on it."""

from __future__ import annotations

import copy
import json

from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_flows import OvsFlows
from ansible_collections.kvm.vnic.plugins.modules import ovs_flows
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import run_there_and_back

RECORD = "/etc/kvm-vnic/ovs-flows.json"


def picture(host):
    """All that lasts: tables, the record by what it says, and the hook."""
    files = dict(host.tree.contents)
    record = files.pop(RECORD, "")
    if record.startswith(('{"', "{\n")):
        record = json.loads(record)["bridges"]
    record = record or {}  # one of no bridge says as much as none
    tables = {
        name: {"mode": each.fail_mode, "flows": each.lines(), "groups": each.groups, "meters": each.meters}
        for name, each in host.switch.bridges.items()
    }
    return copy.deepcopy({"files": files, "record": record, "tables": tables})


def run(host, *bridges, **more):
    """``back``: whether what it changes is led back and done again on the way."""
    check, diff, back = more.pop("check", False), more.pop("diff", False), more.pop("back", True)
    wish = dict(more, bridges=list(bridges))
    if not back:
        return run_module(ovs_flows.main, host, wish, check=check, diff=diff)
    return run_there_and_back(ovs_flows.main, OvsFlows(), picture, host, wish, check=check, diff=diff)


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
