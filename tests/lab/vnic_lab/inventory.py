# SPDX-License-Identifier: GPL-3.0-or-later
"""What others use to reach the lab: an Ansible inventory and an ssh configuration, literal values only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Host keys are the image's and ports change: there is nothing to remember.
SSH_OPTIONS = {
    "StrictHostKeyChecking": "no",
    "UserKnownHostsFile": "/dev/null",
    "LogLevel": "ERROR",
    "IdentitiesOnly": "yes",
    "ConnectTimeout": "60",
    "ServerAliveInterval": "15",
    "ServerAliveCountMax": "8",
}


@dataclass(frozen=True)
class Endpoint:
    name: str
    port: int


def ansible_inventory(endpoints: Sequence[Endpoint], identity: Path, group: str = "hypervisors") -> str:
    """An inventory with one group. Strings are quoted as JSON, which YAML reads as it is."""
    common = " ".join(f"-o {key}={value}" for key, value in SSH_OPTIONS.items())
    lines = ["---", "# Written by the lab at every up; goes with it.", f"{group}:", "  vars:"]
    shared = {
        "ansible_host": "127.0.0.1",
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(identity),
        # Without Ansible's default -C: compressing costs more than the bytes under emulation.
        "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=600s",
        "ansible_ssh_common_args": common,
        "ansible_python_interpreter": "/usr/bin/python3",
    }
    lines += [f"    {key}: {json.dumps(value)}" for key, value in shared.items()]
    # Before sshd's first line a busy machine lets many seconds pass; Ansible's default is 10.
    lines += ["    ansible_ssh_timeout: 60", "    ansible_pipelining: true", "  hosts:"]
    for endpoint in endpoints:
        lines += [f"    {endpoint.name}:", f"      ansible_port: {endpoint.port}"]
    return "\n".join(lines) + "\n"


def ssh_config(endpoints: Sequence[Endpoint], identity: Path) -> str:
    """For ``ssh -F``: one Host block for each machine."""
    lines = []
    for endpoint in endpoints:
        lines += [
            f"Host {endpoint.name}",
            "  HostName 127.0.0.1",
            f"  Port {endpoint.port}",
            "  User root",
            f'  IdentityFile "{identity}"',
        ]
        lines += [f"  {key} {value}" for key, value in SSH_OPTIONS.items()]
    return "\n".join(lines) + "\n"


def write(directory: Path, endpoints: Sequence[Endpoint], identity: Path, group: str = "hypervisors") -> None:
    """Both files, each whole at any time."""
    for name, text in (
        ("ssh_config", ssh_config(endpoints, identity)),
        ("inventory.yml", ansible_inventory(endpoints, identity, group)),
    ):
        target = directory / name
        scratch = target.with_suffix(".new")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(target)


def remove(directory: Path) -> None:
    for name in ("inventory.yml", "ssh_config"):
        (directory / name).unlink(missing_ok=True)
