# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_host import (
    BRIDGE,
    MAC,
    MACVTAP,
    UUID2,
    VF,
    calls,
    define,
    fields,
    hypervisor,
    nic,
    run,
    run_all,
)
from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import nic_xml


@pytest.fixture
def host():
    return hypervisor()


def test_what_changes_live_is_changed_in_both_definitions(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    slots = [nic(host, scope).address for scope in ("live", "persistent")]
    wish = dict(BRIDGE, source={"bridge": "br1"}, link_state="down", trust_guest_rx_filters=True, port_isolated=True)
    result = run(host, wish)
    names = ["source", "link_state", "trust_guest_rx_filters", "port_isolated"]
    assert fields(result) == [
        ("web1/front", "%s.%s" % (scope, name)) for scope in ("persistent", "live") for name in names
    ]
    assert calls(host)[2:] == [("update", "web1", "config"), ("update", "web1", "live")]
    assert result["pending"] == [] and nic(host, "live").source == {"bridge": "br1"}
    assert [nic(host, scope).address for scope in ("live", "persistent")] == slots
    assert not run(host, wish)["changed"]
    cleared = dict(BRIDGE, source={"bridge": "br1"}, link_state="up", trust_guest_rx_filters=False, port_isolated=False)
    assert len(run(host, cleared)["actions"]) == 6
    assert nic(host, "live").element.find("port") is None and not run(host, cleared)["changed"]


CHANGES = [
    dict(BRIDGE, queues=2),
    dict(BRIDGE, backend="qemu"),
    dict(BRIDGE, rx_queue_size=512),
    dict(BRIDGE, mtu=9000),
    dict(BRIDGE, model="rtl8139"),
    dict(BRIDGE, mac="52:54:00:00:00:bb"),
    MACVTAP,
    VF,
]


@pytest.mark.parametrize("wish", CHANGES)
def test_what_cannot_change_live_is_pending_and_comes_with_the_next_start(host, wish):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    live, slot = host.libvirt.get("web1").live_xml, nic(host, "persistent").address
    result = run(host, wish)
    assert not result["failed"] and result["changed"]
    assert all(action["field"].startswith("persistent.") for action in result["actions"])
    assert result["pending"] and {one["until"] for one in result["pending"]} == {"guest_start"}
    assert all("replug:web1/front" in one["reason"] for one in result["pending"])
    assert host.libvirt.get("web1").live_xml == live and nic(host, "persistent").address == slot
    written = list(host.libvirt.writes)
    again = run(host, wish)
    assert not again["changed"] and again["pending"] == result["pending"] and host.libvirt.writes == written
    host.libvirt.stop("web1")
    host.libvirt.start("web1")
    final = run(host, wish)
    assert not final["changed"] and final["pending"] == []


@pytest.mark.parametrize("wish", CHANGES)
def test_with_consent_it_is_unplugged_and_plugged_in_anew(host, wish):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    result = run(host, wish, consent=["replug:web1/front"])
    assert not result["failed"], result
    assert result["pending"] == [] and ("web1/front", "live.replug") in fields(result)
    assert calls(host)[-2:] == [("detach", "web1", "live"), ("attach", "web1", "live")]
    assert nic(host, "live").address == nic(host, "persistent").address
    again = run(host, wish, consent=["replug:web1/front"])
    assert not again["changed"] and again["pending"] == []


def test_a_replug_keeps_what_others_put_into_the_definition(host):
    more = "<driver name='vhost'/><bandwidth><inbound average='1000'/></bandwidth>"
    define(host, "db1", UUID2, running=True, interfaces=nic_xml(MAC, bus=3, more=more))
    run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, queues=2)]}, consent=["replug:db1/front"])
    assert nic(host, "live", name="db1").element.find("bandwidth/inbound").get("average") == "1000"


def test_replug_in_check_mode_is_an_action_only_with_consent(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    wish = dict(BRIDGE, queues=2)
    assert fields(run(host, wish, check=True)) == [("web1/front", "persistent.queues")]
    consented = run(host, wish, check=True, consent=["replug:web1/front"])
    assert fields(consented) == [("web1/front", "persistent.queues"), ("web1/front", "live.replug")]


def test_boot_order_waits_even_with_consent(host):
    host.libvirt.start("web1")
    run(host, BRIDGE)
    result = run(host, dict(BRIDGE, boot_order=1), consent=["replug:web1/front"])
    assert fields(result) == [("web1/front", "persistent.boot_order")]
    assert [one["field"] for one in result["pending"]] == ["boot_order"]


def test_omitted_is_left_alone_and_zero_clears(host):
    run(host, dict(BRIDGE, queues=4, mtu=9000, boot_order=1, rx_queue_size=512))
    assert not run(host, BRIDGE)["changed"]
    result = run(host, dict(BRIDGE, queues=1, mtu=0, boot_order=0, rx_queue_size=0))
    assert {action["field"] for action in result["actions"]} == {
        "persistent.queues",
        "persistent.mtu",
        "persistent.boot_order",
        "persistent.rx_queue_size",
    }
    element = nic(host, "persistent").element
    assert (
        element.find("mtu") is None
        and element.find("boot") is None
        and element.find("driver").attrib == {"name": "vhost"}
    )


def test_a_mac_changes_in_one_whole_definition_that_keeps_secrets_and_everything_else(host):
    extra = (
        "<metadata><a:note xmlns:a='urn:a'>1 &lt; 2<!-- kept --></a:note></metadata>"
        "<q:commandline xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:arg value='-x'/></q:commandline>"
    )
    define(host, "db1", UUID2, interfaces=nic_xml(MAC, bus=3, alias="ua-front"), extra=extra)
    host.libvirt.secrets["db1"] = lambda text: text.replace(
        "<devices>", "<devices><graphics type='vnc' passwd='hunter2'/>"
    )
    result = run_all(host, {"name": "db1", "interfaces": [dict(BRIDGE, mac="52:54:00:00:00:bb")]}, diff=True)
    assert not result["failed"] and calls(host)[-1] == ("define", "db1", "config")
    text = host.libvirt.writes[-1][3]
    assert 'passwd="hunter2"' in text and "a:note" in text and "<!-- kept -->" in text and "q:arg" in text
    assert "hunter2" not in str(result)
    assert nic(host, "persistent", name="db1").address == "0000:03:00.0"
