# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a whole module against a MemoryHost."""

from __future__ import annotations

import json
from unittest import mock

from ansible.module_utils import basic

from ansible_collections.kvm.vnic.plugins.module_utils._module import run


class _Ended(Exception):
    def __init__(self, result):
        super().__init__()
        self.result = result


def _exit(module, **result):
    raise _Ended(json.loads(json.dumps(dict(result, failed=False))))


def _fail(module, msg, **result):
    raise _Ended(json.loads(json.dumps(dict(result, msg=msg, failed=True))))


def run_module(main, host, params, check=False, diff=False):
    """What the module ``main`` returns on ``host`` for ``params``: a dictionary with ``failed``, and ``changed`` or ``msg``."""
    arguments = dict(
        params,
        _ansible_check_mode=check,
        _ansible_diff=diff,
        _ansible_remote_tmp="/tmp",
        _ansible_keep_remote_files=False,
    )
    encoded = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    with (
        mock.patch.object(basic, "_ANSIBLE_ARGS", encoded),
        mock.patch.object(basic, "_ANSIBLE_PROFILE", "legacy", create=True),
        mock.patch.object(basic.AnsibleModule, "exit_json", _exit),
        mock.patch.object(basic.AnsibleModule, "fail_json", _fail),
        mock.patch.object(run, "Host", lambda: host),
    ):
        try:
            main()
        except _Ended as ended:
            return ended.result
    raise AssertionError("the module ended without a result")
