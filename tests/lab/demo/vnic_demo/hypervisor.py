# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's hypervisor and its guests: what is done there without Ansible."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parents[1]
ROOT = DEMO.parents[2]
LAB = ROOT / ".lab"
SHARED = DEMO.parent / "remote"
REMOTE = "/run/lab-demo"
NAME = "lab1"
GUESTS = json.loads((DEMO / "guests.json").read_text())


def ssh(*words, stdin=None, check=True):
    """Run words there; what they print is in ``stdout``."""
    command = ["ssh", "-q", "-F", LAB / "ssh_config", NAME, *words]
    done = subprocess.run(command, input=stdin, text=True, stdout=subprocess.PIPE, check=False)
    if check and done.returncode:
        sys.exit("on %s: %s: exit code %d" % (NAME, " ".join(words), done.returncode))
    return done


def copy_scripts():
    ssh("mkdir", "-p", REMOTE)
    scripts = [path for folder in (DEMO / "remote", SHARED) for path in sorted(folder.glob("*.py"))]
    subprocess.run(["scp", "-q", "-F", LAB / "ssh_config", *scripts, "%s:%s/" % (NAME, REMOTE)], check=True)


def script(name, *words, stdin=None, check=True):
    return ssh("python3", "%s/%s.py" % (REMOTE, name), *words, stdin=stdin, check=check)


def prepare():
    """Make what is not there yet: before site the guests, after it the ends of networks on switches that it made."""
    script("prepare", stdin=json.dumps(GUESTS))


def start_guests():
    running = ssh("virsh", "list", "--name").stdout.split()
    starts = ['lab-guest start %s & starts="$starts $!"' % guest for guest in GUESTS if guest not in running]
    ssh("sh", "-c", shlex.quote("; ".join([*starts, 'for one in $starts; do wait "$one" || exit; done'])))
    wait_for_guests(check=True)


def wait_for_guests(check):
    for guest, interfaces in GUESTS.items():
        ssh("lab-guest", "wait", guest, "--nics", str(len(interfaces)), "--timeout", "180", check=check)


def observe():
    """``{guest: {memory_mib, interfaces: {NIC: what the host, the kernel and the guest say of it}}}``."""
    return json.loads(script("observe", stdin=json.dumps(GUESTS)).stdout)


def reboot():
    """Power it off and on; returns which NICs answer, without Ansible having been there: ``{guest: {NIC: bool}}``."""
    subprocess.run([str(ROOT / "tests/lab/lab"), "reboot", NAME], check=True)
    copy_scripts()
    prepare()
    wait_for_guests(check=False)
    return json.loads(script("observe", "--answers", stdin=json.dumps(GUESTS)).stdout)
