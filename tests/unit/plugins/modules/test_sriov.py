# SPDX-License-Identifier: GPL-3.0-or-later
"""The module sriov on hosts where nobody is in its way."""

from __future__ import annotations

import errno

import pytest

from ansible_collections.kvm.vnic.plugins.modules import sriov
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.module import run_module
from ansible_collections.kvm.vnic.tests.unit.memory_host.sriov import MemoryCard


@pytest.fixture
def host():
    return MemoryHost()


@pytest.fixture
def card(host):
    return MemoryCard(host)


def run(host, check=False, diff=False, **params):
    return run_module(sriov.main, host, params, check=check, diff=diff)


def fields(result):
    return [(a["target"], a["field"], a["before"], a["after"]) for a in result["actions"]]


def test_make_and_set_then_nothing_to_do(host, card):
    wish = {
        "pfs": [{"pf": "ens2", "num_vfs": 4}],
        "vfs": [
            {"vf": "ens2#0-1", "trust": True, "vlan": 100, "qos": 3, "max_tx_rate": 200},
            {"pf": "ens2", "index": 3, "spoofchk": False},
        ],
    }
    result = run(host, **wish)
    assert not result["failed"] and result["changed"]
    assert fields(result) == [
        ("ens2", "num_vfs", 0, 4),
        ("ens2#0", "vlan", "unknown", 100),
        ("ens2#0", "qos", "unknown", 3),
        ("ens2#0", "trust", "unknown", True),
        ("ens2#0", "max_tx_rate", "unknown", 200),
        ("ens2#1", "vlan", "unknown", 100),
        ("ens2#1", "qos", "unknown", 3),
        ("ens2#1", "trust", "unknown", True),
        ("ens2#1", "max_tx_rate", "unknown", 200),
        ("ens2#3", "spoofchk", "unknown", False),
    ]
    assert host.tree.writes == [(card.at("sriov_numvfs"), "4")]
    assert host.kernel.writes == [
        "link set dev ens2 vf 0 vlan 100 qos 3",
        "link set dev ens2 vf 0 trust on",
        "link set dev ens2 vf 0 min_tx_rate 0 max_tx_rate 200",
        "link set dev ens2 vf 1 vlan 100 qos 3",
        "link set dev ens2 vf 1 trust on",
        "link set dev ens2 vf 1 min_tx_rate 0 max_tx_rate 200",
        "link set dev ens2 vf 3 spoofchk off",
    ]
    written = host.writes()
    again = run(host, **wish)
    assert not again["changed"] and again["actions"] == [] and not again["failed"]
    assert host.writes() == written


def test_check_mode_writes_nothing_and_tells_the_same_actions(host, card):
    wish = {"pfs": [{"pf": "ens2", "num_vfs": 2}], "vfs": [{"vf": "ens2#1", "trust": True, "driver": "vfio-pci"}]}
    host.commands.tools["modprobe"] = lambda argv, stdin: ""
    checked = run(host, check=True, **wish)
    assert checked["changed"] and host.writes() == []
    assert run(host, **wish)["actions"] == checked["actions"]


def test_diff_shows_before_and_after(host, card):
    card.make(1)
    result = run(host, diff=True, vfs=[{"vf": "ens2#0", "trust": True}])
    assert '"trust": false' in result["diff"]["before"] and '"trust": true' in result["diff"]["after"]


def test_values_of_new_vfs_that_are_so_already_are_not_written(host, card):
    vfs = [{"vf": "ens2#0-1", "trust": False, "spoofchk": True, "vlan": 0}]
    assert not run(host, pfs=[{"pf": "ens2", "num_vfs": 2}], vfs=vfs)["failed"]
    assert host.kernel.writes == []


def test_only_the_differing_attribute_of_the_differing_vf_is_written(host, card):
    card.make(3)
    run(host, vfs=[{"vf": "ens2#0-2", "trust": True, "vlan": 5}])
    del host.kernel.writes[:]
    result = run(host, vfs=[{"vf": "ens2#0-1", "trust": True, "vlan": 5}, {"vf": "ens2#2", "trust": True, "vlan": 6}])
    assert fields(result) == [("ens2#2", "vlan", 5, 6)]
    assert host.kernel.writes == ["link set dev ens2 vf 2 vlan 6 qos 0"]


def test_what_travels_with_a_value_and_is_not_wished_stays(host, card):
    card.make(1)
    run(host, vfs=[{"vf": "ens2#0", "vlan": 7, "qos": 2, "max_tx_rate": 100}])
    del host.kernel.writes[:]
    run(host, vfs=[{"vf": "ens2#0", "vlan": 8}])
    assert host.kernel.writes == ["link set dev ens2 vf 0 vlan 8 qos 2"]


def test_zero_clears(host, card):
    card.make(1)
    run(host, vfs=[{"vf": "ens2#0", "vlan": 7, "qos": 2, "max_tx_rate": 100}])
    del host.kernel.writes[:]
    result = run(host, vfs=[{"vf": "ens2#0", "vlan": 0, "qos": 0, "max_tx_rate": 0}])
    assert not result["failed"]
    assert host.kernel.writes == [
        "link set dev ens2 vf 0 vlan 0 qos 0",
        "link set dev ens2 vf 0 min_tx_rate 0 max_tx_rate 0",
    ]


def test_the_pf_is_brought_up_without_an_address_and_its_carrier_awaited_before_vfs_are_made(host):
    card = MemoryCard(host, up=False)
    carrier = "/sys/class/net/ens2/carrier"
    host.tree.contents[carrier] = "0"
    made_at = []
    card.created = lambda: made_at.append((host.clock.now, host.tree.contents[carrier], "UP" in card.link["flags"]))

    def after_three_seconds(now):
        if now >= 3:
            host.tree.contents[carrier] = "1"

    host.clock.on_sleep = after_three_seconds
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 1}])
    assert fields(result)[0] == ("ens2", "up", False, True)
    assert host.kernel.writes == ["link set dev ens2 addrgenmode none", "link set dev ens2 up"]
    assert made_at[0][1:] == ("1", True)


def test_a_pf_without_a_cable_gets_its_vfs_after_a_bounded_time_and_a_note(host, card):
    host.tree.contents["/sys/class/net/ens2/carrier"] = "0"
    card.link["flags"].remove("LOWER_UP")
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 1}])
    assert not result["failed"] and card.count == 1
    assert 10 <= host.clock.now < 15
    assert any("no carrier" in note for note in result["notes"])


def test_up_false_leaves_the_pf_down(host):
    card = MemoryCard(host, up=False)
    assert fields(run(host, pfs=[{"pf": "ens2", "num_vfs": 1, "up": False}])) == [("ens2", "num_vfs", 0, 1)]
    assert "UP" not in card.link["flags"]


def test_autoprobe_is_set_before_the_vfs_are_made(host, card):
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 2, "autoprobe": False}])
    assert not result["failed"]
    assert [path.rsplit("/", 1)[1] for path, _value in host.tree.writes] == ["sriov_drivers_autoprobe", "sriov_numvfs"]
    assert "ens2v0" not in host.kernel.links
    assert not run(host, pfs=[{"pf": "ens2", "num_vfs": 2, "autoprobe": False}])["changed"]


def test_the_count_changes_through_zero_when_nobody_uses_the_vfs(host, card):
    card.make(2)
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 4}])
    assert not result["failed"] and card.count == 4
    assert host.tree.writes == [(card.at("sriov_numvfs"), "0"), (card.at("sriov_numvfs"), "4")]
    assert "destroyed with their settings" in result["actions"][0]["reason"]


def test_zero_needs_one_write(host, card):
    card.make(2)
    assert not run(host, pfs=[{"pf": "ens2", "num_vfs": 0}])["failed"]
    assert host.tree.writes == [(card.at("sriov_numvfs"), "0")]


def test_two_cards_by_name_pci_mac_and_alternative_name(host, card):
    other = MemoryCard(host, name="enp1s0", pci="0000:01:00.0", mac="52:54:00:00:00:02")
    other.link["altnames"] = ["uplink-b"]
    pfs = [{"pf": "0000:41:00.0", "num_vfs": 1}, {"pf": "52-54-00-00-00-02", "num_vfs": 2}]
    result = run(host, pfs=pfs, vfs=[{"vf": "41:00.0#0", "trust": True}, {"vf": "uplink-b#1", "trust": True}])
    assert not result["failed"], result
    assert (card.count, other.count) == (1, 2)
    assert [action[0] for action in fields(result)] == ["ens2", "enp1s0", "ens2#0", "enp1s0#1"]


def test_a_bonds_port_is_found_by_its_permanent_mac(host, card):
    other = MemoryCard(host, name="enp1s0", pci="0000:01:00.0", mac="52:54:00:00:00:01")
    other.link["permaddr"] = "52:54:00:00:00:02"
    assert not run(host, pfs=[{"pf": "52:54:00:00:00:02", "num_vfs": 1}])["failed"]
    assert (card.count, other.count) == (0, 1)


def test_a_mac_of_a_running_vf_driver_is_pending_and_not_written_again(host, card):
    card.make(1)
    wish = [{"vf": "ens2#0", "mac": "52:54:00:AA:00:01"}]
    result = run(host, vfs=wish)
    assert result["actions"][0]["effect"] == "driver_probe"
    assert [(p["target"], p["current"], p["wanted"], p["until"]) for p in result["pending"]] == [
        ("ens2#0", "6a:00:00:00:00:00", "52:54:00:aa:00:01", "driver_probe")
    ]
    written = host.writes()
    again = run(host, vfs=wish)
    assert not again["changed"] and again["pending"] == result["pending"] and host.writes() == written
    card.unbind(0)
    card.probe(0)
    assert run(host, vfs=wish)["pending"] == []


def test_a_mac_that_the_driver_drops_is_a_failure(host, card):
    card.make(1)
    host.kernel._vf = lambda link, index, words: None
    result = run(host, vfs=[{"vf": "ens2#0", "mac": "52:54:00:aa:00:01"}])
    assert result["failed"] and "6a:00:00:00:00:00" in result["msg"]


def test_vfio_and_back(host, card):
    card.make(2)
    loaded = []

    def modprobe(argv, stdin):
        loaded.append(argv[1:])

    host.commands.tools["modprobe"] = modprobe
    wish = [{"vf": "ens2#1", "driver": "vfio-pci"}]
    assert not run(host, vfs=wish)["failed"]
    assert loaded == [["vfio-pci"]]
    assert host.tree.writes == [
        (card.vf_at(1, "driver_override"), "vfio-pci"),
        (card.vf_at(1, "driver/unbind"), card.vf_pci(1)),
        ("/sys/bus/pci/drivers_probe", card.vf_pci(1)),
    ]
    written = host.writes()
    assert not run(host, vfs=wish)["changed"] and host.writes() == written
    back = run(host, vfs=[{"vf": "ens2#1", "driver": "default"}])
    assert not back["failed"] and fields(back) == [("ens2#1", "driver", "vfio-pci", "default")]
    assert "ens2v1" in host.kernel.links and host.tree.contents[card.vf_at(1, "driver_override")] == "(null)"


def test_a_variant_of_vfio_is_vfio(host, card):
    card.make(1)
    card.unbind(0)
    card.bind(0, "mlx5_vfio_pci")
    host.tree.contents[card.vf_at(0, "vfio-dev/vfio0/dev")] = "511:0"
    assert not run(host, vfs=[{"vf": "ens2#0", "driver": "vfio-pci"}])["changed"]


def test_vfio_without_a_transient_device_when_autoprobe_is_off(host, card):
    host.commands.tools["modprobe"] = lambda argv, stdin: ""
    wish = {"pfs": [{"pf": "ens2", "num_vfs": 1, "autoprobe": False}], "vfs": [{"vf": "ens2#0", "driver": "vfio-pci"}]}
    assert not run(host, **wish)["failed"]
    assert not any(path.endswith("unbind") for path, _value in host.tree.writes)
    assert not run(host, **wish)["changed"]


def test_purge_resets_the_unlisted_vfs_of_the_listed_pfs_only(host, card):
    other = MemoryCard(host, name="enp1s0", pci="0000:01:00.0", mac="52:54:00:00:00:02")
    for one in (card, other):
        one.make(2)
        run(host, vfs=[{"vf": one.name + "#0-1", "trust": True, "vlan": 9, "spoofchk": False, "max_tx_rate": 50}])
    del host.kernel.writes[:]
    wish = {"pfs": [{"pf": "ens2"}], "vfs": [{"vf": "ens2#0", "trust": True}], "purge": True}
    result = run(host, **wish)
    assert not result["failed"]
    assert host.kernel.writes == [
        "link set dev ens2 vf 1 vlan 0 qos 0",
        "link set dev ens2 vf 1 spoofchk on",
        "link set dev ens2 vf 1 trust off",
        "link set dev ens2 vf 1 min_tx_rate 0 max_tx_rate 0",
    ]
    assert not run(host, **wish)["changed"]


def test_purge_leaves_a_used_vf_and_says_so(host, card):
    card.make(2)
    run(host, vfs=[{"vf": "ens2#0-1", "trust": True}])
    host.kernel.links["ens2v1"]["master"] = "br0"
    host.kernel.add("br0", "bridge")
    del host.kernel.writes[:]
    wish = {"pfs": [{"pf": "ens2"}], "purge": True}
    result = run(host, **wish)
    assert host.kernel.writes == ["link set dev ens2 vf 0 trust off"]
    assert any("ens2#1" in note and "bridge br0" in note for note in result["notes"])
    assert not run(host, **wish)["changed"]


def test_purge_takes_a_free_vf_back_from_vfio(host, card):
    card.make(1)
    host.commands.tools["modprobe"] = lambda argv, stdin: ""
    run(host, vfs=[{"vf": "ens2#0", "driver": "vfio-pci"}])
    assert not run(host, pfs=[{"pf": "ens2"}], purge=True)["failed"]
    assert "ens2v0" in host.kernel.links


@pytest.mark.usefixtures("once")
def test_a_renamed_pf_is_written_to_by_its_new_name(host, card):
    def rename():
        host.kernel.links["ens2np0"] = host.kernel.links.pop("ens2")
        card.link["ifname"] = "ens2np0"
        card.tree.contents[card.at("net/ens2np0/mtu")] = card.tree.contents.pop(card.at("net/ens2/mtu"))

    card.created = rename
    result = run(host, pfs=[{"pf": "0000:41:00.0", "num_vfs": 1}], vfs=[{"vf": "0000:41:00.0#0", "trust": True}])
    assert not result["failed"], result
    assert host.kernel.writes == ["link set dev ens2np0 vf 0 trust on"]


def test_a_vf_that_is_not_there_is_refused_or_in_check_mode_known_after_apply(host, card):
    card.make(1)
    refused = run(host, vfs=[{"vf": "ens2#3", "trust": True}])
    assert refused["failed"] and "ens2#3" in refused["msg"] and host.writes() == []
    checked = run(host, check=True, vfs=[{"vf": "ens2#3", "trust": True}])
    assert not checked["failed"] and any("known after apply" in note for note in checked["notes"])


def test_a_busy_vf_is_tried_again_and_not_for_ever(host, card):
    card.make(1)
    line = "link set dev ens2 vf 0 trust on"
    host.kernel.failures[line] = "RTNETLINK answers: Resource temporarily unavailable"

    def recover(now):
        if now > 5:
            host.kernel.failures.clear()

    host.clock.on_sleep = recover
    assert not run(host, vfs=[{"vf": "ens2#0", "trust": True}])["failed"]
    assert host.clock.now > 5
    host.kernel.failures["link set dev ens2 vf 0 trust off"] = "RTNETLINK answers: Resource temporarily unavailable"
    host.clock.on_sleep = lambda now: None
    started = host.clock.now
    result = run(host, vfs=[{"vf": "ens2#0", "trust": False}])
    assert result["failed"] and "temporarily unavailable" in result["msg"] and host.clock.now - started <= 31


@pytest.mark.parametrize("answer", ["Operation not supported", "Protocol not supported"])
def test_an_unknown_drivers_refusal_is_unsupported(host, answer):
    card = MemoryCard(host, driver="newnic")
    card.make(1)
    host.kernel.vf_refusals["ens2", "state"] = "RTNETLINK answers: " + answer
    wish = {"vfs": [{"vf": "ens2#0", "link_state": "enable", "trust": True}]}
    result = run(host, **wish)
    assert result["failed"] and result["error_kind"] == "unsupported" and "newnic" in result["msg"]
    assert [r["status"] for r in result["results"]] == ["done", "unsupported"]
    tolerated = run(host, ignore_unsupported=True, **wish)
    assert not tolerated["failed"] and any("link_state" in note and "newnic" in note for note in tolerated["notes"])


def test_one_failed_attribute_does_not_keep_the_others_from_being_set(host, card):
    card.make(2)
    host.kernel.failures["link set dev ens2 vf 0 trust on"] = "RTNETLINK answers: Invalid argument"
    result = run(host, vfs=[{"vf": "ens2#0-1", "trust": True}])
    assert result["failed"] and result["error_kind"] == "apply" and "vf 0 trust on" in result["msg"]
    assert [info["trust"] for info in card.link["vfinfo_list"]] == [False, True]


@pytest.mark.parametrize(
    "code, hint",
    [
        (errno.ENOMEM, "pci=realloc"),
        (errno.ENOENT, "driver"),
        (errno.EPERM, "fewer"),
        (errno.EIO, "kernel log"),
        (errno.ENOSPC, "resources"),
        (errno.EINVAL, "XDP"),
    ],
)
def test_a_refused_count_names_the_errno_and_a_hint(host, card, code, hint):
    host.tree.failures["write", card.at("sriov_numvfs")] = code
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 2}])
    assert result["failed"] and result["error_kind"] == "apply"
    assert errno.errorcode[code] in result["msg"] and hint in result["msg"] and "hv1" in result["msg"]


def test_a_refused_count_gives_back_what_was_there(host, card):
    card.make(2)
    card_write = host.tree.on_write[card.at("sriov_numvfs")]

    def refuse_four(value):
        if value == "4":
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        card_write(value)

    host.tree.on_write[card.at("sriov_numvfs")] = refuse_four
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 4}])
    assert result["failed"] and "ENOMEM" in result["msg"] and "made again" in result["msg"]
    assert card.count == 2


@pytest.mark.parametrize("gives", [0, 2])
def test_fewer_vfs_than_asked_for_without_an_error_are_a_failure(host, card, gives):
    card.gives = gives
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 4}])
    assert result["failed"] and "4 VFs were asked for and the driver made %d" % gives in result["msg"]


def test_vfs_that_appear_late_are_awaited(host, card):
    make = card.make

    def late(count):
        make(count)
        hidden = host.tree.symlinks.pop(card.at("virtfn3"))

        def appear(now):
            if now > 6:
                host.tree.symlinks.setdefault(card.at("virtfn3"), hidden)

        host.clock.on_sleep = appear

    card.make = late
    assert not run(host, pfs=[{"pf": "ens2", "num_vfs": 4}])["failed"]
    assert 6 < host.clock.now < 8


def test_vfs_that_never_appear_are_a_failure_within_the_budget(host, card):
    make = card.make

    def short(count):
        make(count)
        del host.tree.symlinks[card.at("virtfn3")]

    card.make = short
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 4}])
    assert result["failed"] and "3 appeared within 18 s" in result["msg"]


def test_a_write_that_hangs_is_in_flight_and_so_is_the_next_run(host, card):
    host.tree.on_write[card.at("sriov_numvfs")] = lambda value: host.tree.stuck.add(card.at("sriov_numvfs"))

    def hang(value):
        host.tree.stuck.add(card.at("sriov_numvfs"))
        host.tree.call("read", card.at("sriov_numvfs"))

    host.tree.on_write[card.at("sriov_numvfs")] = hang
    result = run(host, pfs=[{"pf": "ens2", "num_vfs": 2}])
    assert result["failed"] and result["error_kind"] == "in_flight"
    written = host.writes()
    again = run(host, pfs=[{"pf": "ens2", "num_vfs": 2}])
    assert again["failed"] and again["error_kind"] == "in_flight" and "has not returned" in again["msg"]
    assert host.writes() == written


@pytest.mark.parametrize("count, seconds", [(4, 120), (63, 136), (128, 266), (256, 300)])
@pytest.mark.usefixtures("once")
def test_a_count_gets_as_long_as_drivers_take(host, count, seconds):
    """Longer than for any other write, and never for ever."""
    card, budgets = MemoryCard(host, total=256, driver="mlx5_core"), []
    call = host.tree.call

    def timed(operation, *arguments, timeout=None):
        if operation == "write" and arguments[0] == card.at("sriov_numvfs"):
            budgets.append(timeout)
        return call(operation, *arguments, timeout=timeout)

    host.tree.call = timed
    card.vf_pci = lambda index: "0000:%02x:%02x.%d" % (0x42 + index // 128, index % 128 // 8, index % 8)
    assert not run(host, pfs=[{"pf": "ens2", "num_vfs": count}])["failed"]
    assert budgets == [seconds]


def test_udev_is_awaited_after_vfs_were_made(host, card):
    host.commands.tools["udevadm"] = lambda argv, stdin: ""
    run(host, pfs=[{"pf": "ens2", "num_vfs": 2}])
    assert ["udevadm", "settle", "--timeout=14"] in host.commands.calls


@pytest.mark.usefixtures("once")
def test_256_vfs_are_read_in_a_bounded_number_of_round_trips(host):
    card = MemoryCard(host, total=256)
    card.driver = "mlx5_core"
    host.tree.symlinks[card.at("driver")] = "x/mlx5_core"
    card.vf_pci = lambda index: "0000:%02x:%02x.%d" % (0x42 + index // 128, index % 128 // 8, index % 8)
    card.make(256)
    calls = []
    call = host.tree.call
    host.tree.call = lambda *arguments, **more: calls.append(arguments[0]) or call(*arguments, **more)
    assert not run(host, vfs=[{"vf": "ens2#0-255", "trust": False}])["failed"]
    asked = [operation for operation in calls if operation != "read"]  # read_many is one
    assert len(asked) < 256 * 2.5
    assert sum(1 for argv in host.commands.calls if argv[0] == "ip") == 2
