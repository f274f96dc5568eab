# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry knows every kind, by its own name, and loads none before it is asked for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.kvm.vnic.plugins.module_utils._resource.registry import (
    ALSO_GUESTS,
    JOURNALLED,
    KINDS,
    NEEDS_LIBVIRT,
)
from ansible_collections.kvm.vnic.plugins.module_utils._resource.resource import Resource

ROOT = Path(__file__).resolve().parents[5]
ROLES = ROOT / "roles"
INFORMATION = {"host_info", "audit_info"}
OF_RUNS = {"checkpoint", "reconciler"}


def modules_of_role(name, tasks="main"):
    """Modules of this collection, in the order in which the role's tasks name them first."""
    found = []
    for task in yaml.safe_load((ROLES / name / "tasks" / (tasks + ".yml")).read_text()):
        include = task.get("ansible.builtin.include_role")
        if include:
            found += modules_of_role(include["name"].split(".")[-1], include.get("tasks_from", "main"))
        found += [key.split(".")[-1] for key in task if key.startswith("kvm.vnic.")]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("kind", JOURNALLED)
def test_each_answers_to_its_name(kind):
    assert JOURNALLED[kind]().kind == kind


@pytest.mark.parametrize("kind", JOURNALLED)
def test_each_says_how_it_is_led_back(kind):
    """The default leads nothing back."""
    assert type(JOURNALLED[kind]()).undo is not Resource.undo


def test_every_module_that_manages_something_is_there():
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("[!_]*.py")}
    assert set(KINDS) == modules - INFORMATION - OF_RUNS
    assert NEEDS_LIBVIRT | {ALSO_GUESTS} < set(KINDS)


def test_the_order_is_the_plays():
    applied = [name for name in modules_of_role("nic_profile", "apply") if name in KINDS]
    assert len(applied) > 8
    assert applied == [kind for kind in KINDS if kind in applied]


def test_none_is_loaded_before_it_is_asked_for():
    package = "ansible_collections.kvm.vnic.plugins.module_utils."
    source = "import sys; from %s_resource.registry import KINDS; KINDS['vlan'](); print(*sys.modules)" % package
    done = subprocess.run([sys.executable, "-c", source], stdout=subprocess.PIPE, check=True, text=True)
    loaded = set(re.findall(r"_resource\.(\w+)", done.stdout))
    assert "vlan" in loaded
    assert loaded & (set(KINDS) - {"vlan"}) == set()
