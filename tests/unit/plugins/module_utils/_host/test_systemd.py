# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to systemd: the exact words, and what its answers mean."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._host.systemd import Systemd, UnitState
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Unsupported
from ansible_collections.kvm.vnic.tests.unit.memory_host.commands import MemoryCommands

UNIT = "kvm-vnic-x.service"


@pytest.fixture
def commands():
    found = MemoryCommands()
    found.tools = {"systemctl": lambda argv, stdin: "", "systemd-run": lambda argv, stdin: ""}
    return found


def test_a_transient_service_is_given_its_words_as_they_are(commands):
    Systemd(commands).run_transient(UNIT, ["/bin/x", "--quiet", "costs $HOME ${X}"], "a b", [("KillMode", "mixed")])
    assert commands.calls == [
        [
            "systemd-run",
            "--quiet",
            "--no-ask-password",
            "--unit=" + UNIT,
            "--description=a b",
            "--property=KillMode=mixed",
        ]
        + ["--", "/bin/x", "--quiet", "costs $$HOME $${X}"]
    ]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda door: door.start("a", "b"), ["start", "--", "a", "b"]),
        (lambda door: door.start("a", wait=False), ["start", "--no-block", "--", "a"]),
        (lambda door: door.stop("a"), ["stop", "--", "a"]),
        (lambda door: door.enable("a"), ["enable", "--", "a"]),
        (lambda door: door.disable("a"), ["disable", "--", "a"]),
        (lambda door: door.reload(), ["daemon-reload"]),
        (lambda door: door.forget_failure("a"), ["reset-failed", "--", "a"]),
        (lambda door: door.is_active("a"), ["is-active", "--quiet", "--", "a"]),
    ],
)
def test_each_verb(commands, call, words):
    call(Systemd(commands))
    assert commands.calls == [["systemctl", "--no-ask-password", *words]]


# As systemd 257 answered: of a service that runs, one that failed, one that was killed, and one that is not there.
@pytest.mark.parametrize(
    ("text", "state", "going", "failed"),
    [
        ("Result=success\nExecMainStatus=0\nLoadState=loaded\nActiveState=active\n", ("loaded", "active", "success", 0), True, False),
        ("Result=exit-code\nExecMainStatus=75\nLoadState=loaded\nActiveState=failed\n", ("loaded", "failed", "exit-code", 75), False, True),
        ("Result=signal\nExecMainStatus=9\nLoadState=loaded\nActiveState=failed\n", ("loaded", "failed", "signal", 9), False, True),
        ("Result=success\nExecMainStatus=0\nLoadState=not-found\nActiveState=inactive\n", ("not-found", "inactive", "success", 0), False, False),
        ("ActiveState=deactivating\nExecMainStatus=\n\nnonsense\n", ("", "deactivating", "", 0), True, False),
    ],
)  # fmt: skip
def test_the_state_of_a_unit(commands, text, state, going, failed):
    commands.tools["systemctl"] = lambda argv, stdin: text
    found = Systemd(commands).state(UNIT)
    assert (found, found.is_going, found.has_failed) == (UnitState(*state), going, failed)


def test_what_is_refused_is_told_in_systemds_words(commands):
    commands.tools["systemctl"] = lambda argv, stdin: Completed(4, "", "Access denied")
    door = Systemd(commands)
    for call in (door.start, door.stop, door.enable, door.disable, door.state):
        with pytest.raises(ApplyFailed, match="Access denied"):
            call(UNIT)
    door.forget_failure(UNIT)
    assert not door.is_active(UNIT)


def test_a_host_without_systemd_says_so():
    with pytest.raises(Unsupported, match="systemd-run is not installed"):
        Systemd(MemoryCommands()).run_transient(UNIT, ["x"], "")
