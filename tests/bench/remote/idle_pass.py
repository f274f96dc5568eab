# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the hypervisor: what a pass of the reconciler takes that finds nothing to do.

idle_pass.py ARCHIVE TIMES

Prints ``{idle: [seconds], imports: [seconds], written: [paths]}``: of passes, of Python starts that import the same modules
from the same archive, and which of our files changed meanwhile, the lock's below /run aside.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

PLACES = (
    "/var/lib/kvm-vnic",
    "/run/kvm-vnic",
    "/etc/systemd/system",
    "/etc/udev/rules.d",
    "/etc/libvirt",
    "/etc/modprobe.d",
)
LOCKS = ("/run/kvm-vnic", "/run/kvm-vnic/lock")
SHOW = """import json, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(list(sys.modules)))
"""
IMPORT = """import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    try:
        importlib.import_module(name)
    except ImportError:
        pass
"""


def python(*words):
    """Seconds, and what it printed."""
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-I", *words], stdout=subprocess.PIPE, check=True, text=True)
    return time.monotonic() - began, done.stdout


def changed_at():
    found = {}
    for place in map(Path, PLACES):
        for path in [place, *place.rglob("*")]:
            if path.exists() and str(path) not in LOCKS:
                found[str(path)] = path.stat().st_mtime_ns
    return found


def main(archive, times):
    modules = json.loads(python("-c", SHOW, archive, "guests")[1].splitlines()[-1])
    before = changed_at()
    found = {"idle": [], "imports": []}
    for _time in range(int(times)):  # in turn, so that both meet the same machine
        found["imports"].append(python("-c", IMPORT, archive, *modules)[0])
        found["idle"].append(python(archive, "guests")[0])
    after = changed_at()
    found["written"] = sorted(path for path in {**before, **after} if before.get(path) != after.get(path))
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
