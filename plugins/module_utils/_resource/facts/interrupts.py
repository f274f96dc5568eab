# SPDX-License-Identifier: GPL-3.0-or-later
"""NICs' interrupts: whose each is, what it is for, where it goes, and who else decides that."""

from __future__ import annotations

from ..._model.action import UNKNOWN
from ..._model.cpu_set import CpuSet
from ..._model.device_path import pci_of
from ..._model.irq_table import parse_interrupts
from ..device_irqs import CLASS, DEVICES, read_functions
from ..irqbalance import read_irqbalance
from ..tuned import read_tuned

TABLE = "/proc/interrupts"
DEFAULT = "/proc/irq/default_smp_affinity"
_NETWORK = "0x02"  # base class of network controllers (PCI Code and ID Assignment); VFs have their card's


def _text(cpus):
    return cpus if cpus is None or cpus is UNKNOWN else str(CpuSet(cpus))


def _functions(host):
    """Addresses of all network functions, virtual ones in guests' hands included."""
    read = host.files.read_many(["%s/%s/class" % (DEVICES, pci) for pci in host.pci.functions()], "")
    return [path.split("/")[-2] for path, number in read.items() if number.startswith(_NETWORK)]


def _netdevs(host):
    """``{PCI address: names}`` of the network devices of this namespace."""
    found = {}
    for name, path in sorted(host.files.links(CLASS).items()):
        found.setdefault(pci_of(path), []).append(name)
    return found


def _counts(host):
    """``{number: how often it occurred}``, empty where the table cannot be read."""
    try:
        return {number: irq.total for number, irq in parse_interrupts(host.files.read(TABLE)).irqs.items()}
    except (OSError, ValueError):
        return {}


def _vectors(host):
    netdevs, counts = _netdevs(host), _counts(host)
    for function in read_functions(host, _functions(host)).values():
        for irq in () if function.irqs is UNKNOWN else function.irqs:
            yield {
                "irq": irq.number,
                "pci": function.pci,
                "netdevs": netdevs.get(function.pci, []),
                "name": irq.name,
                "role": None if irq.role is None else irq.role.kind,
                "queue": None if irq.role is None else irq.role.queue,
                "affinity": _text(irq.affinity) if irq.requested else None,
                "effective": _text(irq.effective) if irq.requested else None,
                "count": counts.get(irq.number, UNKNOWN) if irq.requested else 0,
                "remapped": irq.remapped,
            }


def _default(host):
    try:
        return str(CpuSet.from_mask(host.files.read(DEFAULT)))
    except (OSError, ValueError):
        return UNKNOWN


def _irqbalance(host):
    found = read_irqbalance(host)
    return {
        "installed": found.installed,
        "running": found.running,
        "config_file": found.file,
        "banned_cpus": _text(found.banned),
        "policy_script": found.script,
    }


def _tuned(host):
    found = read_tuned(host)
    return {"active_profile": found.profile, "isolated_cores": _text(found.isolated)}


def read_interrupts(host):
    """``{vectors, default_affinity, irqbalance, tuned}``; the keys of each vector are those of the module's
    documentation."""
    return {
        "vectors": list(_vectors(host)),
        "default_affinity": _default(host),
        "irqbalance": _irqbalance(host),
        "tuned": _tuned(host),
    }
