# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody loses a VF that he uses: each user is found, named and left alone, unless the consent that is printed was
given."""

from __future__ import annotations

import errno

import pytest

from ansible_collections.kvm.vnic.plugins.modules import sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard

UUID = "8096d8cc-0416-4346-9615-5869ae4aaa10"
HOSTDEV = (
    "<interface type='hostdev' managed='yes'><mac address='52:54:00:5a:01:01'/><source>"
    "<address type='pci' domain='0x0000' bus='0x41' slot='0x10' function='0x1'/></source></interface>"
)
PLAIN = (
    "<hostdev mode='subsystem' type='pci' managed='no'><source>"
    "<address domain='0x0000' bus='0x41' slot='0x10' function='0x1'/></source></hostdev>"
)
FROM_NETWORK = (
    "<interface type='network'><source network='vfs'/><actual type='hostdev' managed='yes'><source>"
    "<address type='pci' domain='0x0000' bus='0x41' slot='0x10' function='0x1'/></source></actual></interface>"
)
MACVTAP = "<interface type='direct'><source dev='ens2v1' mode='%s'/><target dev='macvtap0'/></interface>"
COUNT = {"pfs": [{"pf": "ens2", "num_vfs": 2}]}
CONSENT = ["vf_count:ens2"]


@pytest.fixture
def host():
    return MemoryHost()


@pytest.fixture
def card(host):
    card = MemoryCard(host)
    card.make(4)
    return card


def domain(*devices, name="web1"):
    return "<domain type='kvm'><name>%s</name><uuid>%s</uuid><devices>%s</devices></domain>" % (
        name,
        UUID,
        "".join(devices),
    )


def status(*devices, state="running", pid=587, name="web1"):
    return "<domstatus state='%s' reason='booted' pid='%d'>%s</domstatus>" % (state, pid, domain(*devices, name=name))


def run(host, check=False, **params):
    return run_module(sriov.main, host, params, check=check)


def refused(host, *words):
    """The count is refused with these words, in check mode too, and nothing is written; with the consent it changes."""
    for check in (True, False):
        result = run(host, check=check, **COUNT)
        assert result["failed"] and result["error_kind"] == "conflict", result
        assert host.writes() == []
    text = " ".join(result["dangers"][0]["users"])
    for word in words + ("ens2#1", "0000:41:10.1"):
        assert word in text, text
    assert CONSENT == [danger["consent"] for danger in result["dangers"]]
    assert "ens2#0" not in text and "ens2#2" not in text
    allowed = run(host, allow_disruption=CONSENT, **COUNT)
    assert not allowed["failed"], allowed


@pytest.mark.parametrize("device", [HOSTDEV, PLAIN, FROM_NETWORK])
@pytest.mark.parametrize(
    "how, word",
    [
        (lambda xml: {"live_xml": xml, "persistent_xml": None}, "guest web1 (running)"),
        (lambda xml: {"live_xml": xml, "persistent_xml": xml}, "guest web1 (running)"),
        (lambda xml: {"live_xml": xml, "persistent_xml": None, "paused": True}, "guest web1 (paused)"),
        (lambda xml: {"persistent_xml": xml, "saved": True}, "guest web1 (saved)"),
        (lambda xml: {"persistent_xml": xml}, "guest web1 (defined, not running)"),
        (lambda xml: {"live_xml": "<domain><devices/></domain>", "persistent_xml": xml}, "guest web1 (running)"),
    ],
)
def test_guests_that_libvirt_tells_of(host, card, how, word, device):
    host.libvirt.define("web1", UUID, **how(domain(device)))
    refused(host, word)


def stopped(host, files):
    host.libvirt.running = False
    for path, text in files.items():
        host.tree.contents[path] = text


@pytest.mark.parametrize("device", [HOSTDEV, PLAIN, FROM_NETWORK])
@pytest.mark.parametrize(
    "files, word",
    [
        ({"/etc/libvirt/qemu/web1.xml": domain}, "guest web1 (defined, not running)"),
        ({"/etc/libvirt/qemu/autostart/web1.xml": domain}, "guest web1 (defined, not running)"),
        (
            {"/etc/libvirt/qemu/web1.xml": domain, "/var/lib/libvirt/qemu/save/web1.save": lambda device: ""},
            "guest web1 (saved)",
        ),
        (
            {"/run/libvirt/qemu/web1.xml": status, "/proc/587/stat": lambda device: "587 (qemu) S 1"},
            "guest web1 (running)",
        ),
        (
            {
                "/run/libvirt/qemu/web1.xml": lambda device: status(device, state="paused"),
                "/proc/587/stat": lambda device: "587 (qemu) S 1",
            },
            "guest web1 (paused)",
        ),
    ],
)
def test_guests_while_libvirt_is_stopped(host, card, files, word, device):
    stopped(host, {path: text(device) for path, text in files.items()})
    refused(host, word)


def test_libvirt_that_goes_away_between_two_questions(host, card):
    stopped(host, {"/etc/libvirt/qemu/web1.xml": domain(HOSTDEV)})
    host.libvirt.available = lambda: True
    refused(host, "guest web1")


def test_a_guest_that_ended_while_libvirt_was_stopped_uses_nothing(host, card):
    stopped(host, {"/run/libvirt/qemu/web1.xml": status(HOSTDEV)})
    assert not run(host, **COUNT)["failed"]


def test_a_host_without_libvirt_has_no_guests(host, card):
    host.libvirt.running = False
    assert not run(host, **COUNT)["failed"]


@pytest.mark.parametrize("path", ["/etc/libvirt/qemu", "/run/libvirt/qemu", "/etc/libvirt/qemu/networks"])
def test_definitions_that_cannot_be_listed_are_a_reason_to_refuse(host, card, path):
    host.libvirt.running = path.endswith("networks")
    host.tree.contents[path + "/x"] = ""
    host.tree.failures["listdir", path] = errno.EACCES
    result = run(host, **COUNT)
    assert result["failed"] and "unknown: %s cannot be read" % path in result["msg"] and host.writes() == []


@pytest.mark.parametrize(
    "text, word",
    [(None, "cannot be read"), ("<domain>", "cannot be understood"), ("<!DOCTYPE x><domain/>", "cannot be understood")],
)
def test_a_definition_that_cannot_be_read_is_a_reason_to_refuse(host, card, text, word):
    stopped(host, {"/etc/libvirt/qemu/web1.xml": text or ""})
    if text is None:
        host.tree.failures["read", "/etc/libvirt/qemu/web1.xml"] = errno.EACCES
    result = run(host, **COUNT)
    assert result["failed"] and "unknown:" in result["msg"] and word in result["msg"] and host.writes() == []


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    "forward",
    [
        "<address type='pci' domain='0x0000' bus='0x41' slot='0x10' function='0x1'/>",
        "<interface dev='ens2v1'/>",
    ],
)
def test_networks_that_hand_one_vf_out(host, card, running, forward):
    network = "<network><name>vfs</name><forward mode='hostdev'>%s</forward></network>" % forward
    stopped(host, {"/etc/libvirt/qemu/networks/vfs.xml": network})
    host.libvirt.running = running
    refused(host, "libvirt network vfs")


@pytest.mark.parametrize("name", ["ens2", "uplink"])
def test_networks_that_hand_all_vfs_out(host, card, name):
    card.link["altnames"] = ["uplink"]
    path = "/run/libvirt/network/vfs.xml"
    host.tree.contents[path] = (
        "<networkstatus><network><name>vfs</name><forward><pf dev='%s'/></forward></network></networkstatus>" % name
    )
    result = run(host, **COUNT)
    assert result["failed"]
    assert [user.split(" ")[0] for user in result["dangers"][0]["users"]] == ["ens2#0", "ens2#1", "ens2#2", "ens2#3"]
    assert "libvirt network vfs" in result["msg"]


def test_a_guests_macvtap_on_a_vf(host, card):
    host.libvirt.define("web1", UUID, live_xml=domain(MACVTAP % "bridge"))
    refused(host, "guest web1 (running)")


@pytest.mark.parametrize("cdev", [False, True])
def test_a_program_that_libvirt_does_not_know(host, card, cdev):
    card.open_by(1, 4711, "qemu-system-x86", cdev)
    refused(host, "process 4711 (qemu-system-x86)")


def test_a_vfio_device_whose_holder_cannot_be_found(host, card):
    card.open_by(1, 4711)
    del host.tree.symlinks["/proc/4711/fd/31"]
    refused(host, "unknown:")


def test_programs_whose_files_cannot_be_read(host, card):
    card.open_by(1, 4711)
    host.tree.failures["links", "/proc/4711/fd"] = errno.EACCES
    refused(host, "unknown:", "root")


def test_a_vfio_device_that_nobody_opened_is_free(host, card):
    card.unbind(1)
    card.bind(1, "vfio-pci")
    assert not run(host, **COUNT)["failed"]


def test_a_variant_driver_of_vfio_that_somebody_opened(host, card):
    card.open_by(1, 4711, cdev=True)
    host.tree.symlinks[card.vf_at(1, "driver")] = "x/mlx5_vfio_pci"
    refused(host, "process 4711")


@pytest.mark.parametrize("driver", ["uio_pci_generic", "igb_uio"])
def test_a_driver_for_user_space(host, card, driver):
    card.unbind(1)
    card.bind(1, driver)
    refused(host, driver)


def test_a_named_network_namespace(host, card):
    moved = card.move_away(1)
    enter(host, "other", "blue")
    host.kernel.elsewhere["blue"] = [moved]
    refused(host, "network namespace blue (as ens2v1)")


def enter(host, *names):
    host.kernel.namespaces = list(names)
    for name in names:
        host.tree.contents["/run/netns/" + name] = ""


@pytest.mark.parametrize("kind", ["macvlan", "ipvlan", "vlan", "macvtap"])
def test_what_stands_on_it_in_another_namespace(host, card, kind):
    enter(host, "pod7")
    index = host.kernel.links["ens2v1"]["ifindex"]
    upper = {"ifname": "eth0", "link_index": index, "link_netnsid": 0, "linkinfo": {"info_kind": kind}}
    host.kernel.elsewhere["pod7"] = [upper, dict(upper, ifname="veth9", linkinfo={"info_kind": "veth"})]
    refused(host, "a %s in network namespace pod7 (as eth0), which stands on it (as ens2v1)" % kind)


def test_a_nameless_network_namespace(host, card):
    card.move_away(1)
    refused(host, "unknown network namespace")


@pytest.mark.parametrize(
    "kind, word",
    [
        ("bond", "member of bond up0"),
        ("bridge", "port of bridge up0"),
        ("openvswitch", "port of Open vSwitch (up0)"),
        ("team", "team"),
        ("vrf", "port of up0"),
    ],
)
def test_a_master(host, card, kind, word):
    host.kernel.add("up0", kind)
    host.kernel.links["ens2v1"]["master"] = "up0"
    refused(host, word)


@pytest.mark.parametrize("kind", ["macvtap", "macvlan", "vlan"])
def test_a_device_on_top(host, card, kind):
    host.kernel.add("top0", kind, link="ens2v1")
    refused(host, "top0, which stands on it")


def test_an_address(host, card):
    host.kernel.addresses = [
        {"ifname": "ens2v1", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]},
        {"ifname": "ens2v0", "addr_info": [{"local": "fe80::1", "prefixlen": 64, "scope": "link"}]},
    ]
    refused(host, "address 192.0.2.1/24 (as ens2v1)")


def test_a_route(host, card):
    host.kernel.routes = [{"dst": "198.51.100.0/24", "dev": "ens2v1"}]
    refused(host, "route to 198.51.100.0/24")


def test_an_xdp_program(host, card):
    host.kernel.links["ens2v1"]["xdp"] = {"mode": 1}
    refused(host, "XDP")


def test_every_user_of_every_card_is_named_at_once(host, card):
    other = MemoryCard(host, name="enp1s0", pci="0000:01:00.0", mac="52:54:00:00:00:02")
    other.make(1)
    host.kernel.add("br0", "bridge")
    host.kernel.links["enp1s0v0"]["master"] = "br0"
    card.open_by(3, 99)
    result = run(
        host, pfs=[{"pf": "ens2", "num_vfs": 0}, {"pf": "enp1s0", "num_vfs": 2}], allow_disruption=["vf_count:ens2"]
    )
    assert result["failed"] and [danger["consent"] for danger in result["dangers"]] == ["vf_count:enp1s0"]
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 0}, {"pf": "enp1s0", "num_vfs": 2}])
    assert [danger["consent"] for danger in result["dangers"]] == ["vf_count:ens2", "vf_count:enp1s0"]
    assert host.writes() == []


def test_the_same_count_needs_no_look_up_and_no_consent(host, card):
    card.open_by(1, 4711)
    calls = len(host.commands.calls)
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 4}])
    assert not result["failed"] and not result["changed"]
    assert len(host.commands.calls) - calls == 2


@pytest.mark.parametrize(
    "driver, refuses",
    [("igb", True), ("ixgbe", True), ("i40e", True), ("newnic", True), ("ice", False), ("mlx5_core", False)],
)
def test_the_port_that_carries_the_connection(host, driver, refuses):
    MemoryCard(host, driver=driver)
    host.session.address = "192.0.2.9"
    host.kernel.addresses = [
        {"ifname": "ens2", "addr_info": [{"local": "192.0.2.9", "prefixlen": 24, "scope": "global"}]}
    ]
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 2}])
    assert result["failed"] == refuses
    if refuses:
        assert [danger["consent"] for danger in result["dangers"]] == ["management:ens2"] and host.writes() == []


# Attributes of a VF that somebody has


@pytest.mark.parametrize(
    "state",
    [{"live_xml": domain(HOSTDEV)}, {"persistent_xml": domain(HOSTDEV)}, {"live_xml": domain(MACVTAP % "passthrough")}],
)
@pytest.mark.parametrize("attributes", [{"mac": "52:54:00:00:00:99"}, {"vlan": 5}, {"qos": 5}])
def test_libvirt_owns_mac_and_vlan(host, card, state, attributes):
    host.libvirt.define("web1", UUID, **dict({"live_xml": None, "persistent_xml": None}, **state))
    result = run(host, vfs=[dict(attributes, vf="ens2#1")], allow_disruption=["vf:ens2#1"])
    assert (
        result["failed"]
        and result["error_kind"] == "conflict"
        and "guest web1" in result["msg"]
        and host.writes() == []
    )
    assert not run(host, vfs=[dict(attributes, vf="ens2#2")])["failed"]


@pytest.mark.parametrize("network", [True, False])
def test_libvirt_owns_mac_and_vlan_of_vfs_that_are_yet_to_be_made(host, network):
    MemoryCard(host)
    if network:
        pool = "<network><name>vfs</name><forward mode='hostdev'><pf dev='ens2'/></forward></network>"
        host.tree.contents["/etc/libvirt/qemu/networks/vfs.xml"] = pool
    else:
        host.libvirt.define("web1", UUID, persistent_xml=domain(HOSTDEV))
    result = run(host, vfs=[{"vf": "ens2#1", "vlan": 5}], **COUNT)
    assert result["failed"] and result["error_kind"] == "conflict" and "ens2#1 vlan belongs to" in result["msg"]
    assert host.writes() == []
    assert not run(host, vfs=[{"vf": "ens2#1", "vlan": 0, "trust": True}], **COUNT)["failed"]


def test_libvirt_owns_mac_and_vlan_of_its_pools(host, card):
    host.tree.contents["/etc/libvirt/qemu/networks/vfs.xml"] = (
        "<network><name>vfs</name><forward mode='hostdev'><pf dev='ens2'/></forward></network>"
    )
    result = run(host, vfs=[{"vf": "ens2#1", "vlan": 5}])
    assert result["failed"] and "libvirt network vfs" in result["msg"] and host.writes() == []


def test_the_rest_of_a_guests_vf_is_ours(host, card):
    host.libvirt.define("web1", UUID, live_xml=domain(HOSTDEV))
    assert not run(host, vfs=[{"vf": "ens2#1", "trust": True, "spoofchk": False, "max_tx_rate": 100}])["failed"]


def test_what_is_so_already_needs_nobodys_consent(host, card):
    host.libvirt.define("web1", UUID, live_xml=domain(HOSTDEV))
    assert not run(host, vfs=[{"vf": "ens2#1", "vlan": 0, "mac": "6a:00:00:00:00:01"}])["changed"]


def test_a_plain_hostdev_leaves_mac_and_vlan_to_us_and_its_running_guest_must_agree(host, card):
    host.libvirt.define("web1", UUID, persistent_xml=domain(PLAIN))
    assert not run(host, vfs=[{"vf": "ens2#1", "vlan": 5}])["failed"]
    host.libvirt.listed.clear()
    host.libvirt.define("web1", UUID, live_xml=domain(PLAIN))
    result = run(host, vfs=[{"vf": "ens2#1", "vlan": 6}])
    assert result["failed"] and [danger["consent"] for danger in result["dangers"]] == ["vf:ens2#1"]
    assert not run(host, vfs=[{"vf": "ens2#1", "vlan": 6}], allow_disruption=["vf:ens2#1"])["failed"]


@pytest.mark.parametrize("attributes", [{"mac": "52:54:00:00:00:99"}, {"vlan": 5}, {"driver": "vfio-pci"}])
def test_a_bridges_port_keeps_its_mac_vlan_and_driver_without_consent(host, card, attributes):
    host.commands.tools["modprobe"] = lambda argv, stdin: ""
    host.kernel.add("br0", "bridge")
    host.kernel.links["ens2v1"]["master"] = "br0"
    wish = {"vfs": [dict(attributes, vf="ens2#1")]}
    result = run(host, **wish)
    assert result["failed"] and "bridge br0" in result["msg"] and "vf:ens2#1" in result["msg"] and host.writes() == []
    assert not run(host, allow_disruption=["vf:ens2#1"], **wish)["failed"]


def test_a_program_keeps_its_vfio_device(host, card):
    card.open_by(1, 4711)
    result = run(host, vfs=[{"vf": "ens2#1", "driver": "default"}])
    assert result["failed"] and "process 4711" in result["msg"] and "vf:ens2#1" in result["msg"] and host.writes() == []


def test_a_vf_may_be_made_ready_for_a_guest_that_does_not_run(host, card):
    host.commands.tools["modprobe"] = lambda argv, stdin: ""
    host.libvirt.define("web1", UUID, persistent_xml=domain(PLAIN))
    assert not run(host, vfs=[{"vf": "ens2#1", "driver": "vfio-pci"}])["failed"]
