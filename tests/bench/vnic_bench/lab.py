# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to the hypervisor: ssh, the fixture on it, and playbooks whose tasks are timed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
ROOT = HERE.parents[1]
LAB = ROOT / ".lab"
OUT = LAB / "bench"
REMOTE = "/run/vnic-bench"
HYPERVISOR = "lab1"
KEPT_BYTECODE = "/run/lab-bytecode"  # a file there keeps nothing, see tests/lab/README.md
MEASURED_PYTHON = REMOTE + "/measured_python"


class BenchError(Exception):
    """Something to tell without a traceback."""


@dataclass(frozen=True)
class Step:
    """Tasks that are measured together, under one name; ``memory``: the modules' memory instead of the time."""

    name: str
    tasks: list
    memory: bool = False


@dataclass(frozen=True)
class Measured:
    """What a step took: seconds on the controller, and the seconds of its commands alone."""

    seconds: float
    own_seconds: float | None
    changed: bool
    notes: list


class Lab:
    def __init__(self):
        OUT.mkdir(parents=True, exist_ok=True)
        self._runs = 0

    def ssh(self, *words, check=True):
        done = subprocess.run(
            ["ssh", "-q", "-F", LAB / "ssh_config", HYPERVISOR, *words],
            stdin=subprocess.DEVNULL,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if check else subprocess.DEVNULL,
            check=False,
        )
        if check and done.returncode:
            raise BenchError(
                "on %s: %s: exit code %d\n%s" % (HYPERVISOR, " ".join(words), done.returncode, done.stdout)
            )
        return done.stdout

    def reboot(self):
        """Off and on, in order; back when it answers."""
        subprocess.run([ROOT / "tests/lab/lab", "reboot", HYPERVISOR], check=True)
        self.install()

    def install(self):
        """Put what runs on the hypervisor there, and have it compile Python each time, as real hosts do."""
        self.ssh("mkdir", "-p", REMOTE)
        self.ssh("rm", "-rf", KEPT_BYTECODE)
        self.ssh("touch", KEPT_BYTECODE)
        folders = (HERE / "remote", ROOT / "tests/lab/remote")
        files = sorted(str(path) for folder in folders for path in folder.iterdir() if path.is_file())
        subprocess.run(
            ["scp", "-q", "-p", "-F", LAB / "ssh_config", *files, "%s:%s/" % (HYPERVISOR, REMOTE)], check=True
        )

    def fixture(self, command, *words):
        return self.ssh("python3", REMOTE + "/fixture.py", command, *words)

    def play(self, steps, collections=None):
        """Run steps in one playbook, over one connection, and return {step's name: Measured}. ``collections``: where another
        kvm.vnic than this checkout's is."""
        self._runs += 1
        tasks, owners = [], []
        for step in steps:
            for task in step.tasks:
                extra = {}
                if step.memory:
                    extra = {
                        "vars": {"ansible_python_interpreter": MEASURED_PYTHON},
                        "environment": {"VNIC_BENCH_LABEL": step.name},
                    }
                tasks.append(dict(task, name=step.name, **extra))
                owners.append(step.name)
        return _collect(owners, self._run_playbook(tasks, collections))

    def site(self, variables, collections=None):
        """Run the collection's playbook site with an inventory's variables; the seconds of the whole command."""
        self._runs += 1
        given = self._file("vars.json")
        given.write_text(json.dumps(variables, indent=1))
        began = time.monotonic()
        self._ansible("kvm.vnic.site", "-e", "@%s" % given, collections=collections)
        return time.monotonic() - began

    def _file(self, kind):
        return OUT / ("run-%02d.%s" % (self._runs, kind))

    def _run_playbook(self, tasks, collections):
        connect = {"name": "connect", "ansible.builtin.command": {"argv": ["true"]}, "changed_when": False}
        play = [{"hosts": HYPERVISOR, "gather_facts": False, "tasks": [connect] + tasks}]
        # JSON is YAML.
        playbook, times = self._file("yml"), self._file("times.json")
        playbook.write_text(json.dumps(play, indent=1))
        self._ansible(
            str(playbook),
            collections=collections,
            ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback"),
            ANSIBLE_CALLBACKS_ENABLED="task_times",
            TASK_TIMES=str(times),
        )
        return json.loads(times.read_text())[1:]

    def _ansible(self, *words, collections=None, **settings):
        log = self._file("log")
        environment = dict(
            os.environ,
            ANSIBLE_COLLECTIONS_PATH="%s:%s"
            % (collections or os.environ["ANSIBLE_COLLECTIONS_PATH"], os.environ["KVM_VNIC_COMMUNITY"]),
            ANSIBLE_RETRY_FILES_ENABLED="false",
            **settings,
        )
        with log.open("w") as stream:
            command = ["ansible-playbook", "-i", str(LAB / "inventory.yml"), *words]
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode:
            raise BenchError("ansible-playbook failed, see %s\n%s" % (log, log.read_text()[-3000:]))

    def memory(self):
        """{step's name: MiB} of the steps that ran with ``memory``, the greatest of each."""
        peaks = {}
        for line in self.ssh("cat", REMOTE + "/memory").splitlines():
            record = json.loads(line)
            peaks[record["label"]] = max(peaks.get(record["label"], 0), record["kib"] / 1024)
        return peaks


def _collect(owners, times):
    if len(owners) != len(times):
        raise BenchError("%d tasks ran instead of %d" % (len(times), len(owners)))
    found = {}
    for owner, task in zip(owners, times):
        before = found.get(owner, Measured(0.0, None, False, []))
        own = task["own_seconds"]
        if before.own_seconds is not None or own is not None:
            own = (before.own_seconds or 0.0) + (own or 0.0)
        found[owner] = Measured(
            before.seconds + task["seconds"], own, before.changed or task["changed"], before.notes + task["notes"]
        )
    return found
