# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.kvm.vnic.plugins.module_utils._resource.starts import starts
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost

RUN = "/run/libvirt/qemu/"


def test_it_is_another_word_after_each_start_and_end():
    host = MemoryHost()
    tree, words = host.tree.contents, [starts(host)]
    for changes in (
        {RUN + "web1.pid": "100"},
        {RUN + "web1.pid": "200"},
        {RUN + "$(id) web2.pid": "201"},
        {RUN + "web1.pid": "201", RUN + "$(id) web2.pid": "200"},
        {"/run/openvswitch/ovs-vswitchd.pid": "300"},
        {"/run/openvswitch/ovs-vswitchd.pid": "301"},
    ):
        tree.update(changes)
        words.append(starts(host))
    del tree[RUN + "web1.pid"]
    words.append(starts(host))
    assert len(set(words)) == len(words)
    tree[RUN + "web1.xml"] = "<domstatus/>"
    assert starts(host) == words[-1]
