# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to the file named by TASK_TIMES what each task took, from start to end on the controller, loops included."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: task_times
type: aggregate
short_description: Time the tasks of a run
description: Writes a JSON file with a list of tasks, each with its name, seconds, changed, and a command's own seconds.
"""


def own_seconds(result):
    """How long a ``command`` ran on the host, by itself: None for others, for loops, and where it had nothing to do."""
    if not result.get("delta"):
        return None
    hours, minutes, seconds = result["delta"].split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_times"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._begun = None
        self._tasks = []

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._begun = time.monotonic()

    def v2_runner_on_ok(self, result):
        seconds = time.monotonic() - self._begun
        told = result._result
        self._tasks.append(
            {
                "name": result._task.get_name(),
                "seconds": seconds,
                "changed": bool(told.get("changed")),
                "own_seconds": own_seconds(told),
                "notes": told.get("notes", []) + [str(pending) for pending in told.get("pending", [])],
            }
        )

    def v2_playbook_on_stats(self, stats):
        with open(os.environ["TASK_TIMES"], "w", encoding="utf-8") as stream:
            json.dump(self._tasks, stream)
