# SPDX-License-Identifier: GPL-3.0-or-later
"""A boot that will not come to its end is begun anew."""

from __future__ import annotations

import pytest
from vnic_lab import hypervisor

LATE = "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:\n"
DEAD = LATE + "rcu: \tPossible timer handling issue on cpu=4 timer-softirq=1\n"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Answers once its serial console tells nothing of a stall."""
    host = hypervisor.Hypervisor("lab1", tmp_path / "ssh_config")
    host.serial_log = tmp_path / "serial.log"
    host.serial_log.write_text("")
    host.restarts = []
    for name, stub in {
        "answers": lambda: True,
        "_is_booted": lambda: "stalls" not in host.serial_log.read_text() or host.restarts,
        "pid": lambda: 1,
        "cut_power": lambda: None,
        "restart": lambda append: host.restarts.append(append) or host.serial_log.write_text(""),
    }.items():
        monkeypatch.setattr(host, name, stub)
    monkeypatch.setattr(hypervisor.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(hypervisor.Stillness, "lasts", lambda self, pid: False)
    return host


@pytest.mark.parametrize(("console", "restarts"), [("", []), (DEAD, [None])])
def test_only_one_without_a_timer_is_begun_anew(host, console, restarts):
    host.serial_log.write_text(console)
    host.wait(60)
    assert host.restarts == restarts


def test_one_that_is_merely_late_is_waited_for(host):
    host.serial_log.write_text(LATE)
    with pytest.raises(hypervisor.LabError, match="not up within 0 s"):
        host.wait(0)
    assert host.restarts == []


def test_one_that_sleeps_without_a_word_is_begun_anew(host, monkeypatch):
    monkeypatch.setattr(host, "answers", lambda: bool(host.restarts))
    monkeypatch.setattr(hypervisor.Stillness, "lasts", lambda self, pid: not host.restarts)
    host.wait(60)
    assert host.restarts == [None]
