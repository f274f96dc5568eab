# SPDX-License-Identifier: GPL-3.0-or-later
"""NICs' interrupts, and who else decides where they go."""

from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.disk import DiskHost, Function, add_cpus, add_virtual
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.host_info_case import run

TABLE = """\
            CPU0       CPU1       CPU3
  24:          0          0          0  DMAR-MSI   0-edge      dmar0
  37:        100         20          3  IR-PCI-MSIX-0000:00:02.0   1-edge      virtio1-input.0
  49:          5          0          6  IR-PCI-MSIX-0000:41:00.0   1-edge      ens2-TxRx-0
  60:          7          0          0  IR-PCI-MSIX-0000:41:10.0   0-edge      vfio-msix[0](0000:41:10.0)
 NMI:          0          0          0   Non-maskable interrupts
 ERR:          0
"""
SHOWN = (
    "MainPID=%d\nExecStart={ path=/usr/sbin/irqbalance ; argv[]=/usr/sbin/irqbalance $IRQBALANCE_ARGS ; ignore_errors=no }\n"
    "EnvironmentFiles=/etc/default/irqbalance (ignore_errors=yes)\n"
)


@pytest.fixture
def host(tmp_path):
    host = DiskHost(tmp_path)
    add_cpus(host, "svm", "AuthenticAMD")
    host.put("/proc/interrupts", TABLE)
    host.put("/proc/irq/default_smp_affinity", "0f")
    virtio = Function(host, "0000:00:02.0", "virtio-pci").netdev("enp0s2", between="virtio1")
    virtio.interrupts([36, 37], ["virtio1-config", "virtio1-input.0"])
    port = Function(host, "0000:41:00.0", "igb", 1).netdev("ens2").virtual_functions("ens2", 1, 7, driver="vfio-pci")
    port.interrupts([48, 49], ["ens2", "ens2-TxRx-0"], "4-7")
    Function(host, "0000:01:00.0", "igb").netdev("enp1s0").interrupts([39])
    vf = Function.__new__(Function)
    vf.host, vf.pci, vf.path = host, "0000:41:10.0", "/sys/devices/pci0000:00/0000:41:10.0"
    vf.interrupts([60], ["vfio-msix[0](0000:41:10.0)"], "5-5")
    disk = Function(host, "0000:00:01.0", "nvme")
    host.put(disk.path + "/class", "0x010802")
    disk.interrupts([27], ["nvme0q0"])
    add_virtual(host, "br0", "bridge")
    return host


def vectors(host):
    return {vector["irq"]: vector for vector in run(host, "interrupts")["interrupts"]["vectors"]}


def test_every_network_functions_interrupts(host):
    found = vectors(host)
    assert set(found) == {36, 37, 39, 48, 49, 60}
    assert found[49] == {
        "irq": 49,
        "pci": "0000:41:00.0",
        "netdevs": ["ens2"],
        "name": "ens2-TxRx-0",
        "role": "combined",
        "queue": 0,
        "affinity": "4-7",
        "effective": "4",
        "count": 11,
        "remapped": True,
    }
    assert (found[37]["netdevs"], found[37]["role"], found[37]["count"]) == (["enp0s2"], "rx", 123)
    assert found[36]["role"] == "misc" and found[36]["count"] == "unknown"


def test_of_a_function_in_a_guests_hands(host):
    found = vectors(host)[60]
    assert (found["pci"], found["netdevs"], found["role"], found["queue"]) == ("0000:41:10.0", [], "vector", 0)
    assert (found["affinity"], found["count"]) == ("5", 7)


def test_of_a_device_that_is_down(host):
    found = vectors(host)[39]
    assert (found["netdevs"], found["role"], found["affinity"], found["effective"]) == (["enp1s0"], None, None, None)
    assert found["count"] == 0


def test_new_interrupts_and_a_host_with_neither_daemon(host):
    found = run(host, "interrupts")["interrupts"]
    assert found["default_affinity"] == "0-3"
    assert found["irqbalance"] == {
        "installed": False,
        "running": False,
        "config_file": None,
        "banned_cpus": None,
        "policy_script": None,
    }
    assert found["tuned"] == {"active_profile": None, "isolated_cores": ""}
    assert host.commands.calls == []


def test_irqbalance_and_tuned(host):
    host.commands.tools["irqbalance"] = lambda argv, stdin: 1 // 0
    host.commands.tools["systemctl"] = lambda argv, stdin: SHOWN % 312
    host.put("/etc/default/irqbalance", "IRQBALANCE_ARGS=-l /opt/theirs\nIRQBALANCE_BANNED_CPULIST=4,5,6")
    host.put("/etc/tuned/active_profile", "mine")
    host.put("/etc/tuned/mine/tuned.conf", "[main]\ninclude=cpu-partitioning")
    host.put("/etc/tuned/cpu-partitioning-variables.conf", "isolated_cores=4-7")
    found = run(host, "interrupts")["interrupts"]
    assert found["irqbalance"] == {
        "installed": True,
        "running": True,
        "config_file": "/etc/default/irqbalance",
        "banned_cpus": "4-6",
        "policy_script": "/opt/theirs",
    }
    assert found["tuned"] == {"active_profile": "mine", "isolated_cores": "4-7"}
    host.put("/etc/default/irqbalance", "IRQBALANCE_BANNED_CPULIST=x")
    host.put("/etc/tuned/cpu-partitioning-variables.conf", "isolated_cores=${f:calc_isolated_cores:1}")
    host.commands.tools["systemctl"] = lambda argv, stdin: SHOWN % 0
    found = run(host, "interrupts")["interrupts"]
    assert found["irqbalance"]["running"] is False and found["irqbalance"]["banned_cpus"] == "unknown"
    assert found["tuned"]["isolated_cores"] == "unknown"


@pytest.mark.parametrize("text", [None, "nonsense"])
def test_without_the_table_only_the_counts_are_unknown(host, text):
    host.put("/proc/interrupts", text or "")
    found = vectors(host)
    assert found[49]["count"] == "unknown" and found[49]["effective"] == "4" and found[39]["count"] == 0


def test_nothing_is_written(host):
    before = host.snapshot()
    run(host, "interrupts")
    assert host.snapshot() == before
