# SPDX-License-Identifier: GPL-3.0-or-later
"""The hypervisors of this checkout together: up, down, reboot."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from vnic_lab import grub, host_packages, image_cache, inventory, machine, paths
from vnic_lab.hypervisor import Hypervisor, free_port
from vnic_lab.progress import say, step
from vnic_lab.run import LabError

MOST_HOSTS = 2
BOOT_SECONDS = 600.0
REBOOT_SECONDS = 120.0
GRUB_SECONDS = 120


def everyone() -> list[Hypervisor]:
    return [Hypervisor(f"lab{number}") for number in range(1, MOST_HOSTS + 1)]


def running() -> list[Hypervisor]:
    return [host for host in everyone() if host.pid() is not None]


def started() -> list[Hypervisor]:
    """Those of the last up, running or not; none after a down."""
    return [host for host in everyone() if host.is_listed()]


@contextlib.contextmanager
def exclusively() -> Iterator[None]:
    """One command at a time changes this checkout's lab."""
    paths.state().mkdir(exist_ok=True)
    with (paths.state() / "lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another command works on the lab: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def up(hosts: int | None, keep_disk: bool) -> None:
    """Have that many hypervisors (None: as many as the last up, at least one) that answer ssh."""
    alive = running()
    chosen = everyone()[: hosts or max(1, len(started()))]
    if names(alive) == names(chosen):
        if all(host.answers() for host in chosen) or _come_up_by_themselves(chosen):
            _note_other_image(chosen)
            say(f"up already: {names(chosen)}")
            return
        say(f"{names(chosen)} running without an answer over ssh: starting again")
    elif alive:
        say(f"{names(alive)} running, {names(chosen)} wanted: starting all again, their igb ports are cabled together")
    for host in alive:
        host.cut_power()

    host_packages.ensure()
    image = image_cache.ensure()
    for host, machine_ in zip(chosen, _machines(len(chosen))):
        if not (keep_disk and _disk_fits(host, image)):
            host.fresh_disk(image)
        host.start(machine_, image)
    _write_inventory(chosen)
    with step(f"booting {names(chosen)}"):
        for host in chosen:
            host.wait(BOOT_SECONDS)


def _come_up_by_themselves(hosts: list[Hypervisor]) -> bool:
    """They may be booting: whoever started them may have gone, or one may reboot from inside."""
    try:
        for host in hosts:
            patience = max(REBOOT_SECONDS, BOOT_SECONDS - host.age())
            say(f"{host.name} is running, without an answer yet: waiting up to {patience:.0f} s")
            host.wait(patience)
    except LabError as error:
        say(str(error))
        return False
    return True


def down() -> None:
    """End the hypervisors, only these; their disks stay until the next up."""
    for host in running():
        say(f"ending {host.name}")
        host.cut_power()
    inventory.remove(paths.state())


def reboot(name: str, from_grub: bool, cut: bool) -> None:
    """Power off and on with the same disk; LabError when the machine is not up or its grub.cfg is no use."""
    host = find(name)
    if host.pid() is None:
        raise LabError(f"{name} is not running: lab up")
    append = grub_arguments(host) if from_grub else None
    with step(f"{name} off" + (" (power cut)" if cut else "")):
        if cut:
            host.cut_power()
        else:
            host.power_off()
    if append is not None:
        say(f"{name} boots with GRUB's arguments: {append}")
    with step(f"booting {name}"):
        host.restart(append)
        host.wait(BOOT_SECONDS)


def grub_arguments(host: Hypervisor) -> str:
    """Kernel arguments of the default entry of the grub.cfg inside the machine."""
    try:
        done = subprocess.run(
            host.ssh("cat", "/boot/grub/grub.cfg"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=GRUB_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{host.name}: no answer over ssh within {GRUB_SECONDS} s") from error
    if done.returncode != 0:
        raise LabError(f"{host.name}: no /boot/grub/grub.cfg to boot from (run update-grub there first): {done.stderr}")
    try:
        return grub.default_arguments(done.stdout)
    except grub.GrubConfigError as error:
        raise LabError(f"{host.name}: /boot/grub/grub.cfg: {error}") from error


def find(name: str) -> Hypervisor:
    for host in everyone():
        if host.name == name:
            return host
    raise LabError(f"no hypervisor {name!r}: {names(everyone())}")


def _machines(hosts: int) -> list[machine.Machine]:
    try:
        cpus = int(os.environ.get("LAB_CPUS") or 8)
        memory = machine.parse_memory(os.environ.get("LAB_MEMORY") or "4G")
        machine.check_size(cpus, memory)
    except ValueError as error:
        raise LabError(str(error)) from error
    cable_ports = [free_port() for _port in range(machine.IGB_PORTS)]
    return [
        machine.Machine(number, cpus, memory, free_port(), machine.cables(number, hosts, cable_ports))
        for number in range(1, hosts + 1)
    ]


def _disk_fits(host: Hypervisor, image: Path) -> bool:
    """An overlay is worth something only on the very image it was made on."""
    known = host.machine()
    return host.disk.exists() and known is not None and known[1] == image


def _note_other_image(hosts: list[Hypervisor]) -> None:
    current = image_cache.current_key()
    for host in hosts:
        known = host.machine()
        if known and known[1].name != current:
            say(f"{host.name} runs an image of other sources than these: lab down, lab up for the current one")


def _write_inventory(hosts: list[Hypervisor]) -> None:
    endpoints, identity = [], None
    for host in hosts:
        known = host.machine()
        if known is not None:
            endpoints.append(inventory.Endpoint(host.name, known[0].ssh_port))
            identity = known[1] / "id_ed25519"
    if identity is None:
        raise LabError("no hypervisor was started")
    inventory.write(paths.state(), endpoints, identity)


def names(hosts: list[Hypervisor]) -> str:
    return ", ".join(host.name for host in hosts)
