# SPDX-License-Identifier: GPL-3.0-or-later
"""A run over guests' NICs and pins, led back from the journal as a checkpoint's service does it."""

from __future__ import annotations

import json

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._engine.journal import Journal
from ansible_collections.kvm.vnic.plugins.module_utils._engine.rollback import UNDONE, roll_back
from ansible_collections.kvm.vnic.plugins.module_utils._engine.run_entries import entries_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._resource.registry import KINDS
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import BRIDGE
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import hypervisor, pins

RUN = "77aa77aa77aa77aa"
SECRET = "hunter2"


def test_nics_and_pins_are_led_back_and_no_secret_is_in_the_journal():
    host = hypervisor()
    host.kernel.add("br0", "bridge", up=True)
    for field in ("live_xml", "persistent_xml"):
        text = getattr(host.libvirt.get("web1"), field)
        graphics = "<devices><graphics type='vnc' passwd='%s'/>" % SECRET
        host.libvirt.put("web1", **{field: text.replace("<devices>", graphics)})
    host.lock.holder = host.tree.private["/run/kvm-vnic/lock"] = json.dumps({"run": RUN})
    before = host.libvirt.get("web1")
    extra = dict(BRIDGE, name="extra", mac="52:54:00:00:00:77")
    steps = [
        ("domain_interface", {"domains": [{"name": "web1", "interfaces": [extra]}]}),
        ("domain_pinning", {"domains": [{"name": "web1", "vcpus": {"0": "4"}, "emulator": "6-7"}]}),
    ]
    for kind, params in steps:
        assert converge(KINDS[kind](), params, host, Consent(), Journal(host, RUN)).changed
    after = host.libvirt.get("web1")
    assert "ua-extra" in after.live_xml and "ua-extra" in after.persistent_xml
    assert SECRET not in str(host.tree.private) and SECRET in after.persistent_xml
    report = roll_back(host, entries_of(host, RUN))
    assert [(each.kind, each.state) for each in report.entries] == [
        ("domain_pinning", UNDONE),
        ("domain_interface", UNDONE),
    ], report.lines
    led_back = host.libvirt.get("web1")
    assert "ua-extra" not in led_back.live_xml and "ua-extra" not in led_back.persistent_xml
    assert pins(host, "persistent").vcpu_pins == {} and pins(host, "persistent").emulator is None
    assert before.persistent_xml.count("<interface") == led_back.persistent_xml.count("<interface")
    assert entries_of(host, RUN) == []
