# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls as libvirt gets them, and the time that it has."""

from __future__ import annotations

import threading

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import libvirt as door
from ansible_collections.kvm.vnic.plugins.module_utils._host import within
from ansible_collections.kvm.vnic.plugins.module_utils._model.cpu_set import CpuSet
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, InFlight

UUID = "00000000-0000-4000-8000-000000000001"
LIVE, CONFIG = 1, 2


class FakeError(Exception):
    def get_error_code(self):
        return 55

    def get_error_message(self):
        return str(self)


class FakeDomain:
    """Remembers every call; ``block``: an Event that calls wait for."""

    def __init__(self):
        self.calls, self.block, self.error = [], None, None

    def name(self):
        return "web1"

    def __getattr__(self, method):
        def call(*arguments):
            if self.block is not None:
                self.block.wait(30)
            if self.error is not None:
                raise self.error
            self.calls.append((method,) + arguments)

        return call


class FakeLibrary:
    libvirtError = FakeError
    VIR_DOMAIN_AFFECT_LIVE, VIR_DOMAIN_AFFECT_CONFIG = LIVE, CONFIG

    def __init__(self):
        self.domain = FakeDomain()
        self.closed = 0

    def registerErrorHandler(self, handler, context):
        pass

    def open(self, uri):
        return self

    def isAlive(self):
        return 1

    def lookupByUUIDString(self, uuid):
        return self.domain

    def close(self):
        self.closed += 1


@pytest.fixture
def library(monkeypatch):
    library = FakeLibrary()
    monkeypatch.setattr(door, "libvirt", library)
    return library


def test_pins(library):
    libvirt = door.Libvirt()
    libvirt.pin_vcpu(UUID, 1, CpuSet([0, 2]), live=True, config=False)
    libvirt.pin_emulator(UUID, CpuSet([1]), live=False, config=True)
    libvirt.pin_iothread(UUID, 3, CpuSet([0]), live=True, config=True)
    assert library.domain.calls == [
        ("pinVcpuFlags", 1, (True, False, True), LIVE),
        ("pinEmulator", (False, True), CONFIG),
        ("pinIOThread", 3, (True,), LIVE | CONFIG),
    ]


@pytest.mark.parametrize("mode, number", [("strict", 0), ("preferred", 1), ("interleave", 2), ("restrictive", 3)])
def test_memory(library, mode, number):
    libvirt = door.Libvirt()
    libvirt.set_numa(UUID, mode, CpuSet([0, 1]), live=False, config=True)
    libvirt.set_numa(UUID, None, CpuSet([1]), live=True, config=False)
    assert library.domain.calls == [
        ("setNumaParameters", {"numa_mode": number, "numa_nodeset": "0-1"}, CONFIG),
        ("setNumaParameters", {"numa_nodeset": "1"}, LIVE),
    ]


def test_libvirts_words(library):
    library.domain.error = FakeError("Requested operation is not valid: cgroup CPUSET controller is not mounted")
    with pytest.raises(ApplyFailed, match="pin vCPU 0 of web1: Requested operation is not valid: cgroup"):
        door.Libvirt().pin_vcpu(UUID, 0, CpuSet([1]), live=True, config=False)


def test_a_daemon_that_does_not_answer_is_left_alone(library, monkeypatch):
    monkeypatch.setattr(within, "CALL_SECONDS", 0.05)
    library.domain.block = threading.Event()
    libvirt = door.Libvirt()
    with pytest.raises(InFlight, match="no answer within 0.05 s.*may still take effect"):
        libvirt.pin_vcpu(UUID, 0, CpuSet([1]), live=True, config=False)
    with pytest.raises(InFlight, match="not asked"):
        libvirt.domains()
    assert not libvirt.available()
    libvirt.close()
    assert library.closed == 0  # it would wait, too
    library.domain.block.set()


def test_a_host_that_has_no_thread_left_is_told(library, monkeypatch):
    def refuse(_thread):
        raise RuntimeError("can't start new thread")

    libvirt = door.Libvirt()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(ApplyFailed, match="libvirt: .*: can't start new thread"):
            libvirt.pin_vcpu(UUID, 0, CpuSet([1]), live=True, config=False)
        assert not libvirt.available()
    libvirt.pin_vcpu(UUID, 0, CpuSet([1]), live=True, config=False)


def test_no_thread_is_left_after_a_call(library):
    before = set(threading.enumerate())
    libvirt = door.Libvirt()
    for cpu in range(5):
        libvirt.pin_vcpu(UUID, 0, CpuSet([cpu]), live=True, config=False)
    libvirt.close()
    assert set(threading.enumerate()) <= before and library.closed == 1


def test_what_the_call_raises_is_raised():
    with pytest.raises(KeyError):
        within.within(5, lambda: {}["x"])
    assert within.within(5, lambda: None) is None
