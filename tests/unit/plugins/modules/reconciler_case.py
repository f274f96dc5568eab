# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with systemd, and the module on it; the engine is a few bytes, because compiling the real one takes long."""

from __future__ import annotations

import json
from unittest import mock

from ansible_collections.kvm.vnic.plugins.module_utils._module import reconciler as wiring
from ansible_collections.kvm.vnic.plugins.module_utils._resource import reconciler as resource
from ansible_collections.kvm.vnic.plugins.modules import reconciler
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.systemd import MemorySystemd

ENGINE = "/usr/local/libexec/kvm-vnic.pyz"
DESIRED = "/var/lib/kvm-vnic/desired.json"
HOOK = "/etc/libvirt/hooks/qemu.d/kvm-vnic-guests"
RULES = "/etc/udev/rules.d/90-kvm-vnic.rules"
UNITS = ["kvm-vnic-host.service", "kvm-vnic-guests.service", "kvm-vnic-guests.path", "kvm-vnic-guests.timer"]
FILES = ["/etc/systemd/system/" + name for name in UNITS] + [HOOK, RULES]
BRIDGE = {"bridge": {"bridges": [{"name": "br0", "mtu": 9000}]}}
PYTHON = "/usr/bin/python3"


def make_host():
    host = MemoryHost()
    MemorySystemd(host)
    return host


def run(host, archive=b"PK\xffengine", python=PYTHON, **params):
    check, diff = params.pop("check", False), params.pop("diff", False)
    with (
        mock.patch.object(wiring, "engine_archive", lambda installed: archive),
        mock.patch.object(resource.sys, "executable", python),
    ):
        return run_module(reconciler.main, host, params, check=check, diff=diff)


def told(result):
    assert not result["failed"], result
    return [
        (action["target"].rpartition("/")[2], action["field"], action["before"], action["after"])
        for action in result["actions"]
    ]


def observable(host):
    """All that a user could see of the reconciler; without the journal, and the date in the desired state. udev reads changed
    rules by itself sooner or later."""
    tree, systemd = host.tree, host.systemd_memory
    kept = tree.private.get(DESIRED)
    files = {path: (text, tree.modes.get(path)) for path, text in tree.contents.items()}
    return files, kept and json.loads(kept)["resources"], set(systemd.enabled), set(systemd.active), dict(systemd.known)


def everything_written(host):
    journal = [entry for entry in host.tree.private_writes if "desired.json" in entry]
    return host.writes() + host.systemd_memory.writes + journal


def settled(host, **params):
    """A second run changes and writes nothing."""
    before = everything_written(host)
    again = run(host, **params)
    assert not again["failed"] and not again["changed"] and everything_written(host) == before, again
    return again
