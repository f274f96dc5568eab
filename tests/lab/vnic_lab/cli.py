# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from vnic_lab import fleet, guest, host_packages, image_cache
from vnic_lab.run import LabError


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lab", description="Emulated hypervisors with SR-IOV NICs.")
    commands = top.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="build what is missing, boot, wait for ssh; nothing to do when it is up")
    up.add_argument("--hosts", type=int, choices=range(1, fleet.MOST_HOSTS + 1), help="default: as many as run, else 1")
    up.add_argument("--keep-disk", action="store_true", help="go on with the disks of the last time")
    commands.add_parser("down", help="end the hypervisors and the guest")
    stand_in = commands.add_parser("guest", help="a machine that stands for a guest, beside the hypervisors or alone")
    stand_in.add_argument("action", choices=("up", "down"))
    stand_in.add_argument("--queues", type=int, default=guest.CPUS, help="of its virtio NIC (default: %(default)s)")
    commands.add_parser("image", help="build the root image only and print its directory")
    commands.add_parser("status", help="one line a hypervisor; exit status 1 unless all that were started answer")
    ssh = commands.add_parser("ssh", help="a shell or a command on a hypervisor (default lab1)")
    ssh.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="[HOST] [CMD ...]",
        help="one word is a shell command line, several are a program and its arguments",
    )
    reboot = commands.add_parser("reboot", help="power a hypervisor off and on, keeping its disk")
    reboot.add_argument("host")
    reboot.add_argument("--grub", action="store_true", help="boot with the arguments its generated grub.cfg has now")
    reboot.add_argument("--cut", action="store_true", help="cut the power instead of shutting down")
    return top


def main(argv: Sequence[str]) -> int:
    options = parser().parse_args(argv)
    try:
        return _COMMANDS[options.command](options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _up(options: argparse.Namespace) -> int:
    with fleet.exclusively():
        fleet.up(options.hosts, options.keep_disk)
    return 0


def _down(_options: argparse.Namespace) -> int:
    with fleet.exclusively():
        fleet.down()
        guest.down()
    return 0


def _guest(options: argparse.Namespace) -> int:
    with fleet.exclusively():
        if options.action == "up":
            guest.up(options.queues)
        else:
            guest.down()
    return 0


def _image(_options: argparse.Namespace) -> int:
    host_packages.ensure()
    print(image_cache.ensure())
    return 0


def _reboot(options: argparse.Namespace) -> int:
    with fleet.exclusively():
        fleet.reboot(options.host, options.grub, options.cut)
    return 0


def _status(_options: argparse.Namespace) -> int:
    states = []
    for host in [*fleet.started(), *guest.started()]:
        known = host.machine()
        states.append("off" if host.pid() is None else "answers" if host.answers() else "silent")
        line = f"{host.name}  {states[-1]}  pid {host.pid() or '-'}"
        if known is not None:
            machine, image = known
            line += f"  ssh 127.0.0.1:{machine.ssh_port}  {machine.cpus} CPUs  {machine.memory_mib} MiB"
            line += f"  image {image.name[:12]}  kernel arguments: {machine.append}"
        print(line)
    return 0 if states and set(states) == {"answers"} else 1


def _ssh(options: argparse.Namespace) -> int:
    words = list(options.words)
    hosts = {host.name: host for host in [*fleet.everyone(), guest.the_machine()]}
    host = hosts[words.pop(0)] if words and words[0] in hosts else fleet.everyone()[0]
    if words[:1] == ["--"]:
        del words[0]
    if host.pid() is None:
        raise LabError(f"{host.name} is not running: lab {'guest ' if host.name == guest.NAME else ''}up")
    remote = words if len(words) < 2 else [shlex.join(words)]
    argv = host.ssh(*remote)
    os.execvp(argv[0], argv)


_COMMANDS = {
    "up": _up,
    "down": _down,
    "guest": _guest,
    "image": _image,
    "status": _status,
    "ssh": _ssh,
    "reboot": _reboot,
}
