# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed
from ansible_collections.kvm.vnic.plugins.module_utils._resource.facts.moment import Moment
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost


def test_the_second_time_nobody_is_asked():
    host = MemoryHost()
    moment = Moment(host)
    assert moment.ip.links() is moment.ip.links()
    assert moment.ip.routes("-4") == [] and moment.ip.routes("-6") == []
    assert len(host.commands.calls) == 3
    Moment(host).ip.links()
    assert len(host.commands.calls) == 4


def test_an_error_is_an_answer_too():
    host = MemoryHost()
    host.libvirt.running = False
    moment = Moment(host)
    for _time in range(2):
        with pytest.raises(ApplyFailed):
            moment.libvirt.domains()
    host.libvirt.running = True
    with pytest.raises(ApplyFailed):
        moment.libvirt.domains()
    assert Moment(host).libvirt.domains() == []


def test_what_is_no_question_about_state_goes_through():
    host = MemoryHost()
    host.tree.contents["/sys/bus/pci/devices/0000:01:00.0/numa_node"] = "1"
    moment = Moment(host)
    assert moment.pci.numa_node("0000:01:00.0") == 1
    host.tree.contents["/sys/bus/pci/devices/0000:01:00.0/numa_node"] = "0"
    assert moment.pci.numa_node("0000:01:00.0") == 0
