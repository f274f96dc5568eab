# SPDX-License-Identifier: GPL-3.0-or-later
"""Bridges, VLANs, taps and macvtaps led back: after whole runs, after runs that were killed, and what nobody may lose."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import Conflict, VnicError
from ansible_collections.kvm.vnic.plugins.module_utils._resource.bridge import Bridge
from ansible_collections.kvm.vnic.plugins.module_utils._resource.macvtap import Macvtap
from ansible_collections.kvm.vnic.plugins.module_utils._resource.tap import Tap
from ansible_collections.kvm.vnic.plugins.module_utils._resource.vlan import Vlan
from ansible_collections.kvm.vnic.tests.unit.memory_host.host import MemoryHost
from ansible_collections.kvm.vnic.tests.unit.memory_host.journal import MemoryJournal
from ansible_collections.kvm.vnic.tests.unit.memory_host.undone import differences, is_whole, lead_back, shown, undo_of
from ansible_collections.kvm.vnic.tests.unit.plugins.modules.test_journal_crashes import Fuse, Killed, set_fuse

OURS = {"ifalias": "kvm.vnic"}


def stacked():
    """A host with something of everything, some of it ours and some a stranger's."""
    host = MemoryHost()
    host.commands.tools["udevadm"] = lambda argv, stdin: ""
    host.commands.tools["getent"] = lambda argv, stdin: Completed(2, "", "")
    kernel = host.kernel
    kernel.add("eth0", up=True, mtu=9000)
    kernel.add("eth1", up=True, mtu=9000)
    kernel.add("eth2")
    kernel.add("eth3", up=True)
    kernel.add("br0", "bridge", {"stp_state": 0, "forward_delay": 200, "ageing_time": 30000}, up=True, **OURS)
    kernel.add("br-old", "bridge", {"stp_state": 1, "forward_delay": 1500}, up=True, mtu=1400)
    kernel.add("eth3.9", "vlan", {"protocol": "802.1Q", "id": 9}, up=True, link="eth3", master="br-old")
    kernel.add("dummy0", up=True, master="br-old")
    kernel.add("service", "vlan", {"protocol": "802.1ad", "id": 7}, up=True, link="eth0", mtu=9000, **OURS)
    kernel.add("customer", "vlan", {"protocol": "802.1Q", "id": 8}, up=True, link="service", mtu=9000, **OURS)
    kernel.add(
        "tap0",
        "tun",
        {"type": "tap", "persist": True, "multi_queue": True, "vnet_hdr": True},
        up=True,
        master="br0",
        **OURS,
    )
    kernel.add("tap1", "tun", {"type": "tap", "persist": True, "user": 4242}, ifalias="of web2")
    kernel.add("mt0", "macvtap", {"mode": "bridge"}, up=True, link="eth1", mtu=9000, **OURS)
    kernel.add("eth1.4", "vlan", {"protocol": "802.1Q", "id": 4}, up=True, link="eth1", mtu=9000)
    return host


CASES = {
    "a bridge made over ports, one of them down": (
        Bridge,
        {"bridges": [{"name": "br1", "mtu": 9000, "stp": True, "ports": ["eth0", "eth2"], "up": True}]},
        [],
    ),
    "ports taken from others and let go": (
        Bridge,
        {"bridges": [{"name": "br0", "ports": ["eth2", "dummy0"], "purge_ports": True, "up": True}]},
        ["port:dummy0", "port:tap0"],
    ),
    "settings of a bridge": (
        Bridge,
        {
            "bridges": [
                {"name": "br0", "stp": True, "ageing_time": 0, "mtu": 1400, "mac": "02:00:00:00:99:99", "up": False}
            ]
        },
        [],
    ),
    "a stranger's bridge removed": (
        Bridge,
        {"bridges": [{"name": "br-old", "state": "absent"}]},
        ["remove:br-old"],
    ),
    "bridges purged while a port moves on": (
        Bridge,
        {"bridges": [{"name": "br1", "ports": ["tap0"], "up": True}], "purge": True},
        ["port:tap0"],
    ),
    "devices between bridges": (
        Bridge,
        {
            "bridges": [],
            "devices": [
                {"name": "dummy0", "bridge": "br0", "up": False},
                {"name": "tap0", "bridge": "none"},
                {"name": "eth2", "bridge": "br0", "up": True},
            ],
        },
        ["port:dummy0", "port:tap0"],
    ),
    "a VLAN and one on it, one made anew with what stands on it": (
        Vlan,
        {
            "vlans": [
                {"name": "service", "lower": "eth0", "id": 70, "up": True},
                {"name": "customer", "lower": "service", "id": 8, "up": True},
                {"name": "customer2", "lower": "service", "id": 9, "up": True},
            ]
        },
        ["replace:service"],
    ),
    "a VLAN made anew alone, so that the one on it is lost": (
        Vlan,
        {"vlans": [{"name": "service", "lower": "eth0", "id": 70, "up": True}]},
        ["replace:service"],
    ),
    "VLANs purged": (Vlan, {"vlans": [], "purge": True}, []),
    "a VLAN that was a bridge's port": (
        Vlan,
        {"vlans": [{"name": "eth3.9", "state": "absent"}]},
        ["port:eth3.9"],
    ),
    "a VLAN made anew that stays a bridge's port": (
        Vlan,
        {"vlans": [{"name": "eth3.9", "lower": "eth0", "id": 7}]},
        ["port:eth3.9"],
    ),
    "a VLAN that takes the tag of one that goes": (
        Vlan,
        {
            "vlans": [{"name": "new", "lower": "eth0", "id": 7, "protocol": "802.1ad", "up": True, "master": "br0"}],
            "purge": True,
        },
        [],
    ),
    "a VLAN that shrinks and goes down under another": (
        Vlan,
        {"vlans": [{"name": "service", "lower": "eth0", "id": 7, "mtu": 1500, "up": False, "alias": ""}]},
        [],
    ),
    "taps made, made anew and removed": (
        Tap,
        {
            "taps": [
                {"name": "tap0", "multi_queue": False, "mtu": 9000, "up": True},
                {"name": "tap1", "state": "absent"},
                {"name": "tap2", "up": True, "master": "br-old"},
            ]
        },
        [],
    ),
    "a tap of another bridge": (Tap, {"taps": [{"name": "tap0", "master": "none"}]}, ["port:tap0"]),
    "macvtaps and their lower devices": (
        Macvtap,
        {
            "macvtaps": [
                {"name": "mt0", "lower": "eth0", "mode": "vepa", "up": True},
                {"name": "mt2", "lower": "eth2", "mode": "passthru", "mac": "52:54:00:00:00:77", "up": True},
            ],
            "lower_devices": [{"name": "eth2", "mtu": 9000, "up": True}, {"name": "eth1", "mtu": 1500}],
        },
        ["mtu:eth1"],
    ),
    "macvtaps purged and a lower device taken down": (
        Macvtap,
        {"macvtaps": [], "lower_devices": [{"name": "eth1", "up": False}], "purge": True},
        ["down:eth1"],
    ),
}


def given(case):
    kind, params, consents = CASES[case]
    return kind(), dict({"lower_devices": []}, **params), Consent(consents)


def run(case, host):
    resource, params, consent = given(case)
    return converge(resource, params, host, consent, MemoryJournal())


@pytest.mark.parametrize("case", CASES)
def test_killed_after_each_write_and_led_back_nothing_differs_and_the_run_can_be_had_again(case):
    host = stacked()
    before = shown(host)
    undo = undo_of(given(case)[0], given(case)[1], host, given(case)[2])
    assert is_whole(undo), undo[1].uncovered
    fuse = Fuse(1000)
    set_fuse(host, fuse)
    assert run(case, host).changed
    final, total = shown(host), 1000 - fuse.left
    lead_back(given(case)[0], undo, host)
    assert differences(before, shown(host)) == {}
    for allowed in range(total):
        host = stacked()
        set_fuse(host, Fuse(allowed))
        with pytest.raises(Killed):
            run(case, host)
        set_fuse(host, Fuse(1000))
        lead_back(given(case)[0], undo, host)
        assert differences(before, shown(host)) == {}, allowed
        assert not lead_back(given(case)[0], undo, host).changed
    run(case, host)
    assert without_drawn(shown(host)) == without_drawn(final)


def without_drawn(found):
    """The memory host gives new links an address by their number."""
    return {name: dict(link, address="") for name, link in found["links"].items()}


def test_a_guest_that_took_the_new_bridge_meanwhile_keeps_it():
    host = stacked()
    wish = {"bridges": [{"name": "br1", "ports": ["eth0"], "up": True}]}
    undo = undo_of(Bridge(), wish, host, Consent())
    converge(Bridge(), wish, host, Consent(), MemoryJournal())
    host.kernel.add("vnet7", "tun", {"type": "tap"}, master="br1")
    writes = list(host.kernel.writes)
    with pytest.raises(Conflict) as refused:
        lead_back(Bridge(), undo, host)
    assert "port vnet7" in str(refused.value) and "remove:br1" in str(refused.value)
    assert "eth0" not in str(refused.value) and host.kernel.writes == writes


def test_the_management_path_comes_back_though_leading_back_disturbs_it():
    host = stacked()
    host.kernel.addresses = [
        {"ifname": "eth0", "addr_info": [{"local": "192.0.2.1", "prefixlen": 24, "scope": "global"}]}
    ]
    host.session.address = "192.0.2.1"
    before = shown(host)
    wish = {"bridges": [{"name": "br1", "ports": ["eth0"], "up": True}]}
    consent = Consent(["port:eth0", "management:eth0"])
    undo = undo_of(Bridge(), wish, host, consent)
    converge(Bridge(), wish, host, consent, MemoryJournal())
    lead_back(Bridge(), undo, host)
    assert differences(before, shown(host)) == {}


def test_a_port_that_is_gone_does_not_keep_the_bridge_from_coming_back():
    host = stacked()
    host.kernel.add("vnet3", "tun", {"type": "tap"}, up=True, master="br-old")
    wish = {"bridges": [{"name": "br-old", "state": "absent"}]}
    undo = undo_of(Bridge(), wish, host, Consent())
    converge(Bridge(), wish, host, Consent(["remove:br-old"]), MemoryJournal())
    del host.kernel.links["vnet3"]
    assert "vnet3 does not exist and is passed over" in lead_back(Bridge(), undo, host).notes
    assert host.kernel.links["dummy0"]["master"] == "br-old"


def test_what_others_changed_elsewhere_stays():
    host = stacked()
    wish = {"bridges": [{"name": "br0", "stp": True, "ports": ["eth2"]}]}
    undo = undo_of(Bridge(), wish, host, Consent())
    converge(Bridge(), wish, host, Consent(), MemoryJournal())
    host.kernel.links["br0"]["mtu"] = 1300
    host.kernel.add("vnet3", "tun", {"type": "tap"}, master="br0")
    lead_back(Bridge(), undo, host)
    assert host.kernel.links["br0"]["mtu"] == 1300 and host.kernel.links["vnet3"]["master"] == "br0"


@pytest.mark.parametrize(
    "kind, params, words",
    [
        (Bridge, {"bridges": [{"name": "br-old", "state": "absent"}]}, ["addresses and routes", "costs, VLANs"]),
        (Vlan, {"vlans": [{"name": "eth1.4", "state": "absent"}]}, ["mt9 (macvtap), which goes with eth1.4"]),
        (Bridge, {"bridges": [{"name": "br0", "ports": ["slave"]}]}, ["slave was a port of bond0"]),
    ],
)
def test_what_cannot_be_led_back_is_told(kind, params, words):
    host = stacked()
    host.kernel.add("mt9", "macvtap", {"mode": "bridge"}, link="eth1.4")
    host.kernel.add("bond0", "bond")
    host.kernel.add("slave", master="bond0")
    told = " ".join(undo_of(kind(), params, host, Consent())[1].uncovered)
    assert all(word in told for word in words), told


def test_a_taken_down_device_that_is_used_by_now_stays_up():
    host = stacked()
    wish = {"macvtaps": [], "lower_devices": [{"name": "eth2", "up": True}]}
    undo = undo_of(Macvtap(), wish, host, Consent())
    converge(Macvtap(), wish, host, Consent(), MemoryJournal())
    host.kernel.add("macvtap0", "macvtap", {"mode": "vepa"}, link="eth2")
    with pytest.raises(Conflict) as refused:
        lead_back(Macvtap(), undo, host)
    assert "macvtap0" in str(refused.value)


maybe = strategies.sampled_from
NAMES = {
    Bridge: ["br0", "br1", "br-old"],
    Vlan: ["service", "customer", "eth3.9", "eth1.4", "v1"],
    Tap: ["tap0", "tap1", "tap2"],
    Macvtap: ["mt0", "mt1", "mt2"],
}
CARD = maybe(["eth0", "eth1", "eth2", "eth3"])
FIELDS = {
    Bridge: {
        "stp": maybe([None, True, False]),
        "ageing_time": maybe([None, 0, 7]),
        "ports": strategies.none() | strategies.lists(maybe(["eth0", "eth2", "dummy0", "tap0", "eth3.9"]), unique=True),
        "purge_ports": strategies.booleans(),
    },
    Vlan: {
        "lower": maybe(["eth0", "eth1", "eth3", "service"]),
        "id": strategies.integers(7, 9),
        "protocol": maybe([None, "802.1Q", "802.1ad"]),
        "master": maybe([None, "none", "br0", "br-old"]),
    },
    Tap: {
        "multi_queue": maybe([None, True, False]),
        "owner": maybe([None, "none", "7"]),
        "master": maybe([None, "none", "br0"]),
    },
    Macvtap: {"lower": CARD, "mode": maybe(["bridge", "vepa", "passthru"])},
}


@strategies.composite
def wishes(draw):
    kind = draw(maybe(list(NAMES)))
    items = [
        dict(
            {name: draw(strategy) for name, strategy in FIELDS[kind].items()},
            name=name,
            state=draw(maybe(["present", "present", "absent"])),
            mtu=draw(maybe([None, None, 1400, 9000])),
            mac=draw(maybe([None, None, "52:54:00:00:00:%02x" % len(name)])),
            up=draw(maybe([None, True, False])),
            alias=draw(maybe([None, None, "", "mine"])),
        )
        for name in draw(strategies.lists(maybe(NAMES[kind]), unique=True, max_size=3))
    ]
    params = {kind.parameter: items, "purge": draw(strategies.booleans()), "lower_devices": []}
    if kind is Macvtap:
        for name in draw(strategies.lists(CARD, unique=True, max_size=2)):
            params["lower_devices"].append(
                {"name": name, "mtu": draw(maybe([None, 1500, 9000])), "up": draw(maybe([None, True, False]))}
            )
    return kind, params


def consented(kind, params, host):
    """Everything that the run asks for, or None when it is refused anyway."""
    names = []
    for _attempt in range(3):
        try:
            converge(kind(), params, host, Consent(names), MemoryJournal(), check=True)
        except Conflict as refused:
            if not refused.dangers:
                return None
            names += [danger.consent for danger in refused.dangers]
        except VnicError:
            return None
        else:
            return Consent(names)
    return None


@hypothesis.settings(max_examples=60)
@hypothesis.given(wishes(), strategies.integers(0, 12))
def test_whatever_is_wished_is_led_back_from_wherever_it_broke_off(wish, allowed):
    kind, params = wish
    host = stacked()
    consent = consented(kind, params, host)
    hypothesis.assume(consent is not None)
    try:
        undo = undo_of(kind(), params, host, consent)
    except VnicError:
        hypothesis.reject()
    before = shown(host)
    set_fuse(host, Fuse(allowed))
    try:
        converge(kind(), params, host, consent, MemoryJournal())
    except (Killed, VnicError):
        pass
    set_fuse(host, Fuse(1000))
    lead_back(kind(), undo, host)
    if is_whole(undo):
        assert differences(before, shown(host)) == {}
