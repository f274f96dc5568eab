# SPDX-License-Identifier: GPL-3.0-or-later
"""What up, down and reboot do with hypervisors that only remember what was asked of them."""

from __future__ import annotations

import socket
import subprocess
import threading
import time

import pytest
from vnic_lab import cli, fleet, host_packages, hypervisor, image_cache
from vnic_lab.run import LabError


class Remembering:
    def __init__(self, name, log, alive=False, answering=True, listed=False):
        self.name, self.log = name, log
        self.alive, self.answering, self.listed = alive, answering, listed
        self.record = None

    def pid(self):
        return 4711 if self.alive else None

    def answers(self):
        return self.alive and self.answering

    def is_listed(self):
        return self.listed

    def age(self):
        return 1000.0

    def machine(self):
        return self.record

    def fresh_disk(self, _image):
        self.log.append(("disk", self.name))

    def start(self, machine, image):
        self.log.append(("start", self.name, machine.cables[0].split(",")[0]))
        self.alive = self.answering = True
        self.record = (machine, image)

    def restart(self, append):
        self.log.append(("restart", self.name, append))

    def wait(self, _seconds):
        if not self.answering:
            raise LabError("no answer")

    def power_off(self):
        self.log.append(("off", self.name))

    def cut_power(self):
        self.log.append(("cut", self.name))
        self.alive = False

    def ssh(self, *remote):
        return ["ssh", self.name, *remote]


@pytest.fixture
def lab(tmp_path, monkeypatch):
    log = []
    hosts = [Remembering("lab1", log), Remembering("lab2", log)]
    (tmp_path / "image").mkdir()
    monkeypatch.setattr(fleet, "everyone", lambda: hosts)
    monkeypatch.setattr(fleet.paths, "state", lambda: tmp_path)
    monkeypatch.setattr(host_packages, "ensure", lambda: None)
    monkeypatch.setattr(image_cache, "ensure", lambda: tmp_path / "image")
    monkeypatch.setattr(image_cache, "current_key", lambda: "image")
    hosts[0].disk = hosts[1].disk = tmp_path / "no-disk"
    return hosts, log, tmp_path


def test_up_starts_one_and_writes_how_to_reach_it(lab):
    _hosts, log, state = lab
    fleet.up(None, keep_disk=False)
    assert log == [("disk", "lab1"), ("start", "lab1", "hubport")]
    assert "lab1" in (state / "inventory.yml").read_text() and "lab2" not in (state / "inventory.yml").read_text()
    assert "Host lab1\n" in (state / "ssh_config").read_text()


def test_up_again_does_nothing(lab):
    hosts, log, _state = lab
    hosts[0].alive = hosts[0].listed = True
    fleet.up(None, keep_disk=False)
    fleet.up(1, keep_disk=False)
    assert log == []


def test_up_without_a_number_keeps_both(lab):
    hosts, log, _state = lab
    for host in hosts:
        host.alive = host.listed = True
    fleet.up(None, keep_disk=False)
    assert log == []


@pytest.mark.parametrize("dead", [0, 1])
def test_one_dead_of_two_starts_both_again(lab, dead):
    hosts, log, _state = lab
    for host in hosts:
        host.alive = host.listed = True
    hosts[dead].alive = False
    fleet.up(None, keep_disk=False)
    other = "lab2" if dead == 0 else "lab1"
    assert log[0] == ("cut", other)
    assert log[1:] == [
        ("disk", "lab1"),
        ("start", "lab1", "stream"),
        ("disk", "lab2"),
        ("start", "lab2", "stream"),
    ]


def test_another_number_cables_anew(lab):
    hosts, log, _state = lab
    hosts[0].alive = hosts[0].listed = True
    fleet.up(2, keep_disk=False)
    assert [entry[0] for entry in log] == ["cut", "disk", "start", "disk", "start"]


def test_one_that_does_not_answer_is_awaited_then_started_again(lab):
    hosts, log, _state = lab
    hosts[0].alive, hosts[0].listed, hosts[0].answering = True, True, False
    fleet.up(None, keep_disk=False)
    assert [entry[0] for entry in log] == ["cut", "disk", "start"]


def test_one_that_is_still_booting_is_only_awaited(lab, monkeypatch):
    hosts, log, _state = lab
    hosts[0].alive = hosts[0].listed = True
    monkeypatch.setattr(hosts[0], "answers", lambda: False)
    fleet.up(None, keep_disk=False)
    assert log == []


@pytest.mark.parametrize(("keep", "image", "expected"), [(True, "image", 0), (True, "other", 1), (False, "image", 1)])
def test_a_kept_disk_is_of_this_image(lab, keep, image, expected):
    hosts, log, state = lab
    (state / "disk").touch()
    hosts[0].disk = state / "disk"
    hosts[0].record = (None, state / image)
    fleet.up(1, keep_disk=keep)
    assert len([entry for entry in log if entry[0] == "disk"]) == expected


def test_down_ends_what_runs_and_forgets_how_to_reach_it(lab):
    hosts, log, state = lab
    fleet.up(None, keep_disk=False)
    del log[:]
    fleet.down()
    assert log == [("cut", "lab1")]
    assert not (state / "inventory.yml").exists() and not (state / "ssh_config").exists()
    fleet.down()
    assert log == [("cut", "lab1")]
    assert hosts[1].alive is False


def answer(monkeypatch, code, text):
    monkeypatch.setattr(
        subprocess, "run", lambda argv, **_others: subprocess.CompletedProcess(argv, code, stdout=text, stderr="why")
    )


def test_reboot_from_grub_reads_before_it_powers_off(lab, monkeypatch):
    hosts, log, _state = lab
    hosts[0].alive = True
    answer(monkeypatch, 0, "menuentry 'a' {\n linux /vmlinuz root=/dev/vda ro nosmt\n}\n")
    fleet.reboot("lab1", from_grub=True, cut=False)
    assert log == [("off", "lab1"), ("restart", "lab1", "root=/dev/vda ro nosmt")]


@pytest.mark.parametrize(("code", "text", "named"), [(1, "", "update-grub"), (0, "", "no entry")])
def test_without_a_usable_grub_cfg_nothing_is_powered_off(lab, monkeypatch, code, text, named):
    hosts, log, _state = lab
    hosts[0].alive = True
    answer(monkeypatch, code, text)
    with pytest.raises(LabError, match=named):
        fleet.reboot("lab1", from_grub=True, cut=False)
    assert log == []


def test_reboot_keeps_the_last_arguments_and_can_cut_the_power(lab):
    hosts, log, _state = lab
    hosts[0].alive = True
    fleet.reboot("lab1", from_grub=False, cut=True)
    assert log == [("cut", "lab1"), ("restart", "lab1", None)]


@pytest.mark.parametrize(("name", "named"), [("lab2", "not running"), ("lab9", "no hypervisor 'lab9': lab1, lab2")])
def test_reboot_of_what_does_not_run(lab, name, named):
    with pytest.raises(LabError, match=named):
        fleet.reboot(name, from_grub=False, cut=False)


@pytest.mark.parametrize(
    ("words", "argv"),
    [
        ([], ["ssh", "lab1"]),
        (["lab2"], ["ssh", "lab2"]),
        (["ip -j link | head"], ["ssh", "lab1", "ip -j link | head"]),
        (["lab2", "echo", "a b"], ["ssh", "lab2", "echo 'a b'"]),
        (["lab1", "--", "virsh", "list", "--all"], ["ssh", "lab1", "virsh list --all"]),
    ],
)
def test_ssh_passes_one_word_to_the_shell_and_quotes_several(lab, monkeypatch, words, argv):
    hosts, _log, _state = lab
    hosts[0].alive = hosts[1].alive = True
    ran = []
    monkeypatch.setattr(cli.os, "execvp", lambda _program, given: ran.append(given))
    cli.main(["ssh", *words])
    assert ran == [argv]


@pytest.mark.parametrize(("name", "value"), [("LAB_CPUS", "3"), ("LAB_CPUS", "many"), ("LAB_MEMORY", "1G")])
def test_a_size_that_cannot_be_is_refused_before_anything_starts(lab, monkeypatch, name, value):
    _hosts, log, _state = lab
    monkeypatch.setenv(name, value)
    with pytest.raises(LabError):
        fleet.up(1, keep_disk=False)
    assert [entry for entry in log if entry[0] == "start"] == []


def test_sshd_may_take_its_time_to_say_who_it_is():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        def slowly():
            connection, _address = listener.accept()
            with connection:
                time.sleep(3)
                connection.sendall(b"SSH-2.0-slow\r\n")

        server = threading.Thread(target=slowly)
        server.start()
        assert hypervisor._has_ssh_banner(port)
        server.join()
    assert not hypervisor._has_ssh_banner(port)
