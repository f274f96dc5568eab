# SPDX-License-Identifier: GPL-3.0-or-later
"""irqbalance is kept off what is placed, and whatever else it was told stays."""

from __future__ import annotations

import errno
import subprocess

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.irqs import CONFIGURATION, MemoryIrqbalance
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.irq_affinity_case import (
    PF,
    VF,
    VIRTIO,
    affinities,
    build,
    fields,
    run,
    with_vf,
)

ENS2 = {"device": "ens2", "cpus": "4"}
DEBIAN = "# irqbalance is a daemon process\n#IRQBALANCE_ARGS=\n"
RHEL = "/etc/sysconfig/irqbalance"
DIRECTORY = "/usr/local/libexec/kvm-vnic/"


@pytest.fixture
def host():
    host = build()
    host.tree.contents[CONFIGURATION] = DEBIAN
    return host


def scripts(host):
    return [path for path in host.tree.contents if path.startswith(DIRECTORY)]


def banned(host, pci, irq=49):
    """What the script that the running irqbalance asked says of an interrupt, when it is really run."""
    assert host.balance.asked is not None
    answer = subprocess.run(
        ["/bin/sh", "-s", "/sys/bus/pci/devices/" + pci, str(irq)],
        input=host.balance.asked.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert answer.stdout in (b"", b"ban=true\n")
    return bool(answer.stdout)


def balance_fields(result):
    return [action["field"] for action in result["actions"] if action["target"] == "irqbalance"]


def test_it_is_told_and_restarted_before_anything_is_placed(host):
    checked = run(host, ENS2, check=True)
    assert host.writes() == [] and host.balance.restarts == 0
    result = run(host, ENS2)
    assert not result["failed"] and result["actions"] == checked["actions"]
    assert fields(result)[0] == ("irqbalance", "kept_off", [], [PF])
    assert balance_fields(result) == ["kept_off", "running_policy"]
    (script,) = scripts(host)
    assert host.tree.contents[CONFIGURATION] == DEBIAN + 'IRQBALANCE_ARGS="--policyscript=%s"\n' % script
    assert host.tree.modes[script] == 0o755 and host.balance.restarts == 1
    order = [path for path, _value in host.tree.writes]
    assert order.index("irqbalance") < order.index("/proc/irq/49/smp_affinity_list")
    assert banned(host, PF) and not banned(host, VIRTIO) and not banned(host, "0000:41:00.1")
    writes = list(host.tree.writes)
    again = run(host, ENS2)
    assert not again["changed"] and host.tree.writes == writes and host.balance.restarts == 1


def test_what_the_former_one_moved_after_it_was_looked_at_is_put_back(host):
    """It places every ten seconds what nobody has told it to leave alone."""
    run(host, ENS2, irqbalance="leave", back=False)
    start = host.balance.start

    def move_and_start():
        host.tree.contents["/proc/irq/50/smp_affinity_list"] = "7"
        start()

    host.balance.start = move_and_start
    result = run(host, ENS2, back=False)
    assert not result["failed"], result
    assert balance_fields(result) == ["kept_off", "running_policy"] and len(result["actions"]) == 2
    assert affinities(host)[-1] == (50, "4") and affinities(host).count((51, "4")) == 1
    assert not run(host, ENS2, back=False)["changed"]


def test_what_cannot_be_put_back_is_told(host):
    run(host, ENS2, irqbalance="leave", back=False)
    start = host.balance.start

    def move_and_start():
        host.tree.contents["/proc/irq/50/smp_affinity_list"] = "7"
        host.tree.failures["write", "/proc/irq/50/smp_affinity_list"] = errno.ENOSPC
        start()

    host.balance.start = move_and_start
    result = run(host, ENS2, back=False)
    assert result["error_kind"] == "apply" and "smp_affinity_list" in result["msg"] and "ENOSPC" in result["msg"]


def test_without_targets_it_is_left_alone(host):
    assert not run(host, default_cpus="0-3")["failed"]
    assert host.tree.contents[CONFIGURATION] == DEBIAN and ["systemctl"] not in [c[:1] for c in host.commands.calls]


def test_where_it_is_not_installed_there_is_nothing_to_tell():
    host = build(irqbalance=False)
    result = run(host, ENS2, banned_cpus="4-7", purge=True)
    assert not result["failed"] and balance_fields(result) == [] and result["notes"] == []


def test_one_that_does_not_run_is_told_all_the_same(host):
    host.balance.stop()
    result = run(host, ENS2)
    assert balance_fields(result) == ["kept_off"] and host.balance.restarts == 0
    host.balance.start()
    assert banned(host, PF)
    assert not run(host, ENS2)["changed"]


def test_what_is_listed_is_added_and_purge_gives_the_rest_back(host):
    run(host, ENS2)
    with_vf(host, "vfio-pci", ())
    result = run(host, {"vf": "ens2#0", "cpus": 5})
    assert fields(result)[0] == ("irqbalance", "kept_off", [PF], [PF, VF])
    assert balance_fields(result) == ["kept_off", "running_policy", "old_policies"]
    assert banned(host, PF) and banned(host, VF) and len(scripts(host)) == 1 and host.balance.restarts == 2
    assert not run(host, ENS2)["changed"]
    purged = run(host, {"vf": "ens2#0", "cpus": 5}, purge=True)
    assert fields(purged)[0] == ("irqbalance", "kept_off", [PF, VF], [VF])
    assert not banned(host, PF) and banned(host, VF) and len(scripts(host)) == 1


def test_purge_of_everything_leaves_the_file_as_it_was(host):
    run(host, ENS2)
    result = run(host, purge=True)
    assert not result["failed"], result
    assert balance_fields(result) == ["kept_off", "running_policy", "old_policies"]
    assert host.tree.contents[CONFIGURATION] == DEBIAN and scripts(host) == [] and host.balance.asked is None
    writes = list(host.tree.writes)
    assert not run(host, purge=True)["changed"] and host.tree.writes == writes
    assert host.irqs.places(49) == [("4", "4")]  # where interrupts go is not changed


FOREIGN = """\
; mine
IRQBALANCE_ONESHOT=
IRQBALANCE_ARGS=--hintpolicy=exact  --banmod='a b' -i 7
  OTHER = "x\\$y"
"""


def test_what_others_told_it_stays_byte_for_byte(host):
    host.tree.contents[CONFIGURATION] = FOREIGN
    host.tree.modes[CONFIGURATION] = 0o100640
    run(host, ENS2)
    (script,) = scripts(host)
    lines = FOREIGN.splitlines()
    lines[2] = "IRQBALANCE_ARGS=\"--hintpolicy=exact  --banmod='a b' -i 7 --policyscript=%s\"" % script
    assert host.tree.contents[CONFIGURATION] == "\n".join(lines) + "\n"
    assert host.tree.modes[CONFIGURATION] == 0o640
    run(host, purge=True)
    lines[2] = "IRQBALANCE_ARGS=\"--hintpolicy=exact  --banmod='a b' -i 7\""
    assert host.tree.contents[CONFIGURATION] == "\n".join(lines) + "\n"


def test_the_layout_of_the_red_hat_family_is_told_by_the_unit():
    host = build(irqbalance=False)
    host.tree.contents[RHEL] = "#IRQBALANCE_ARGS=\n"
    host.balance = MemoryIrqbalance(host, files=[RHEL])
    run(host, ENS2)
    assert "--policyscript=" in host.tree.contents[RHEL] and CONFIGURATION not in host.tree.contents
    assert banned(host, PF)


def test_a_file_that_is_not_there_is_made():
    host = build()
    run(host, ENS2)
    assert host.tree.contents[CONFIGURATION].startswith('IRQBALANCE_ARGS="--policyscript=')


def test_arguments_that_the_vendor_set_are_kept_in_ours(host):
    host.tree.contents[host.balance.files[0]] = "IRQBALANCE_ARGS=--deepestcache=3\n"
    run(host, ENS2)
    assert 'IRQBALANCE_ARGS="--deepestcache=3 --policyscript=' in host.tree.contents[CONFIGURATION]


@pytest.mark.parametrize(
    "arguments",
    [
        "--policyscript=/opt/theirs",
        "--policyscript /opt/theirs",
        "-l /opt/theirs",
        "-fl/opt/theirs",
        "--pol=/opt/theirs",
    ],
)
def test_a_script_of_somebody_elses_is_a_conflict(host, arguments):
    host.tree.contents[CONFIGURATION] = "IRQBALANCE_ARGS=%s\n" % arguments
    result = run(host, ENS2)
    assert result["failed"] and result["error_kind"] == "conflict" and host.writes() == []
    assert "/opt/theirs" in result["msg"] and CONFIGURATION in result["msg"] and "irqbalance: leave" in result["msg"]
    assert not run(host, ENS2, irqbalance="leave")["failed"]
    assert not run(host, purge=True)["changed"]


def test_a_script_in_the_units_own_command_is_a_conflict_too(host):
    host.balance.command = "/usr/sbin/irqbalance -l /opt/theirs $IRQBALANCE_ARGS"
    assert "/opt/theirs" in run(host, ENS2)["msg"]


@pytest.mark.parametrize(
    "command, files", [("/usr/sbin/irqbalance", [CONFIGURATION]), ("/usr/sbin/irqbalance $IRQBALANCE_ARGS", ["/run/x"])]
)
def test_a_unit_that_would_not_pass_it_on_is_a_conflict(host, command, files):
    host.balance.command, host.balance.files = command, files
    result = run(host, ENS2)
    assert result["error_kind"] == "conflict" and "does not take IRQBALANCE_ARGS" in result["msg"]
    assert host.writes() == []


def test_without_systemd_it_cannot_be_told(host):
    del host.commands.tools["systemctl"]
    result = run(host, ENS2)
    assert result["error_kind"] == "unsupported" and "irqbalance: leave" in result["msg"] and host.writes() == []


def test_left_alone_it_is_warned_of(host):
    result = run(host, ENS2, irqbalance="leave")
    assert balance_fields(result) == [] and any("may move these interrupts" in note for note in result["notes"])
    assert host.tree.contents[CONFIGURATION] == DEBIAN
    run(host, ENS2)
    assert run(host, ENS2, irqbalance="leave")["notes"] == []


def test_a_run_that_broke_off_before_the_restart_is_completed(host):
    host.balance.broken = "Failed to restart irqbalance.service"
    result = run(host, ENS2)
    assert result["failed"] and "Failed to restart" in result["msg"] and affinities(host) == []
    host.balance.broken = None
    result = run(host, ENS2)
    assert balance_fields(result) == ["running_policy"] and banned(host, PF)
    assert not run(host, ENS2)["changed"]


@pytest.mark.parametrize("damage", ["text", "mode", "gone"])
def test_a_script_that_was_damaged_is_mended(host, damage):
    run(host, ENS2)
    (script,) = scripts(host)
    if damage == "text":
        host.tree.contents[script] = host.tree.contents[script].replace("exit 0", "exit 1")
    elif damage == "mode":
        host.tree.modes[script] = 0o644
    else:
        del host.tree.contents[script]
    result = run(host, ENS2)
    assert not result["failed"] and balance_fields(result) == ["kept_off", "running_policy"]
    assert host.tree.modes[script] == 0o755 and banned(host, PF)
    assert not run(host, ENS2)["changed"]


def test_a_restart_that_has_no_effect_is_an_error(host):
    host.balance.start = lambda: None
    result = run(host, ENS2)
    assert result["error_kind"] == "verification" and "running_policy" in result["msg"]


def test_a_file_that_cannot_be_written_stops_everything(host):
    host.tree.failures["replace", CONFIGURATION] = errno.EROFS
    result = run(host, ENS2)
    assert result["error_kind"] == "apply" and "EROFS" in result["msg"] and host.balance.restarts == 0
    assert affinities(host) == []


def test_banned_cpus_keep_the_isolated_ones_and_those_without_a_tick():
    host = build(isolated="6", nohz_full="7")
    host.tree.contents[CONFIGURATION] = DEBIAN
    result = run(host, banned_cpus="4-5")
    assert fields(result)[0] == ("irqbalance", "banned_cpus", None, "4-7")
    assert host.tree.contents[CONFIGURATION] == DEBIAN + 'IRQBALANCE_BANNED_CPULIST="4-7"\n'
    assert host.balance.restarts == 1 and not run(host, banned_cpus="4-5")["changed"]
    cleared = run(host, banned_cpus="none")
    assert fields(cleared)[0] == ("irqbalance", "banned_cpus", "4-7", None)
    assert host.tree.contents[CONFIGURATION] == DEBIAN and not run(host, banned_cpus="none")["changed"]


def test_a_list_of_others_gets_the_isolated_cpus_added():
    """Their list replaces irqbalance's own choice, which has them in it."""
    host = build(isolated="6")
    host.tree.contents[CONFIGURATION] = "IRQBALANCE_BANNED_CPULIST=0\n"
    run(host, ENS2)
    assert 'IRQBALANCE_BANNED_CPULIST="0,6"\n' in host.tree.contents[CONFIGURATION]
    assert not run(host, ENS2)["changed"]
    host = build(isolated="6")
    host.tree.contents[CONFIGURATION] = "IRQBALANCE_BANNED_CPULIST=6-7\n"
    run(host, ENS2)
    assert host.tree.contents[CONFIGURATION].startswith("IRQBALANCE_BANNED_CPULIST=6-7\n")


def test_the_mask_of_old_becomes_a_list(host):
    host.tree.contents[CONFIGURATION] = "IRQBALANCE_BANNED_CPUS=f0\n"
    assert "banned_cpus" not in balance_fields(run(host, ENS2))
    assert fields(run(host, banned_cpus="5"))[0] == ("irqbalance", "banned_cpus", "4-7", "5")
    assert "IRQBALANCE_BANNED_CPUS" not in host.tree.contents[CONFIGURATION]


def test_it_must_keep_a_cpu(host):
    result = run(host, banned_cpus="0-7")
    assert result["error_kind"] == "value" and result["problems"][0]["path"] == "banned_cpus"
    assert host.writes() == []


def tuned(host, text="isolated_cores=4-7\n", profile="cpu-partitioning", conf=None):
    host.tree.contents["/etc/tuned/active_profile"] = profile + "\n"
    host.tree.contents["/etc/tuned/cpu-partitioning-variables.conf"] = text
    if conf is not None:
        host.tree.contents["/usr/lib/tuned/profiles/%s/tuned.conf" % profile] = conf


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"text": "# x\nisolated_cores=${f:calc_isolated_cores:1}\n"},
        {"profile": "mine", "conf": "[main]\nsummary=x\ninclude=cpu-partitioning\n[sysctl]\na=1\n"},
    ],
)
def test_tuneds_isolation_is_left_to_tuned(host, more):
    tuned(host, **more)
    host.tree.contents[CONFIGURATION] = "IRQBALANCE_BANNED_CPULIST=4-6\n"
    result = run(host, ENS2)
    assert balance_fields(result) == ["kept_off", "running_policy"]
    assert any("tuned" in note and "cpu-partitioning-variables.conf" in note for note in result["notes"])
    assert host.tree.contents[CONFIGURATION].startswith("IRQBALANCE_BANNED_CPULIST=4-6\n")
    writes = len(host.writes())
    refused = run(host, banned_cpus="4")
    assert refused["error_kind"] == "conflict" and "isolated_cores" in refused["msg"] and len(host.writes()) == writes


@pytest.mark.parametrize(
    "more",
    [{"profile": "throughput-performance"}, {"text": "# isolated_cores=2\n"}, {"profile": "../x"}, {"profile": ""}],
)
def test_a_profile_that_isolates_nothing_owns_nothing(host, more):
    tuned(host, **more)
    assert not run(host, banned_cpus="4")["failed"]
