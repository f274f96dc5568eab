# SPDX-License-Identifier: GPL-3.0-or-later
"""What the code that runs on hosts keeps from, whatever it is given."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ON_HOSTS = Path(__file__).resolve().parents[2] / "plugins" / "module_utils"
IOCTLS = {"_host/ethtool_ioctl.py", "_host/ethtool_queues_ioctl.py"}  # of a socket that is connected to nothing
STARTERS = {"_host/commands.py", "_host/ovs_hook_script.py"}
SHELLS = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
JUMPING = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
NETWORK = {"ssl", "http", "urllib", "urllib3", "requests", "ftplib", "smtplib", "xmlrpc"}


def trees():
    return {str(path.relative_to(ON_HOSTS)): ast.parse(path.read_text()) for path in ON_HOSTS.rglob("*.py")}


def calls(tree):
    """Names as they are written, each with its call; of a longer one the last two parts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ".".join(ast.unparse(node.func).split(".")[-2:]), node


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def shells(tree):
    """Calls that have a shell read what it is given."""
    for name, call in calls(tree):
        if name in SHELLS or any(keyword.arg == "shell" for keyword in call.keywords):
            yield name


def test_no_shell_reads_what_a_program_is_given():
    found = trees()
    assert len(found) > 100
    assert {path for path, tree in found.items() if "subprocess" in imports(tree)} == STARTERS
    assert {path: list(shells(tree)) for path, tree in found.items() if list(shells(tree))} == {}


def jumping(tree):
    """What tells a clock that is set, called or handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in JUMPING:
                yield name
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (alias.name for alias in node.names if "time." + alias.name in JUMPING)


def test_a_clock_that_is_set_ends_no_wait():
    assert {path: list(jumping(tree)) for path, tree in trees().items() if list(jumping(tree))} == {}


@pytest.mark.parametrize("text", ["end = time.time() + 5", "now = staticmethod(time.time)", "from time import time"])
def test_a_clock_that_is_set_is_found(text):
    assert list(jumping(ast.parse(text)))


def test_nothing_is_fetched_over_the_network():
    found = {path: NETWORK & set(imports(tree)) for path, tree in trees().items()}
    assert {path: names for path, names in found.items() if names} == {}
    assert {path for path, tree in trees().items() if "socket" in imports(tree)} == IOCTLS


@pytest.mark.parametrize("text", ["subprocess.run('id', shell=True)", "os.system('id')", "import os\nos.popen(x)"])
def test_a_shell_is_found(text):
    assert list(shells(ast.parse(text)))
