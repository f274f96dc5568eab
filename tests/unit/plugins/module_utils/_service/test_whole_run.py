# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as a play makes it: opened, a module with the token, and then no confirmation; with the engine's own way back."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.checkpoint import confirm_run, open_run, undo
from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import Journal
from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import UNDONE
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict
from ansible_collections.kvm.vnic.plugins.module_utils._model.undo import Undo
from ansible_collections.kvm.vnic.plugins.module_utils._resource import registry
from ansible_collections.kvm.vnic.plugins.module_utils._resource.bridge import Bridge
from ansible_collections.kvm.vnic.tests.unit.memory_host.guarded import PROGRAM, GuardedHost

MADE = {"bridges": [{"name": "br0", "state": "present"}], "purge": False}
GONE = {"bridges": [{"name": "br0", "state": "absent"}], "purge": False}


class MadeBridge(Bridge):
    def undo(self, desired, before, actions):
        return Undo(GONE, (), ("its packets are lost",))


@pytest.fixture
def host(monkeypatch):
    found = GuardedHost()
    found.real = True
    monkeypatch.setattr(registry, "KINDS", {"bridge": MadeBridge})
    yield found
    found.clock.close()


def make(host, token):
    return converge(MadeBridge(), dict(MADE), host, Consent([]), Journal(host, token))


def test_what_a_module_made_goes_when_nobody_confirms(host):
    run, _former, _undone = open_run(host, 30, lambda: PROGRAM)
    assert make(host, run).actions and "br0" in host.kernel.links
    host.clock.sleep(40)
    assert host.record.state == UNDONE and "br0" not in host.kernel.links
    assert "bridge: not covered: its packets are lost" in host.record.told
    assert any(line.startswith("bridge: br0") for line in host.record.told)
    with pytest.raises(Conflict, match="because it was not confirmed within 30 s of its last step"):
        make(host, run)
    assert "br0" not in host.kernel.links
    assert open_run(host, 30, lambda: PROGRAM)[1]["told"] == list(host.record.told)


def test_without_the_token_nothing_is_changed_meanwhile(host):
    run, _former, _undone = open_run(host, 30, lambda: PROGRAM)
    make(host, run)
    host.kernel.links.pop("br0")
    with pytest.raises(Conflict, match=run):
        make(host, "")
    assert "br0" not in host.kernel.links


def test_what_was_confirmed_stays_until_it_is_undone(host):
    run, _former, _undone = open_run(host, 30, lambda: PROGRAM)
    make(host, run)
    confirm_run(host, run)
    host.clock.sleep(40)
    assert "br0" in host.kernel.links
    changed, record = undo(host, "", "", lambda: PROGRAM)
    assert changed and record.run == run and "br0" not in host.kernel.links


def test_killed_with_its_service_it_is_undone_by_the_next(host):
    run, _former, _undone = open_run(host, 30, lambda: PROGRAM)
    make(host, run)
    (process,) = host.services.units.values()
    host.clock.kill(process)
    with pytest.raises(Conflict, match="was cut off"):
        make(host, run)
    _run, former, undone = open_run(host, 30, lambda: PROGRAM)
    assert undone and former["state"] == UNDONE and "br0" not in host.kernel.links
