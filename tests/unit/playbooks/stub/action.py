# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for every module of the collection: tells what the inventory says that the host would, and keeps a log."""

from __future__ import annotations

import json
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        module = self._task.action.rpartition(".")[2]
        host = task_vars["inventory_hostname"]
        told = Path(task_vars["stub_directory"])
        verifying = module == "host_info" and "gather" in self._task.args
        with (told / "log").open("a", encoding="utf-8") as log:
            log.write("%s %s\n" % (host, "verify" if verifying else module))
        (told / (host + ".asked")).write_text(json.dumps(self._task.args), encoding="utf-8")
        answer = task_vars.get("stub", {}).get("verify" if verifying else module, {})
        if answer == "lost":
            raise AnsibleConnectionFailure("the connection to %s is gone" % host)
        if module == "host_info":
            answer = {**json.loads((told / (host + (".after" if verifying else ".before"))).read_text()), **answer}
        return {"changed": False, "actions": [], "pending": [], "hook_installed": False, **answer}
