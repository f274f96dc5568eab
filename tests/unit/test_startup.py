# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module loads before it knows whether there is anything to do: on the host each task compiles it anew."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PACKAGE = "ansible_collections.kvm.vnic.plugins."
SHOW = "import json, sys; import %s; print(json.dumps(sorted(sys.modules)))"
LATER = {
    "bridge": ["_host.libvirt", "_host.pci", "_host.ethtool", "_resource.consumers", "_resource.management_path"],
    "packet_steering": ["_host.libvirt", "_resource.consumers", "_resource.packet_steering_apply"],
    "irq_affinity": ["_host.libvirt", "_model.interface_xml", "_resource.irq_affinity_apply"],
    "sriov": ["_host.libvirt", "_resource.consumers", "_resource.sriov_apply", "_resource.sriov_guard"],
    "domain_interface": ["_resource.consumers", "_resource.domain_interface_apply"],
    "host_info": ["_host.libvirt"],
}


@pytest.mark.parametrize("module", sorted(LATER))
def test_what_only_some_runs_need_is_loaded_by_them(module):
    done = subprocess.run(
        [sys.executable, "-c", SHOW % (PACKAGE + "modules." + module)], stdout=subprocess.PIPE, check=True, text=True
    )
    loaded = set(json.loads(done.stdout))
    assert PACKAGE + "module_utils._host.host" in loaded
    early = [name for name in LATER[module] if PACKAGE + "module_utils." + name in loaded]
    assert early == []
    assert "libvirt" not in loaded
