# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that stands for a guest: what starts it, what ends it, and its command line."""

from __future__ import annotations

import contextlib

import pytest
from vnic_lab import cli, fleet, guest, host_packages, image_cache, machine
from vnic_lab.run import LabError


class Remembering:
    def __init__(self, directory, log):
        self.name, self.directory, self.log = "guest1", directory, log
        self.alive, self.answering, self.record = False, True, None

    def pid(self):
        return 4711 if self.alive else None

    def answers(self):
        return self.alive and self.answering

    def machine(self):
        return self.record

    def fresh_disk(self, _image):
        self.directory.mkdir(exist_ok=True)
        self.log.append("disk")

    def start(self, one, image):
        self.log.append("start")
        self.alive = self.answering = True
        self.record = (one, image)

    def wait(self, _seconds):
        self.log.append("wait")

    def cut_power(self):
        self.log.append("cut")
        self.alive = False


@pytest.fixture
def lab(tmp_path, monkeypatch):
    log = []
    host = Remembering(tmp_path / "guest1", log)
    monkeypatch.setattr(guest, "the_machine", lambda: host)
    monkeypatch.setattr(guest, "free_port", lambda: 40009)
    monkeypatch.setattr(host_packages, "ensure", lambda: None)
    monkeypatch.setattr(image_cache, "ensure", lambda: tmp_path / "image")
    return host, log


def test_up_boots_it_and_writes_how_to_reach_it(lab):
    host, log = lab
    guest.up(3)
    assert log == ["disk", "start", "wait"]
    one = host.record[0]
    assert (one.name, one.queues, one.cpus, one.cables, one.ssh_port) == ("guest1", 3, 4, (), 40009)
    assert "iommu" not in one.append
    assert "guests:" in (host.directory / "inventory.yml").read_text()
    assert "hypervisors" not in (host.directory / "inventory.yml").read_text()
    assert "Host guest1\n" in (host.directory / "ssh_config").read_text()


def test_up_again_does_nothing(lab):
    _host, log = lab
    guest.up(4)
    log.clear()
    guest.up(4)
    assert log == []


@pytest.mark.parametrize(("queues", "answering"), [(2, True), (4, False)])
def test_another_number_of_queues_or_no_answer_starts_it_anew(lab, queues, answering):
    host, log = lab
    guest.up(4)
    log.clear()
    host.answering = answering
    guest.up(queues)
    assert log == ["cut", "disk", "start", "wait"]
    assert host.record[0].queues == queues


@pytest.mark.parametrize("queues", [-1, 0, 1, 5])
def test_queues_that_no_guest_would_use_are_refused_before_anything_is_done(lab, queues):
    _host, log = lab
    with pytest.raises(LabError, match="--queues %d: from 2 to 4" % queues):
        guest.up(queues)
    assert log == []


def test_down_ends_it_and_takes_the_files_away(lab):
    host, log = lab
    guest.up(4)
    log.clear()
    guest.down()
    guest.down()
    assert log == ["cut"]
    assert list(host.directory.iterdir()) == []


@pytest.fixture
def asked(monkeypatch):
    done = []
    monkeypatch.setattr(fleet, "exclusively", contextlib.nullcontext)
    monkeypatch.setattr(fleet, "down", lambda: done.append("hypervisors down"))
    monkeypatch.setattr(guest, "up", lambda queues: done.append("guest up %d" % queues))
    monkeypatch.setattr(guest, "down", lambda: done.append("guest down"))
    return done


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["guest", "up"], ["guest up 4"]),
        (["guest", "up", "--queues", "2"], ["guest up 2"]),
        (["guest", "down"], ["guest down"]),
        (["down"], ["hypervisors down", "guest down"]),
    ],
)
def test_what_the_command_line_asks_for(asked, words, expected):
    assert cli.main(words) == 0
    assert asked == expected


def argv_of(queues=4, tap=(7, 8, 9, 10)):
    one = machine.Machine(1, 4, 1024, 2222, (), append=machine.GUEST_APPEND, queues=queues)
    return machine.command(one, kernel="k", initrd="i", disk="d", serial_log="s", pid_file="p", tap=tap)


def test_its_command_line_has_the_queues_and_nothing_of_a_hypervisor():
    argv = argv_of()
    assert "tap,id=queues,vhost=off,fds=7:8:9:10" in argv
    (nic,) = (word for word in argv if "netdev=queues" in word)
    assert "mq=on,vectors=10," in nic and "bus=pcie.0" in nic
    assert [word for word in argv if "igb" in word or "iommu" in word or "numa" in word or "svm" in word] == []


def test_its_macs_are_no_hypervisors():
    one, other = machine.Machine(1, 4, 1024, 2222, (), queues=4), machine.Machine(1, 8, 4096, 2223, ())
    assert one.queues_mac not in {one.management_mac, other.igb_mac(0), other.igb_mac(1)}
    assert one.machine_id != other.machine_id


@pytest.mark.parametrize("tap", [(), (7, 8)])
def test_descriptors_and_queues_must_agree(tap):
    with pytest.raises(ValueError, match="%d descriptors for 4 queues" % len(tap)):
        argv_of(tap=tap)
