# SPDX-License-Identifier: GPL-3.0-or-later
"""The architecture, as the import statements have it: layers import downwards only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# From the bottom up.
LAYERS = ["_model", "_host", "_resource", "_engine", "_service", "_module"]
# Runs on the host from one zip, without Ansible.
PLAIN = LAYERS[:5]
INPUT_OUTPUT = {
    "ctypes",
    "fcntl",
    "glob",
    "io",
    "multiprocessing",
    "os",
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
}


def imports(source, package):
    """Yield the dotted name of everything ``source``, a module of ``package``, imports, wherever in the file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: 1 - node.level or None] if node.level else []
            module = ".".join(base + ([node.module] if node.module else []))
            yield from ("%s.%s" % (module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "import_module",
            "__import__",
        ):
            literal = node.args and isinstance(node.args[0], ast.Constant)
            yield str(node.args[0].value) if literal else "<computed>"


def sources(root, folder):
    """Yield (path, ``plugins.…`` or foreign name, as written) of each import in the Python files under ``folder``."""
    for path in sorted((root / folder).rglob("*.py")):
        package = ".".join(path.relative_to(root).parent.parts)
        for name in imports(path.read_text(), package):
            yield path.relative_to(root), name.replace("ansible_collections.kvm.vnic.", "", 1), name


def offences(root):
    """Return "file imports name: rule" for every import the architecture does not allow."""
    found = []

    def refuse(path, name, rule):
        found.append("%s imports %s: %s" % (path, name, rule))

    for path, name, written in sources(root, "plugins/module_utils"):
        layer = path.parts[2]
        if layer not in LAYERS:
            continue
        top = name.split(".")[0]
        if name.startswith("plugins."):
            target = name.split(".")[2] if name.startswith("plugins.module_utils.") else name
            if target not in LAYERS or LAYERS.index(target) > LAYERS.index(layer):
                refuse(path, written, "not at or below %s" % layer)
            elif layer in PLAIN and written != name:
                refuse(path, written, "imports here are relative")
        elif top == "libvirt":
            if layer != "_host":
                refuse(path, written, "libvirt belongs to _host")
        elif layer in PLAIN and top not in sys.stdlib_module_names:
            refuse(path, written, "%s has the standard library only" % layer)
        elif layer == "_model" and top in INPUT_OUTPUT:
            refuse(path, written, "_model does no input or output")
    for path, name, written in sources(root, "plugins/modules"):
        if name.startswith("plugins.") and not name.startswith(
            ("plugins.module_utils._module.", "plugins.module_utils._resource.")
        ):
            refuse(path, written, "modules wire a resource to Ansible and see nothing below")
        elif name.split(".")[0] not in ("plugins", "ansible", "__future__"):
            refuse(path, written, "a module is documentation and wiring")
    for path, name, written in sources(root, "plugins/plugin_utils"):
        if name.startswith("plugins.") and not name.startswith(
            ("plugins.plugin_utils.", "plugins.module_utils._model.")
        ):
            refuse(path, written, "the controller's side shares the pure model with the hosts' side, nothing else")
    return found


def test_imports_go_downwards_only():
    assert offences(ROOT) == []


def test_there_is_something_to_check():
    assert {layer for layer in LAYERS if any((ROOT / "plugins/module_utils" / layer).glob("[!_]*.py"))} == set(LAYERS)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("plugins/module_utils/_model/x.py", "from .._host.files import Files"),
        ("plugins/module_utils/_model/x.py", "import os"),
        ("plugins/module_utils/_model/x.py", "def f():\n    from subprocess import run"),
        ("plugins/module_utils/_host/x.py", "import yaml"),
        ("plugins/module_utils/_host/x.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("plugins/module_utils/_host/x.py", "from .. import _engine"),
        ("plugins/module_utils/_host/x.py", "import importlib\nimportlib.import_module(name)"),
        ("plugins/module_utils/_resource/x.py", "import libvirt"),
        ("plugins/module_utils/_resource/x.py", "__import__('libvirt')"),
        ("plugins/module_utils/_engine/x.py", "from .._module import run"),
        ("plugins/module_utils/_engine/x.py", "from .._service import main"),
        ("plugins/module_utils/_service/x.py", "from .._module import run"),
        ("plugins/module_utils/_service/x.py", "from ansible.module_utils.basic import AnsibleModule"),
        (
            "plugins/module_utils/_engine/x.py",
            "from ansible_collections.kvm.vnic.plugins.module_utils._model import action",
        ),
        ("plugins/module_utils/_engine/x.py", "from ...plugin_utils._planner import choose"),
        ("plugins/modules/x.py", "from ansible_collections.kvm.vnic.plugins.module_utils._host.files import Files"),
        ("plugins/modules/x.py", "import subprocess"),
        (
            "plugins/plugin_utils/_planner/x.py",
            "from ansible_collections.kvm.vnic.plugins.module_utils._host import files",
        ),
    ],
)
def test_an_upward_import_is_found(tmp_path, path, line):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(line)
    assert len(offences(tmp_path)) == 1


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (
            "plugins/module_utils/_resource/x.py",
            "from .._host.files import Files\nfrom .resource import Resource\nimport re",
        ),
        ("plugins/module_utils/_host/x.py", "import libvirt\nimport xml.etree.ElementTree"),
        (
            "plugins/module_utils/_module/x.py",
            "from ansible.module_utils.basic import AnsibleModule\nfrom .._engine.converge import converge",
        ),
        ("plugins/modules/x.py", "from ansible_collections.kvm.vnic.plugins.module_utils._module.run import run"),
    ],
)
def test_a_downward_import_is_not(tmp_path, path, line):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(line)
    assert offences(tmp_path) == []
