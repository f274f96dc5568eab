# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence

from vnic_lab import fleet, host_packages, image_cache
from vnic_lab.run import LabError


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="lab", description="Emulated hypervisors with SR-IOV NICs.")
    commands = top.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="build what is missing, boot, wait for ssh; nothing to do when it is up")
    up.add_argument("--hosts", type=int, choices=range(1, fleet.MOST_HOSTS + 1), help="default: as many as run, else 1")
    up.add_argument("--keep-disk", action="store_true", help="go on with the disks of the last time")
    commands.add_parser("down", help="end the hypervisors")
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
    for host in fleet.started():
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
    names = [host.name for host in fleet.everyone()]
    host = fleet.find(words.pop(0) if words and words[0] in names else names[0])
    if words[:1] == ["--"]:
        del words[0]
    if host.pid() is None:
        raise LabError(f"{host.name} is not running: lab up")
    remote = words if len(words) < 2 else [shlex.join(words)]
    argv = host.ssh(*remote)
    os.execvp(argv[0], argv)


_COMMANDS = {"up": _up, "down": _down, "image": _image, "status": _status, "ssh": _ssh, "reboot": _reboot}
