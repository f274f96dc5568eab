# SPDX-License-Identifier: GPL-3.0-or-later
"""Our scripts among libvirt's hooks, and whether its daemon knows of them."""

from __future__ import annotations

from .._host.ovs_hook import HOOK as FLOWS_HOOK
from .._model.reconciler_hook import HOOK as GUESTS_HOOK

MODE = 0o755
_OURS = (FLOWS_HOOK, GUESTS_HOOK)
# The daemons that call hooks and read whether there are any when they start (src/util/virhook.c, virHookInitialize)
_DAEMONS = ("/run/virtqemud.pid", "/run/libvirtd.pid", "/run/libvirt/virtqemud.pid", "/run/libvirt/libvirtd.pid")


def read_hook(host, path):
    """Its text, None where there is none, empty for one that libvirt passes over (src/util/virhook.c, virHookCheck)."""
    text = host.files.content(path)
    if text is None:
        return None
    found = host.files.stat(path) or {}
    return text if found.get("mode", MODE) & 0o100 else ""


def put_hook(host, path, text):
    parts = path.split("/")
    for end in range(3, len(parts)):
        directory = "/".join(parts[:end])
        if not host.files.exists(directory):
            host.files.make_directory(directory)
    host.files.replace(path, text, MODE)


def is_unnoticed(host, path):
    """Whether libvirt's daemon runs since before there was a hook at all. One that found any when it started looks into the
    directory at each call (src/util/virhook.c, virHookCall)."""
    hook = host.files.stat(path)
    if hook is None:
        return False
    running = [host.files.stat(pid) for pid in _DAEMONS if host.files.exists("/proc/%s" % host.files.read_or(pid, "-"))]
    hooks = [found["mtime_ns"] for found in map(host.files.stat, _OURS) if found is not None]
    return any(daemon and daemon["mtime_ns"] < min(hooks) for daemon in running)
