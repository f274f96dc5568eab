# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of ``ansible-playbook`` with this collection's playbooks, roles and filters on hosts that are not there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

ROOT = Path(__file__).resolve().parents[3]
NETWORKS = {"mgmt": {"switch": {"bridge": "br0"}}}


SHORT = """
- name: NICs of the guests
  kvm.vnic.domain_interface:
  register: guest_interfaces_result
"""


def collections(folder, whole):
    """A path for Ansible with this collection, of whose modules each is the stub. Not ``whole``: applied in one step, to be fast."""
    there = folder / "ansible_collections/kvm/vnic"
    (there / "plugins/action").mkdir(parents=True)
    for name in ("meta", "playbooks", "galaxy.yml"):
        (there / name).symlink_to(ROOT / name)
    for path in (ROOT / "roles").rglob("*.yml"):
        link = there / path.relative_to(ROOT)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    if not whole:
        steps = there / "roles/nic_profile/tasks/apply.yml"
        steps.unlink()
        steps.write_text(SHORT)
    for name in ("filter", "module_utils", "plugin_utils"):
        (there / "plugins" / name).symlink_to(ROOT / "plugins" / name)
    for module in (ROOT / "plugins/modules").glob("[!_]*.py"):
        (there / "plugins/action" / module.name).symlink_to(ROOT / "tests/unit/playbooks/stub/action.py")
    return folder


class Fleet:
    """``hosts``: by name what the stub of each module answers there: a result, or ``lost``. Each host has one guest, with one NIC."""

    def __init__(self, folder, hosts, whole=False, **variables):
        self.folder, self.settings = folder, {}  # of Ansible
        self.hosts = list(hosts)
        self.variables = {"vnic_networks": NETWORKS, "vnic_install_packages": False, "vnic_guests": []}
        self.variables["vnic_guests"] = [self.guest(host) for host in hosts]
        self.variables.update(variables)
        for host in hosts:
            self._write_facts(host)
        inventory = {"hosts": {host: {"stub": stub} for host, stub in hosts.items()}}
        inventory["vars"] = {**self.variables, "stub_directory": str(folder), "ansible_connection": "local"}
        self.inventory = folder / "inventory.yml"
        self.inventory.write_text(yaml.safe_dump({"hypervisors": inventory}))
        self.path = collections(folder / "collections", whole)

    @staticmethod
    def guest(host):
        return world.guest("web-" + host, "mgmt")

    def _write_facts(self, host):
        facts = world.host(world.nic("br0", kind="bridge"), domains=[world.domain("web-" + host)])
        facts["system"] = {"package_manager": "apt"}
        planned = world.planned({"networks": NETWORKS, "guests": [self.guest(host)]}, facts, host)
        (self.folder / (host + ".before")).write_text(json.dumps(facts))
        (self.folder / (host + ".after")).write_text(json.dumps(world.applied(planned, facts)))

    def environment(self):
        home = str(self.folder / "home")
        settings = {"COLLECTIONS_PATH": self.path, "HOME": home, "PYTHON_INTERPRETER": sys.executable, "NOCOLOR": 1}
        settings.update({**self.settings, "SHOW_CUSTOM_STATS": 1, "LOCALHOST_WARNING": 0, "DEPRECATION_WARNINGS": 0})
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment.update({"ANSIBLE_" + name: str(value) for name, value in settings.items()})
        return dict(environment, PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])

    def site(self, *arguments):
        return self.run("ansible-playbook", "--inventory", self.inventory, "kvm.vnic.site", *arguments)

    def run(self, *command):
        log = self.folder / "log"
        log.unlink(missing_ok=True)
        done = subprocess.run(
            [str(word) for word in command],
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return Run(done, log.read_text().splitlines() if log.exists() else [], self.folder)


class Run:
    def __init__(self, done, log, folder):
        self.code, self.folder = done.returncode, folder
        self.text = done.stdout + done.stderr
        self.log = [tuple(line.split()) for line in log]

    def touched(self):
        """The hosts on which anything but a question was asked, in order."""
        return list(dict.fromkeys(host for host, module in self.log if module not in ("host_info", "verify")))

    def calls(self, host):
        return [module for name, module in self.log if name == host]

    def asked(self, host):
        """The parameters of the last module that the host was to run."""
        return json.loads((self.folder / (host + ".asked")).read_text())

    def states(self):
        """What the last account says of each host."""
        (told,) = re.findall(r"RUN: (\{.*?\})\n", self.text.replace("\n\t", " "), re.S)
        return {host: found["state"] for host, found in json.loads(told)["kvm_vnic_hosts"].items()}
