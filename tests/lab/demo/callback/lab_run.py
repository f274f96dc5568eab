# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a run did to the file named by LAB_RUN_REPORT: per host its remote tasks, changed tasks and plan."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: lab_run
type: aggregate
short_description: Count remote tasks and keep the plan
description: Writes a JSON file with, for each host, how many tasks ran on it, which of them changed something, and its plan.
"""

# What these actions do, they do on the controller; every other task is at least one execution on the host.
CONTROLLER_ACTIONS = set(
    "add_host assert debug fail group_by import_role import_tasks include_role include_tasks include_vars meta pause set_fact "
    "set_stats validate_argument_spec".split()
)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "lab_run"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._hosts = {}

    def _host(self, result):
        name = result._host.get_name()
        return self._hosts.setdefault(name, {"remote": [], "changed": [], "plan": None})

    def v2_runner_on_ok(self, result):
        host = self._host(result)
        task = result._task
        action = task.action.rpartition(".")[2]
        if action not in CONTROLLER_ACTIONS:
            host["remote"].append(task.get_name())
        if result._result.get("changed"):
            host["changed"].append(task.get_name())
        plan = result._result.get("ansible_facts", {}).get("nic_profile_plan")
        if plan:
            host["plan"] = plan

    def v2_playbook_on_stats(self, stats):
        path = os.environ.get("LAB_RUN_REPORT")
        if path:
            with open(path, "w", encoding="utf-8") as stream:
                json.dump(self._hosts, stream, indent=2, default=str)
