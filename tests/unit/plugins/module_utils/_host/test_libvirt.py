# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import types

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import libvirt as door
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Conflict, Unsupported

UUID = "00000000-0000-4000-8000-000000000001"
INACTIVE, SECURE = 2, 1


class FakeError(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code

    def get_error_code(self):
        return self.code

    def get_error_message(self):
        return self.args[0]


class FakeDomain:
    def __init__(self):
        self.xml = "<domain/>"
        self.secret = "<domain secret='yes'/>"
        self.active, self.state_number, self.calls = True, 1, []
        self.reads = []

    def name(self):
        return "web1"

    def UUIDString(self):
        return UUID

    def isActive(self):
        return self.active

    def isPersistent(self):
        return True

    def state(self):
        return [self.state_number, 0]

    def hasManagedSaveImage(self, flags):
        return 0

    def XMLDesc(self, flags):
        self.reads.append(flags)
        return self.secret if flags & SECURE else self.xml

    def attachDeviceFlags(self, xml, flags):
        if xml == "<bad/>":
            raise FakeError(1, "internal error: No more available PCI slots")
        self.calls.append(("attach", xml, flags))


class FakeNetwork:
    def XMLDesc(self, flags):
        return "<network/>"

    def isActive(self):
        return 1


class FakeConnection:
    def __init__(self, library):
        self.library, self.alive, self.defined = library, 1, []

    def isAlive(self):
        return self.alive

    def listAllDomains(self, flags):
        return [self.library.domain]

    def lookupByUUIDString(self, uuid):
        if uuid != UUID:
            raise FakeError(42, "Domain not found")
        return self.library.domain

    def networkLookupByName(self, name):
        if name != "lan":
            raise FakeError(43 if name == "none" else 38, "no such network")
        return FakeNetwork()

    def defineXML(self, xml):
        self.defined.append(xml)

    def close(self):
        self.alive = 0


@pytest.fixture
def library(monkeypatch):
    library = types.SimpleNamespace(
        libvirtError=FakeError,
        VIR_ERR_NO_DOMAIN=42,
        VIR_ERR_NO_NETWORK=43,
        VIR_DOMAIN_XML_INACTIVE=INACTIVE,
        VIR_DOMAIN_XML_SECURE=SECURE,
        VIR_DOMAIN_AFFECT_LIVE=1,
        VIR_DOMAIN_AFFECT_CONFIG=2,
        VIR_DOMAIN_SHUTOFF=5,
        VIR_DOMAIN_PAUSED=3,
        VIR_DOMAIN_PMSUSPENDED=7,
        VIR_DOMAIN_CRASHED=6,
        registerErrorHandler=lambda handler, context: None,
        domain=FakeDomain(),
        connections=[],
    )

    def connect(uri):
        library.connections.append(FakeConnection(library))
        return library.connections[-1]

    library.open = connect
    monkeypatch.setattr(door, "libvirt", library)
    return library


def test_without_the_bindings_the_package_is_named(monkeypatch):
    monkeypatch.setattr(door, "libvirt", None)
    with pytest.raises(Unsupported, match="python3-libvirt"):
        door.Libvirt().domains()
    assert not door.Libvirt().available()


@pytest.mark.parametrize("number, paused", [(1, False), (3, True), (6, True), (7, True)])
def test_a_guest_that_stands_still_is_paused(library, number, paused):
    library.domain.state_number = number
    assert [domain.paused for domain in door.Libvirt().domains()] == [paused]
    assert door.Libvirt().domain(UUID).paused is paused


def test_reading_never_asks_for_secrets(library):
    libvirt = door.Libvirt()
    libvirt.domains()
    libvirt.domain(UUID)
    assert library.domain.reads and not any(flags & SECURE for flags in library.domain.reads)


def test_a_guest_that_is_not_there_is_none(library):
    assert door.Libvirt().domain("00000000-0000-4000-8000-000000000002") is None


def test_scopes_are_always_explicit_and_libvirts_words_are_kept(library):
    libvirt = door.Libvirt()
    libvirt.attach(UUID, "<a/>", live=True, config=False)
    libvirt.attach(UUID, "<b/>", live=False, config=True)
    assert library.domain.calls == [("attach", "<a/>", 1), ("attach", "<b/>", 2)]
    with pytest.raises(ApplyFailed, match="attach device of web1: internal error: No more available PCI slots"):
        libvirt.attach(UUID, "<bad/>", live=True, config=False)


def test_redefining_keeps_secrets(library):
    door.Libvirt().redefine(UUID, "<domain/>", lambda text: text.replace("<domain", "<domain x='1'"))
    assert library.connections[0].defined == ["<domain x='1' secret='yes'/>"]


def test_redefining_what_somebody_else_redefined_writes_nothing(library):
    def change(text):
        library.domain.xml = "<domain title='new'/>"
        return text

    for seen in ("<domain title='old'/>", "<domain/>"):
        with pytest.raises(Conflict, match="somebody else"):
            door.Libvirt().redefine(UUID, seen, change)
    assert [connection.defined for connection in library.connections] == [[], []]


def test_networks(library):
    assert door.Libvirt().network("lan") == ("<network/>", True)
    assert door.Libvirt().network("none") is None
    with pytest.raises(ApplyFailed, match="no such network"):
        door.Libvirt().network("odd")


def test_a_daemon_that_was_restarted_is_asked_again(library):
    libvirt = door.Libvirt()
    libvirt.domains()
    library.connections[0].alive = 0
    libvirt.domains()
    assert len(library.connections) == 2


def test_a_door_that_is_kept_closed_is_as_with_a_daemon_that_is_stopped(library):
    host = door.Libvirt()
    host.keep_closed()
    assert not host.available()
    for ask in (
        host.domains,
        host.version,
        lambda: host.network("default"),
        lambda: host.attach(UUID, "<x/>", True, False),
    ):
        with pytest.raises(ApplyFailed, match="connect to qemu:///system"):
            ask()
    assert library.connections == []
