# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine that stands for a guest with a multiqueue virtio NIC. It comes and goes by itself: the hypervisors stay."""

from __future__ import annotations

from vnic_lab import host_packages, image_cache, inventory, machine, paths
from vnic_lab.hypervisor import Hypervisor, free_port
from vnic_lab.progress import say, step
from vnic_lab.run import LabError

# The image knows the management NIC of this number; each machine's user network is its own.
NUMBER = 1
NAME = f"guest{NUMBER}"
CPUS = 4
MEMORY_MIB = 1024
BOOT_SECONDS = 600.0


def the_machine() -> Hypervisor:
    return Hypervisor(NAME, paths.state() / NAME / "ssh_config")


def started() -> list[Hypervisor]:
    host = the_machine()
    return [host] if host.is_listed() else []


def up(queues: int) -> None:
    """Have a guest whose NIC has that many queues and which answers ssh; always from a fresh disk when it starts."""
    try:
        machine.check_queues(queues, CPUS)
    except ValueError as error:
        raise LabError(str(error)) from error
    host = the_machine()
    if host.pid() is not None:
        known = host.machine()
        if known is not None and known[0].queues == queues and host.answers():
            say(f"up already: {NAME}")
            return
        host.cut_power()
    host_packages.ensure()
    image = image_cache.ensure()
    host.fresh_disk(image)
    one = machine.Machine(NUMBER, CPUS, MEMORY_MIB, free_port(), (), append=machine.GUEST_APPEND, queues=queues)
    host.start(one, image)
    inventory.write(host.directory, [inventory.Endpoint(NAME, one.ssh_port)], image / "id_ed25519", "guests")
    with step(f"booting {NAME}"):
        host.wait(BOOT_SECONDS)


def down() -> None:
    host = the_machine()
    if host.pid() is not None:
        say(f"ending {NAME}")
        host.cut_power()
    inventory.remove(host.directory)
