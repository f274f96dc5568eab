# SPDX-License-Identifier: GPL-3.0-or-later
"""One emulated machine: its disk, its process, its ssh."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from vnic_lab import paths, taps
from vnic_lab.host_packages import qemu_version, which
from vnic_lab.machine import Machine, command
from vnic_lab.progress import say
from vnic_lab.run import LabError, run
from vnic_lab.stillness import Stillness

# On a busy machine sshd inside takes seven seconds to its first line.
BANNER_SECONDS = 30
SSH_SECONDS = 120
MOST_STARTS = 3
# The kernel's word, after 21 seconds, for a timer that does not come: a busy machine's are late, not absent.
NO_TIMER = "Possible timer handling issue"


class Hypervisor:
    """The machine called ``name`` (lab1, lab2) of this checkout, running or not."""

    def __init__(self, name: str, ssh_config: Path | None = None) -> None:
        self.name = name
        self.ssh_config = ssh_config or paths.state() / "ssh_config"
        self.directory = paths.state() / name
        self.disk = self.directory / "disk.qcow2"
        self.pid_file = self.directory / "qemu.pid"
        self.record = self.directory / "machine.json"
        self.serial_log = self.directory / "serial.log"

    # -- what is there ---------------------------------------------------------------------------------------------

    def pid(self) -> int | None:
        """The emulator's process, when it is ours and alive: a recycled number is not."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if os.fsencode(str(self.pid_file)) in arguments else None

    def machine(self) -> tuple[Machine, Path] | None:
        """The machine as it was last started, and its image's directory."""
        try:
            saved = json.loads(self.record.read_text(encoding="utf-8"))
            saved["machine"]["cables"] = tuple(saved["machine"]["cables"])
            return Machine(**saved["machine"]), Path(saved["image"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def answers(self) -> bool:
        """Whether a command over ssh works now."""
        known = self.machine()
        if self.pid() is None or known is None or not _has_ssh_banner(known[0].ssh_port):
            return False
        return self._try_ssh("true") is not None

    def _try_ssh(self, *remote: str) -> str | None:
        """Output of a command, whatever its exit status; None where ssh itself fails or takes too long."""
        try:
            done = subprocess.run(
                self.ssh(*remote),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=SSH_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        return None if done.returncode == 255 else done.stdout

    def ssh(self, *remote: str) -> list[str]:
        return ["ssh", "-F", str(self.ssh_config), self.name, *remote]

    def is_listed(self) -> bool:
        """Whether the last up started it, and no down came since."""
        try:
            return f"Host {self.name}" in self.ssh_config.read_text(encoding="utf-8").splitlines()
        except OSError:
            return False

    def age(self) -> float:
        """Seconds since the emulator started."""
        try:
            return max(0.0, time.time() - self.pid_file.stat().st_mtime)
        except OSError:
            return 0.0

    # -- starting and stopping -------------------------------------------------------------------------------------

    def fresh_disk(self, image: Path) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.disk.unlink(missing_ok=True)
        base = str(image / "root.img")
        create = [which("qemu-img") or "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", base]
        run([*create, str(self.disk)])

    def start(self, machine: Machine, image: Path) -> None:
        """Start the emulator (not awaited); LabError with its words when it refuses."""
        self.serial_log.write_bytes(b"")
        with taps.opened(machine.queues) as tap:
            self._start(machine, image, tap)

    def _start(self, machine: Machine, image: Path, tap: Sequence[int]) -> None:
        argv = command(
            machine,
            kernel=str(image / "vmlinuz"),
            initrd=str(image / "initrd"),
            disk=str(self.disk),
            serial_log=str(self.serial_log),
            pid_file=str(self.pid_file),
            emulator=which("qemu-system-x86_64") or "qemu-system-x86_64",
            version=qemu_version(),
            tap=tap,
        )
        saved = {"machine": asdict(machine), "image": str(image)}
        self.record.write_text(json.dumps(saved, indent=1), encoding="utf-8")
        run(argv, log=self.directory / "emulator.log", pass_fds=tap)

    def restart(self, append: str | None) -> None:
        """Power on again with the same disk, ports and cables; ``append`` replaces the kernel's arguments."""
        known = self.machine()
        if known is None:
            raise LabError(f"{self.name} was never started: lab up")
        machine, image = known
        self.start(machine if append is None else replace(machine, append=append), image)

    def wait(self, seconds: float) -> None:
        """Until the boot has ended and ssh answers; LabError when the emulator ends or the time is over."""
        deadline = time.monotonic() + seconds
        starts = 1
        stillness = Stillness()
        # sshd comes before the last drivers and libvirtd do.
        while not (self.answers() and self._is_booted()):
            if starts < MOST_STARTS and self._is_stalled(stillness):
                say(f"{self.name}: the boot stalled, starting again\n{self.last_words()}")
                self.cut_power()
                self.restart(None)
                stillness.forget()
                starts += 1
            if self.pid() is None:
                if starts == MOST_STARTS or self._has_spoken():
                    raise LabError(f"{self.name}: the emulator ended during the boot\n{self.last_words()}")
                say(f"{self.name}: the emulator ended before the machine said a word, starting again")
                self.restart(None)
                starts += 1
            if time.monotonic() > deadline:
                raise LabError(f"{self.name}: not up within {seconds:.0f} s\n{self.last_words()}")
            time.sleep(0.5)

    def _is_stalled(self, stillness: Stillness) -> bool:
        """Whether emulated processors have lost their timers before there was a service that gives them back (lab-apic)."""
        try:
            told = NO_TIMER in self.serial_log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            told = False
        return told or stillness.lasts(self.pid() or 0)

    def _has_spoken(self) -> bool:
        """Whether the kernel has printed anything: until then an end is the emulator's own."""
        try:
            return self.serial_log.stat().st_size > 0
        except OSError:
            return False

    def _is_booted(self) -> bool:
        # Asked again and again: with --wait it may wait for a signal that has passed.
        state = self._try_ssh("systemctl", "is-system-running")
        return state is not None and state.strip() in ("running", "degraded")

    def power_off(self, seconds: float = 90) -> None:
        """An orderly shutdown; the power is cut when it takes too long."""
        if self.pid() is not None and self.answers():
            self._try_ssh("systemctl", "poweroff", "--no-block")
            _until(lambda: self.pid() is None, seconds)
        self.cut_power()

    def cut_power(self) -> None:
        """End the emulator: what the machine had not written to its disk is lost.

        SIGTERM, so that the emulator itself still completes the overlay's metadata: a broken qcow2 file would be
        the lab's fault, not a power cut's effect.
        """
        for number, seconds in ((signal.SIGTERM, 20), (signal.SIGKILL, 10)):
            pid = self.pid()
            if pid is None:
                return
            os.kill(pid, number)
            if _until(lambda: self.pid() is None, seconds):
                return
        raise LabError(f"{self.name}: emulator {self.pid()} does not end")

    def last_words(self) -> str:
        """The end of the serial console, for error messages."""
        try:
            text = self.serial_log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(["end of " + str(self.serial_log) + ":", *text.splitlines()[-15:]])


def free_port() -> int:
    """A TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _has_ssh_banner(port: int) -> bool:
    """The emulator accepts connections long before the machine inside does: only sshd's first line counts."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=BANNER_SECONDS) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
