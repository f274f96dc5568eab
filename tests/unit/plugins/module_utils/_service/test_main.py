# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the archive, on a host in memory."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.checkpoint_record import CheckpointRecord
from ansible_collections.kvm.vnic.plugins.module_utils._model.desired_state import DesiredState
from ansible_collections.kvm.vnic.plugins.module_utils._model.reconciler_units import WANTED
from ansible_collections.kvm.vnic.plugins.module_utils._service import hold
from ansible_collections.kvm.vnic.plugins.module_utils._service.main import main, say
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

DESIRED = "/var/lib/kvm-vnic/desired.json"
VLAN = {"vlans": [{"name": "v1", "lower": "enp1s0", "id": 7}], "purge": False}
UNITS = """Id=kvm-vnic-host.service
LoadState=loaded
ActiveState=inactive
Result=success
ExecMainStartTimestamp=Fri 2026-01-02 03:04:00 UTC
ExecMainExitTimestamp=Fri 2026-01-02 03:04:05 UTC

Id=kvm-vnic-guests.service
LoadState=loaded
ActiveState=activating
Result=success
ExecMainStartTimestamp=Fri 2026-01-02 03:05:00 UTC
ExecMainExitTimestamp=

Id=kvm-vnic-guests.path
LoadState=loaded
ActiveState=active

Id=kvm-vnic-guests.timer
LoadState=not-found
ActiveState=inactive
"""


@pytest.fixture
def host():
    host = MemoryHost()
    host.kernel.add("enp1s0", up=True)
    host.commands.tools["udevadm"] = lambda argv, stdin: ""
    host.commands.tools["systemctl"] = lambda argv, stdin: UNITS
    host.tree.private[DESIRED] = DesiredState("2026-01-01T00:00:00Z", {"vlan": VLAN}).to_text()
    return host


def run(host, *words):
    """The exit code and the lines."""
    lines = []
    return main(words, host, lines.append), lines


@pytest.mark.parametrize("command", ["host", "guests"])
def test_a_pass_that_goes_well_ends_with_0(host, command):
    code, lines = run(host, command)
    assert code == 0 and "v1" in host.kernel.links
    assert lines[-1] == "vlan of what was confirmed at 2026-01-01T00:00:00Z: 1 changed"


@pytest.mark.parametrize("command", ["host", "guests"])
def test_a_pass_in_which_something_fails_ends_with_1(host, command):
    del host.kernel.links["enp1s0"]
    code, lines = run(host, command)
    assert code == 1 and "FAILED: vlan" in lines[-1]


def test_before_libvirt_it_stays_closed(host):
    run(host, "host")
    assert not host.libvirt.available()


def test_after_a_run_that_was_guarded_a_pass_is_asked_for(host, monkeypatch):
    monkeypatch.setattr(hold, "hold", lambda host, words: len(words))
    assert run(host, "hold", "open", "c0ffee0123456789", "600")[0] == 3
    assert host.tree.contents[WANTED] == ""


def test_the_status_tells_what_is_kept_and_what_came_of_it(host):
    run(host, "guests")
    before = list(host.writes())
    code, lines = run(host, "status")
    assert (code, host.writes()) == (0, before)
    assert lines == [
        "kept: what was confirmed at 2026-01-01T00:00:00Z (%s):" % DESIRED,
        "  vlan (vlans: 1)",
        "kvm-vnic-host.service: last ended at Fri 2026-01-02 03:04:05 UTC: success",
        "kvm-vnic-guests.service: runs since Fri 2026-01-02 03:05:00 UTC",
        "kvm-vnic-guests.path: active",
        "kvm-vnic-guests.timer: is not installed",
        "put right since the boot, the latest first:",
        '  2026-01-02T03:04:05Z vlan: state of v1 from none to {"id": 7, "lower": "enp1s0"} (does not exist yet)',
    ]


def test_the_status_tells_of_runs(host):
    record = CheckpointRecord(
        "c0ffee0123456789", "undone", "2026-01-02T00:00:00Z", 600, "it was asked for", ("vlan: gone",)
    )
    host.tree.private["/var/lib/kvm-vnic/checkpoint.json"] = record.to_text()
    host.lock.holder = '{"module": "kvm.vnic.bridge"}\nmore'
    lines = run(host, "status")[1]
    assert 'now: a run changes this host: {"module": "kvm.vnic.bridge"}' in lines
    assert any("c0ffee0123456789" in line and "was undone, because it was asked for" in line for line in lines)
    assert "  vlan: gone" in lines


def test_the_status_of_what_cannot_be_read_says_so(host):
    host.tree.private[DESIRED] = "{"
    host.tree.private["/var/lib/kvm-vnic/checkpoint.json"] = "{"
    del host.commands.tools["systemctl"]
    lines = run(host, "status")[1]
    assert any(line.startswith("kept: cannot be told") and "no JSON" in line for line in lines)
    assert any(line.startswith("passes: cannot be told") for line in lines)
    assert any(line.startswith("last run with a checkpoint: ") and "damaged" in line for line in lines)


@pytest.mark.parametrize("words", [[], ["dance"], ["host", "now"], ["status", "--loud"]])
def test_a_wrong_command_line_ends_with_2(host, words, capsys):
    with pytest.raises(SystemExit) as ended:
        run(host, *words)
    assert ended.value.code == 2 and "usage" in capsys.readouterr().err


def test_a_line_is_one_line_and_shows_no_control_characters(capsys):
    say("guest \x1b[31mweb1\ndefined\n\n")
    assert capsys.readouterr().out == "guest \ufffd[31mweb1; defined\n"
