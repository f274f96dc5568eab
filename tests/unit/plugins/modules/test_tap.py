# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.modules import tap
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module

# toor is a second name of root's number
ACCOUNTS = {"passwd": [("root", 0), ("toor", 0), ("libvirt-qemu", 64055)], "group": [("root", 0), ("kvm", 106)]}
WISH = {"name": "tap-web1", "multi_queue": True, "vnet_hdr": True, "owner": "libvirt-qemu", "mtu": 9000}


def getent(argv, stdin):
    assert argv[2] == "--"
    for name, number in ACCOUNTS[argv[1]]:
        if argv[3] in (name, str(number)):
            return "%s:x:%d:%d::/:/bin/false\n" % (name, number, number)
    return Completed(2, "", "")


@pytest.fixture
def host():
    host = MemoryHost()
    host.commands.tools["getent"] = getent
    host.commands.tools["udevadm"] = lambda argv, stdin: ""
    host.kernel.accounts = {
        ("user", 0): "root",
        ("user", 64055): "libvirt-qemu",
        ("group", 0): "root",
        ("group", 106): "kvm",
    }
    return host


def run(host, *taps, **more):
    check = more.pop("check", False)
    return run_module(tap.main, host, dict(more, taps=list(taps)), check=check)


def wrote(host):
    lines = list(host.kernel.writes)
    del host.kernel.writes[:]
    return lines


def data(host, name="tap-web1"):
    return host.kernel.links[name]["linkinfo"]["info_data"]


def hold(host, name, pid="4711"):
    """A process that has the tap open."""
    host.tree.symlinks["/proc/%s/fd/9" % pid] = "/dev/net/tun"
    host.tree.contents["/proc/%s/fdinfo/9" % pid] = "pos:\t0\nflags:\t02100002\niff:\t%s\n" % name
    host.tree.contents["/proc/%s/comm" % pid] = "qemu-system-x86\n"


def test_create_then_nothing_to_do(host):
    result = run(host, WISH)
    assert result["changed"] and not result["failed"]
    assert wrote(host) == [
        "tuntap add dev tap-web1 mode tap vnet_hdr multi_queue user 64055",
        "link set dev tap-web1 alias kvm.vnic addrgenmode none mtu 9000",
        "link set dev tap-web1 up",
    ]
    assert data(host) == {
        "type": "tap",
        "pi": False,
        "vnet_hdr": True,
        "multi_queue": True,
        "persist": True,
        "user": "libvirt-qemu",
    }
    again = run(host, WISH)
    assert not again["changed"] and again["actions"] == [] and wrote(host) == []


def test_check_mode_writes_nothing_and_tells_the_same_actions(host):
    checked = run(host, WISH, check=True)
    assert checked["changed"] and host.kernel.writes == []
    assert checked["actions"][0]["after"] == {
        "mtu": 9000,
        "up": True,
        "multi_queue": True,
        "vnet_hdr": True,
        "owner": "libvirt-qemu",
    }
    assert run(host, WISH)["actions"] == checked["actions"]


def test_a_mac_address_is_set_and_udev_is_awaited(host):
    run(host, dict(WISH, mac="02:00:00:00:00:99"))
    assert host.kernel.links["tap-web1"]["address"] == "02:00:00:00:00:99"
    calls = [argv[0] for argv in host.commands.calls]
    assert calls[-2:] == ["udevadm", "ip"]  # waited, then read again
    run(host, dict(WISH, mac="02:00:00:00:00:99"))
    assert [argv[0] for argv in host.commands.calls].count("udevadm") == 1


def test_a_host_without_ipv6_and_udev(host):
    for link in host.kernel.links.values():
        del link["inet6_addr_gen_mode"]
    del host.commands.tools["udevadm"]
    assert not run(host, WISH)["failed"]
    assert "link set dev tap-web1 alias kvm.vnic mtu 9000" in host.kernel.writes


def test_what_is_omitted_is_left_alone(host):
    run(host, WISH)
    wrote(host)
    assert not run(host, {"name": "tap-web1"})["changed"]


def test_what_is_live_changes_in_place(host):
    run(host, WISH)
    wrote(host)
    run(host, dict(WISH, mtu=1500, up=False))
    assert wrote(host) == ["link set dev tap-web1 mtu 1500", "link set dev tap-web1 down"]


@pytest.mark.parametrize(
    "change, key, shown",
    [
        ({"multi_queue": False}, "multi_queue", False),
        ({"owner": "0"}, "user", "root"),
        ({"owner": "4242"}, "user", 4242),
        ({"owner": "none"}, "user", None),
        ({"group": "kvm"}, "group", "kvm"),
    ],
)
def test_what_cannot_change_is_made_anew_and_stays_a_port(host, change, key, shown):
    run(host, WISH)
    host.kernel.add("br0", "bridge")
    host.kernel.links["tap-web1"]["master"] = "br0"
    result = run(host, dict(WISH, **change))
    assert not result["failed"] and [a["field"] for a in result["actions"]] == ["replace"]
    assert data(host).get(key) == shown
    assert host.kernel.links["tap-web1"]["master"] == "br0" and host.kernel.links["tap-web1"]["ifalias"] == "kvm.vnic"
    assert not run(host, dict(WISH, **change))["changed"]


def test_made_anew_it_keeps_what_was_omitted(host):
    run(host, dict(WISH, group="kvm"))
    mac = host.kernel.links["tap-web1"]["address"]
    run(host, {"name": "tap-web1", "multi_queue": False})
    assert data(host) == {
        "type": "tap",
        "pi": False,
        "vnet_hdr": True,
        "multi_queue": False,
        "persist": True,
        "user": "libvirt-qemu",
        "group": "kvm",
    }
    link = host.kernel.links["tap-web1"]
    assert (link["mtu"], link["address"]) == (9000, mac)


def test_a_second_name_of_the_same_user_is_no_difference(host):
    run(host, dict(WISH, owner="toor"))
    assert data(host)["user"] == "root"
    assert not run(host, dict(WISH, owner="toor"))["changed"]
    assert not run(host, dict(WISH, owner="0"))["changed"]


def test_one_that_a_process_holds_is_neither_replaced_nor_removed_without_consent(host):
    run(host, WISH)
    hold(host, "tap-web1")
    wrote(host)
    refused = run(host, dict(WISH, multi_queue=False))
    assert refused["failed"] and refused["error_kind"] == "conflict"
    assert "4711" in refused["msg"] and "qemu-system-x86" in refused["msg"] and "replace:tap-web1" in refused["msg"]
    refused = run(host, {"name": "tap-web1", "state": "absent"})
    assert refused["failed"] and "4711" in refused["msg"] and "remove:tap-web1" in refused["msg"]
    refused = run(host, purge=True)
    assert refused["failed"] and "4711" in refused["msg"]
    assert wrote(host) == []
    assert not run(host, {"name": "tap-web1", "state": "absent"}, allow_disruption=["remove:tap-web1"])["failed"]
    assert "tap-web1" not in host.kernel.links


def test_one_that_is_held_is_adjusted_all_the_same(host):
    run(host, WISH)
    hold(host, "tap-web1")
    assert not run(host, dict(WISH, mtu=1500))["failed"]


def test_the_virtio_header_belongs_to_whoever_opens_the_tap(host):
    run(host, WISH)
    data(host)["vnet_hdr"] = False
    wrote(host)
    result = run(host, WISH)
    assert not result["changed"] and wrote(host) == []
    assert result["notes"] == ["tap-web1 has vnet_hdr off: whoever opens a tap decides that anew"]


def test_purge_removes_ours_alone(host):
    host.kernel.add("vnet0", "tun", {"type": "tap"})
    host.kernel.add("openvpn", "tun", {"type": "tun"}, ifalias="kvm.vnic")
    run(host, WISH, {"name": "tap-web2"})
    result = run(host, WISH, purge=True)
    assert [a["target"] for a in result["actions"]] == ["tap-web2"]
    assert {"vnet0", "openvpn", "tap-web1"} <= set(host.kernel.links)


def test_a_tun_is_no_tap(host):
    host.kernel.add("vpn0", "tun", {"type": "tun"})
    result = run(host, {"name": "vpn0"})
    assert result["failed"] and result["error_kind"] == "conflict" and "not a tap" in result["msg"]


def test_the_kernels_refusal_names_the_line(host):
    host.kernel.failures["tuntap add dev tap-web2 mode tap"] = "ioctl(TUNSETIFF): Operation not permitted"
    result = run(host, {"name": "tap-web2"}, {"name": "tap-web3"})
    assert result["failed"] and result["error_kind"] == "apply"
    assert (
        "tap-web2" in result["msg"]
        and "Operation not permitted" in result["msg"]
        and "1 other steps were done" in result["msg"]
    )


@pytest.mark.parametrize(
    "wish, path, word",
    [
        (dict(WISH, name="vnet7"), "taps[0].name", "libvirt"),
        (dict(WISH, name="macvtap0"), "taps[0].name", "libvirt"),
        (dict(WISH, name="tap-of-web-server"), "taps[0].name", "15"),
        (dict(WISH, name="tap web"), "taps[0].name", "allowed"),
        (dict(WISH, owner="qemuu"), "taps[0].owner", "no user"),
        (dict(WISH, owner="-1"), "taps[0].owner", "no user"),
        (dict(WISH, owner="4294967295"), "taps[0].owner", "no user"),
        (dict(WISH, owner=""), "taps[0].owner", "no user"),
        (dict(WISH, group="wheel\nkvm"), "taps[0].group", "no group"),
        (dict(WISH, mtu=65522), "taps[0].mtu", "65521"),
        (dict(WISH, mac="ff:ff:ff:ff:ff:ff"), "taps[0].mac", "group"),
    ],
)
def test_bad_input_is_refused_before_any_write(host, wish, path, word):
    result = run(host, wish)
    assert result["failed"] and result["error_kind"] == "value"
    assert [problem["path"] for problem in result["problems"]] == [path]
    assert word in result["problems"][0]["message"]
    assert host.kernel.writes == []


def test_every_problem_is_reported_at_once(host):
    result = run(host, dict(WISH, owner="nobody", group="nobody"), dict(WISH, mtu=1), dict(WISH))
    assert [problem["path"] for problem in result["problems"]] == [
        "taps[0].owner",
        "taps[0].group",
        "taps[1].mtu",
        "taps[1]",
        "taps[2]",
    ]


def test_sixty_four_in_one_batch(host):
    wishes = [{"name": "tap%d" % number, "multi_queue": True, "owner": "libvirt-qemu"} for number in range(64)]
    assert not run(host, *wishes)["failed"]
    assert sum(1 for argv in host.commands.calls if "-batch" in argv) == 1
    assert not run(host, *wishes)["changed"]
