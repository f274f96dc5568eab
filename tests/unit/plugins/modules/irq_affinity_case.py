# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of irq_affinity share: a host like the lab's."""

from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._resource.irq_affinity import IrqAffinity
from ansible_collections.kvm.vnic.plugins.modules import irq_affinity
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.irqs import CONFIGURATION, MemoryIrqbalance, MemoryIrqs
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard
from ansible_collections.kvm.vnic.tests.unit.memory_host.undoing import run_there_and_back

PF = "0000:41:00.0"
VF = "0000:41:10.0"
VIRTIO = "0000:00:02.0"
QUEUES = ["ens2-TxRx-0", "ens2-TxRx-1", "ens2-TxRx-2", "ens2-TxRx-3"]


def build(irqbalance=True, **more):
    """``ens2`` with four queues (49 to 52) and its own interrupt (48) on node 1, ``enp0s2`` of virtio without one."""
    host = MemoryHost()
    host.card = MemoryCard(host)
    host.irqs = MemoryIrqs(host, **more)
    host.irqs.function(PF, name="ens2")
    host.irqs.add(PF, 48, ["ens2"] + QUEUES)
    host.irqs.function(VIRTIO, "virtio-pci", -1, "enp0s2", "virtio1")
    host.irqs.add(VIRTIO, 36, ["virtio1-config", "virtio1-input.0", "virtio1-output.0"])
    host.balance = MemoryIrqbalance(host) if irqbalance else None
    return host


def with_vf(host, driver="igbvf", names=("ens2v0-rx-0", "ens2v0-tx-0", "ens2v0"), first=60):
    host.card.make(1)
    if driver != "igbvf":
        host.card.unbind(0)
        host.card.bind(0, driver)
    host.irqs.function(VF, driver, 1, "ens2v0" if driver == "igbvf" else None)
    host.irqs.add(VF, first, list(names))
    return host


def picture(host):
    """All that lasts; of irqbalance the script that the running one asked, for some tests write its settings only after
    its start."""
    # a line that comes back does so at the end
    files = {path: text for path, text in host.tree.contents.items() if not path.endswith(("/cmdline", "/environ"))}
    for path in (CONFIGURATION, "/etc/sysconfig/irqbalance"):
        files[path] = path in files and sorted(files[path].splitlines())
    return {"files": files, "asked": host.balance and host.balance.asked}


def run(host, *targets, check=False, back=True, **more):
    """``back``: whether what it changes is led back and done again on the way."""
    wish = dict({"targets": list(targets)}, **more)
    if not back:
        return run_module(irq_affinity.main, host, wish, check=check)
    return run_there_and_back(irq_affinity.main, IrqAffinity(), picture, host, wish, check=check)


def fields(result):
    return [(a["target"], a["field"], a["before"], a["after"]) for a in result["actions"]]


def affinities(host):
    """What was written to interrupts, as ``(number, CPUs)``."""
    return [
        (int(path.split("/")[3]), value)
        for path, value in host.tree.writes
        if path.startswith("/proc/irq/") and path.endswith("smp_affinity_list")
    ]


def refused(host, *targets, **more):
    """The problems of a run that must write nothing."""
    result = run(host, *targets, **more)
    assert result["failed"] and result["error_kind"] == "value", result
    assert host.writes() == []
    return [(problem["path"], problem["message"]) for problem in result["problems"]]
