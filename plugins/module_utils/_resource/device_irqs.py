# SPDX-License-Identifier: GPL-3.0-or-later
"""Which interrupts belong to a network function, what each is for, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass

from .._host.pci import whole
from .._model.action import UNKNOWN
from .._model.addresses import is_pci, parse_pci
from .._model.cpu_set import CpuSet
from .._model.device_path import is_virtual, pci_of
from .._model.iommu_unit import interrupts_remapped
from .._model.irq_name import roles

CLASS = "/sys/class/net"
DEVICES = "/sys/bus/pci/devices"
AFFINITY = "/proc/irq/%d/smp_affinity_list"
EFFECTIVE = "/proc/irq/%d/effective_affinity_list"
_ACTIONS = "/sys/kernel/irq/%d/actions"
_CHIP = "/sys/kernel/irq/%d/chip_name"


@dataclass(frozen=True)
class DeviceIrq:
    """One interrupt. ``requested``: a driver asked for it, without which it has no ``role`` and goes nowhere;
    ``affinity``: where it may go; ``effective``: where it goes; ``remapped``: an IOMMU remaps it. What cannot be read
    is unknown."""

    number: int
    name: str
    role: object
    requested: bool
    affinity: object
    effective: object
    remapped: object


@dataclass(frozen=True)
class FunctionIrqs:
    """One PCI function. ``driver``: None without one; ``vfio``: in the hands of VFIO, whatever its variant driver is
    called; ``node``: NUMA node, None where the firmware names none, or unknown; ``irqs``: in the order of their
    numbers, unknown where they cannot be listed."""

    pci: str
    driver: object
    vfio: bool
    node: object
    irqs: object

    @property
    def waits_for_guest(self):
        """Whether a guest's driver, rather than the host's, asks for its interrupts."""
        return self.vfio or self.driver is None


class Functions:
    """Finds the PCI function that a reference means."""

    def __init__(self, host):
        self._host = host
        self._paths = host.files.links(CLASS)
        self._functions = None
        self._vfs = {}

    def of_device(self, text):
        """The PCI address of a network device's own function, or of the function given by its address. Raises
        ValueError saying why there is none."""
        if is_pci(text):
            pci = parse_pci(text)
            if self._functions is None:
                self._functions = frozenset(self._host.pci.functions())
            if pci not in self._functions:
                raise ValueError("is no PCI function of this host")
            return pci
        path = self._paths.get(text) or self._paths.get(self._by_other_name(text))
        if path is None:
            raise ValueError("is no network device of this host")
        pci = pci_of(path)
        if pci is None and is_virtual(path):
            raise ValueError(
                "is a device of software alone, which has no interrupts: name the NIC that its packets come in by"
            )
        if pci is None:
            raise ValueError("is on no PCI function, so that its interrupts cannot be told")
        return pci

    def _by_other_name(self, text):
        for link in self._host.ip.links():
            if text in (link.raw.get("altnames") or ()):
                return link.name
        return None

    def of_vf(self, pf, index):
        """The PCI address of a VF of the physical function at ``pf``, or None when there is no such VF now."""
        if pf not in self._vfs:
            self._vfs[pf] = self._host.pci.vf_addresses(pf)
        return self._vfs[pf].get(index)


def cpus(text):
    """A CPU list as the kernel prints it, or unknown."""
    if text is UNKNOWN:
        return UNKNOWN
    try:
        return CpuSet.from_list(text)
    except ValueError:
        return UNKNOWN


def irq_numbers(host, pci):
    """The function's MSIs, sorted; unknown where they cannot be listed."""
    numbers = host.files.list_or("%s/%s/msi_irqs" % (DEVICES, pci))
    if numbers is UNKNOWN:
        return UNKNOWN
    return sorted(int(number) for number in numbers if number.isdigit())


def read_functions(host, pcis):
    """``{address: FunctionIrqs}``, with all that is in small files read in one round trip."""
    pcis = list(dict.fromkeys(pcis))
    numbers = {pci: irq_numbers(host, pci) for pci in pcis}
    paths = ["%s/%s/numa_node" % (DEVICES, pci) for pci in pcis]
    every = [number for found in numbers.values() if found is not UNKNOWN for number in found]
    paths += [path % number for number in every for path in (AFFINITY, EFFECTIVE, _ACTIONS, _CHIP)]
    read = host.files.read_many(paths)
    return {pci: _function(host, pci, numbers[pci], read) for pci in pcis}


def _function(host, pci, numbers, read):
    links = host.files.links("%s/%s" % (DEVICES, pci))
    driver = links["driver"].rpartition("/")[2] if "driver" in links else None
    vfio = driver == "vfio-pci" or (driver is not None and bool(host.pci.vfio_devices(pci)))
    node = whole(read["%s/%s/numa_node" % (DEVICES, pci)])
    irqs = numbers if numbers is UNKNOWN else tuple(_irqs(numbers, read))
    return FunctionIrqs(pci, driver, vfio, None if node == -1 else node, irqs)


def _irqs(numbers, read):
    found = {number: _requested(read, number) for number in numbers}
    asked = [number for number in numbers if found[number]]
    names = {number: read[_ACTIONS % number] for number in numbers}
    names = {number: "" if name is UNKNOWN else name for number, name in names.items()}
    role_of = dict(zip(asked, roles([names[number] for number in asked])))
    for number in numbers:
        chip = read[_CHIP % number]
        yield DeviceIrq(
            number=number,
            name=names[number],
            role=role_of.get(number),
            requested=found[number],
            affinity=cpus(read[AFFINITY % number]),
            effective=cpus(read[EFFECTIVE % number]),
            remapped=UNKNOWN if chip is UNKNOWN else interrupts_remapped([chip]),
        )


def _requested(read, number):
    """Whether a driver asked for the interrupt: /proc/irq/N is made then (kernel/irq/manage.c, __setup_irq), and the
    name goes when the driver frees it."""
    return read[AFFINITY % number] is not UNKNOWN and read[_ACTIONS % number] != ""
