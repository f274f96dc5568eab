# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated machine, a hypervisor or what stands for a guest, as a QEMU command line: pure, each argument with its
reason."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

ROOT_ARGUMENTS = "root=/dev/vda rw"
DEFAULT_APPEND = ROOT_ARGUMENTS + " console=ttyS0 intel_iommu=on iommu=pt quiet"
GUEST_APPEND = ROOT_ARGUMENTS + " console=ttyS0 quiet"
IGB_PORTS = 2


@dataclass(frozen=True)
class Machine:
    """One hypervisor: ``number`` from 1 gives name and MACs, ``cables`` the far end of each igb port.

    With ``queues`` it stands for a guest: nothing of a hypervisor, and a virtio NIC of that many queues.
    """

    number: int
    cpus: int
    memory_mib: int
    ssh_port: int
    cables: tuple[str, ...]
    append: str = DEFAULT_APPEND
    queues: int = 0

    @property
    def name(self) -> str:
        return f"{'guest' if self.queues else 'lab'}{self.number}"

    @property
    def management_mac(self) -> str:
        return f"52:54:00:1a:b0:{self.number:02x}"  # known to the image's 10-mgmt.network

    def igb_mac(self, port: int) -> str:
        return f"52:54:00:1a:b{self.number}:{port:02x}"

    @property
    def queues_mac(self) -> str:
        return f"52:54:00:1a:ba:{self.number:02x}"

    @property
    def machine_id(self) -> str:
        return uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}.kvm-vnic.invalid").hex


def check_size(cpus: int, memory_mib: int) -> None:
    """ValueError where the two NUMA nodes and their sockets cannot be equal halves."""
    if cpus < 4 or cpus % 2:
        raise ValueError(f"LAB_CPUS={cpus}: an even number from 4 up, half of it on each NUMA node")
    if memory_mib < 2048 or memory_mib % 2:
        raise ValueError(f"LAB_MEMORY={memory_mib} MiB: an even number from 2048 up, half of it on each NUMA node")


def check_queues(queues: int, cpus: int) -> None:
    """ValueError for a NIC that is none of several queues, or has some that the guest's driver would never use."""
    if not 2 <= queues <= cpus:
        raise ValueError(f"--queues {queues}: from 2 to {cpus}, the number of the guest's processors")


def parse_memory(text: str) -> int:
    """``4G``, ``4096M`` or ``4096`` (MiB) -> 4096."""
    factor = {"G": 1024, "M": 1}.get(text[-1:].upper())
    digits = text if factor is None else text[:-1]
    if not digits.isdecimal():
        raise ValueError(f"LAB_MEMORY={text}: a size such as 4G or 4096M")
    return int(digits) * (factor or 1)


def cables(number: int, hosts: int, ports: Sequence[int]) -> tuple[str, ...]:
    """The ``-netdev`` back ends (without id) of one hypervisor's igb ports.

    Alone, each port has a hub of its own: the link is up and nobody answers. Of two, the first one listens on
    ``ports`` and the second connects, again and again when the first one reboots (which "socket,connect" does not).
    """
    if hosts == 1:
        return tuple(f"hubport,hubid={port}" for port in range(IGB_PORTS))
    role = "server=on" if number == 1 else "server=off,reconnect{reconnect}"
    return tuple(f"stream,{role},addr.type=inet,addr.host=127.0.0.1,addr.port={port}" for port in ports)


def command(
    machine: Machine,
    *,
    kernel: str,
    initrd: str,
    disk: str,
    serial_log: str,
    pid_file: str,
    emulator: str = "qemu-system-x86_64",
    version: tuple[int, int] = (10, 0),
    tap: Sequence[int] = (),
) -> list[str]:
    """Arguments of an emulator of that version; it detaches itself and writes ``pid_file``. Paths are absolute.

    ``tap``: a guest's queues, descriptors that the emulator inherits.
    """
    if len(tap) != machine.queues:
        raise ValueError(f"{len(tap)} descriptors for {machine.queues} queues")
    return [
        emulator,
        "-name",
        f"{machine.name},process={machine.name}",
        "-nodefaults",
        "-no-user-config",
        # Always emulated: a /dev/kvm may be there and not work, and timings stay comparable.
        "-machine",
        "q35",
        "-accel",
        "tcg,thread=multi",
        "-m",
        f"{machine.memory_mib}M",
        *(_guest_board(machine) if machine.queues else _hypervisor_board(machine)),
        # Every bus is named: once a second PCI root exists an unnamed device lands there and is refused.
        "-drive",
        f"file={_escaped(disk)},if=none,id=d0,format=qcow2",
        "-device",
        "virtio-blk-pci,drive=d0,bus=pcie.0",
        "-netdev",
        f"user,id=mgmt,hostfwd=tcp:127.0.0.1:{machine.ssh_port}-:22",
        "-device",
        f"virtio-net-pci,netdev=mgmt,bus=pcie.0,mac={machine.management_mac},romfile=",
        *(_queues_nic(machine, tap) if machine.queues else _igb_ports(machine, version)),
        # Name and machine id do not depend on the kernel's command line, so that it can be GRUB's alone.
        "-smbios",
        f"type=11,value=io.systemd.credential:system.hostname={machine.name}",
        "-smbios",
        f"type=11,value=io.systemd.credential:system.machine_id={machine.machine_id}",
        "-kernel",
        kernel,
        "-initrd",
        initrd,
        "-append",
        machine.append,
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        f"file:{_escaped(serial_log)}",
        "-pidfile",
        pid_file,
        "-daemonize",  # -daemonize and -nographic exclude each other
    ]


def _guest_board(machine: Machine) -> list[str]:
    return ["-cpu", "max", "-smp", str(machine.cpus)]


def _hypervisor_board(machine: Machine) -> list[str]:
    """Two sockets, each a NUMA node with half of everything, and an IOMMU."""
    half = machine.cpus // 2
    argv = [
        # svm: KVM inside.  36 bits: with more, the firmware puts the VF BARs above 4 GiB, where hw/net/igb.c maps
        # them at a truncated address and VF registers are dead; with 35 no q35 guest starts inside.
        "-cpu",
        "max,+svm,phys-bits=36",
        "-smp",
        f"{machine.cpus},sockets=2,cores={half},threads=1",
    ]
    for node in (0, 1):
        argv += [
            "-object",
            f"memory-backend-ram,id=m{node},size={machine.memory_mib // 2}M",
            "-numa",
            f"node,nodeid={node},cpus={node * half}-{node * half + half - 1},memdev=m{node}",
        ]
    # intremap: interrupt remapping.  caching-mode: VFIO inside.
    return [*argv, "-device", "intel-iommu,intremap=on,caching-mode=on"]


def _igb_ports(machine: Machine, version: tuple[int, int]) -> list[str]:
    reconnect = "-ms=1000" if version >= (9, 2) else "=1"
    argv = [
        # A PCI root on NUMA node 1: the second igb port is local there, the first one knows no node.
        "-device",
        "pxb-pcie,id=pxb1,bus_nr=64,numa_node=1,bus=pcie.0",
        "-device",
        "pcie-root-port,id=rp0,bus=pcie.0,slot=1",
        "-device",
        "pcie-root-port,id=rp1,bus=pxb1,slot=2",
    ]
    for port, cable in enumerate(machine.cables):
        kind, _sep, rest = cable.partition(",")
        argv += [
            "-netdev",
            f"{kind},id=n{port},{rest}".replace("{reconnect}", reconnect),
            "-device",
            f"igb,netdev=n{port},bus=rp{port},mac={machine.igb_mac(port)},romfile=",
        ]
    return argv


def _queues_nic(machine: Machine, tap: Sequence[int]) -> list[str]:
    return [
        # No vhost: this machine's kernel may lack it, and the guest sees no difference.
        "-netdev",
        "tap,id=queues,vhost=off,fds=" + ":".join(map(str, tap)),
        # vectors: two for each pair of queues, one each for control and configuration.
        "-device",
        f"virtio-net-pci,netdev=queues,bus=pcie.0,mq=on,vectors={2 * len(tap) + 2},mac={machine.queues_mac},romfile=",
    ]


def _escaped(value: str) -> str:
    """A value inside a comma-separated option: QEMU reads two commas as one."""
    return value.replace(",", ",,")
