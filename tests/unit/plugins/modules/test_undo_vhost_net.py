# SPDX-License-Identifier: GPL-3.0-or-later
"""vhost-net led back, and its file of ours."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict
from ansible_collections.kvm.vnic.plugins.module_utils._resource.vhost_module import configuration_text
from ansible_collections.kvm.vnic.plugins.module_utils._resource.vhost_net import VhostNet
from ansible_collections.kvm.vnic.tests.unit.memory_host.fuse import Fuse, Killed, Writes
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal
from ansible_collections.kvm.vnic.tests.unit.memory_host.undone import differences, is_whole, lead_back, shown, undo_of
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.test_vhost_net import FILE, VALUE, Kmod
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.test_vhost_net import run as run_module_on


def hypervisor(loaded, configured):
    host = MemoryHost()
    host.kmod = Kmod(host)
    if configured is not None:
        host.tree.contents[FILE] = configuration_text(configured)
    if loaded:
        host.kmod.load()
    return host


def set_fuse(host, fuse):
    host.tree.writes = Writes(fuse, host.tree.writes)
    host.kmod.lines = Writes(fuse, host.kmod.lines)


def run(host, params):
    return converge(VhostNet(), params, host, Consent(), MemoryJournal())


def killed(host, params, allowed):
    """The host after the run was killed at the write after so many."""
    set_fuse(host, Fuse(allowed))
    with pytest.raises(Killed):
        run(host, params)
    set_fuse(host, Fuse(100))
    return host


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("configured", [None, True, False])
@pytest.mark.parametrize("wish_loaded", [None, True, False])
@pytest.mark.parametrize("zero_copy", [None, True, False])
def test_killed_after_each_write_it_is_led_back_and_on(loaded, configured, wish_loaded, zero_copy):
    params = {"loaded": wish_loaded, "zero_copy": zero_copy}
    host, fuse = hypervisor(loaded, configured), Fuse(100)
    before = shown(host)
    undo = undo_of(VhostNet(), params, host, Consent())
    assert is_whole(undo)
    set_fuse(host, fuse)
    run(host, params)
    total, finished = 100 - fuse.left, shown(host)
    lead_back(VhostNet(), undo, host)
    assert differences(before, shown(host)) == {}
    for allowed in range(total):
        back, again = (killed(hypervisor(loaded, configured), params, allowed) for _each in range(2))
        lead_back(VhostNet(), undo, back)
        assert differences(before, shown(back)) == {}, allowed
        run(again, params)
        assert not run(again, params).changed, allowed
        if wish_loaded is None and loaded and VALUE not in again.tree.contents:
            again.kmod.load()  # as the first guest that opens its device has the kernel do
        assert differences(finished, shown(again)) == {}, allowed


def test_a_guest_that_uses_it_by_now_keeps_it():
    host = hypervisor(False, None)
    undo = undo_of(VhostNet(), {"loaded": True}, host, Consent())
    run(host, {"loaded": True})
    host.kmod.hold(4711, "qemu-system-x86", "qemu", "-name", "guest=web1")
    with pytest.raises(Conflict) as refused:
        lead_back(VhostNet(), undo, host)
    assert "guest web1" in str(refused.value)


def test_what_cannot_be_led_back_is_told():
    host = hypervisor(True, None)
    host.tree.contents[VALUE] = "1\n"  # loaded by hand
    told = undo_of(VhostNet(), {"zero_copy": False}, host, Consent())[1].uncovered
    assert len(told) == 1 and "had zero copy on" in told[0]
    host.tree.contents[FILE] = "# mine\n" + configuration_text(True)
    told = undo_of(VhostNet(), {"zero_copy": False}, host, Consent())[1].uncovered
    assert len(told) == 1 and "what else stood in" in told[0]
    host.tree.contents.update({FILE: configuration_text(True), VALUE: "0\n"})
    told = undo_of(VhostNet(), {"zero_copy": True}, host, Consent())[1].uncovered
    assert len(told) == 1 and "loaded again" in told[0]


def test_the_file_goes_and_a_second_run_writes_nothing():
    host = hypervisor(True, True)
    params = {"zero_copy": False, "configuration": "absent"}
    result = run_module_on(host, **params)
    assert not result["failed"] and FILE not in host.tree.contents and host.tree.contents[VALUE] == "0\n"
    writes = list(host.tree.writes)
    assert not run_module_on(host, **params)["changed"] and host.tree.writes == writes


@pytest.mark.parametrize("params", [{"configuration": "absent", "zero_copy": True}, {"configuration": "present"}])
def test_bad_input_is_refused_before_any_write(params):
    host = hypervisor(True, True)
    result = run_module_on(host, **params)
    assert result["failed"] and "configuration" in result["msg"] and host.tree.writes == []
