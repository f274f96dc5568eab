# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the playbook site, and what they did."""

from __future__ import annotations

import json
import os
import subprocess

from .hypervisor import DEMO, LAB, script


def site(report):
    """Run it, and return of each host ``{remote: tasks, changed: tasks, plan}``; the file ``report`` has it, too."""
    environment = dict(
        os.environ,
        ANSIBLE_CALLBACK_PLUGINS=str(DEMO / "callback"),
        ANSIBLE_CALLBACKS_ENABLED="lab_run",
        ANSIBLE_CALLBACK_RESULT_FORMAT="yaml",
        ANSIBLE_DISPLAY_SKIPPED_HOSTS="false",
        ANSIBLE_DISPLAY_OK_HOSTS="true",
        LAB_RUN_REPORT=str(report),
    )
    inventories = ["-i", str(LAB / "inventory.yml"), "-i", str(DEMO / "inventory")]
    subprocess.run(["ansible-playbook", *inventories, "kvm.vnic.site"], env=environment, check=True)
    return json.loads(report.read_text())


def watched_site(report):
    """The same, and a line for all that was written on the hypervisor meanwhile."""
    script("watch", "start")
    found = site(report)
    watch = script("watch", "stop", check=False)
    written = [line for line in watch.stdout.splitlines() if line]
    if watch.returncode and not written:
        written = ["the watch failed"]
    return found, written
