# SPDX-License-Identifier: GPL-3.0-or-later
"""From any state to any wish: one transaction at most, then nothing left to do, and nobody else's is touched."""

from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.tests.unit.plugins.modules.ovs_bridge_case import again, ovs_host, run

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=5).filter(
    lambda text: text != "none"
)
KEYS = st.dictionaries(
    TEXT.filter(lambda key: key != "kvm-vnic"), st.one_of(TEXT, st.none(), st.booleans()), max_size=3
)


def optional(**strategies):
    return st.fixed_dictionaries({}, optional=strategies)


# All of them or none: what a port has must go with what is wished.
VLANS = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"tag": st.one_of(st.integers(1, 4094), st.just("none")), "vlan_mode": st.just("none"), "trunks": st.just([])}
    ),
    st.fixed_dictionaries(
        {
            "tag": st.just(5),
            "vlan_mode": st.sampled_from(["native-tagged", "native-untagged"]),
            "trunks": st.lists(st.integers(0, 4094), max_size=3, unique=True),
        }
    ),
)
QOS = st.one_of(
    st.just("none"),
    st.builds(
        lambda queues, other: {"type": "linux-htb", "queues": queues, "other_config": other},
        st.dictionaries(
            st.integers(0, 3), st.dictionaries(TEXT.filter(lambda key: key != "kvm-vnic"), TEXT, max_size=2), max_size=2
        ),
        st.dictionaries(TEXT.filter(lambda key: key != "kvm-vnic"), TEXT, max_size=2),
    ),
)
SETTINGS = optional(
    external_ids=KEYS,
    other_config=KEYS,
    options=KEYS,
    protected=st.booleans(),
    qos=QOS,
    policing_rate=st.integers(0, 9),
    mtu=st.one_of(st.just("none"), st.integers(68, 9000)),
)
PORT = st.builds(lambda vlans, more: dict(vlans, **more), VLANS, SETTINGS)
PORTS = st.dictionaries(st.sampled_from(["enp1s0", "enp2s0", "enp3s0"]), PORT, max_size=3).map(
    lambda ports: [dict(settings, name=name) for name, settings in ports.items()]
)
MIRROR = optional(select_all=st.booleans(), select_vlans=st.lists(st.integers(0, 9), unique=True, max_size=2))
MIRRORS = st.dictionaries(TEXT, MIRROR, max_size=2).map(
    lambda mirrors: [dict(content, name=name, output_vlan=7) for name, content in mirrors.items()]
)
BRIDGE = st.fixed_dictionaries(
    {"name": st.just("br0"), "purge_ports": st.booleans(), "purge_mirrors": st.booleans()},
    optional={
        "ports": PORTS,
        "mirrors": MIRRORS,
        "external_ids": KEYS,
        "other_config": KEYS,
        "fail_mode": st.sampled_from(["secure", "standalone", "none"]),
        "protocols": st.lists(st.sampled_from(["OpenFlow10", "OpenFlow13", "OpenFlow14"]), unique=True),
        "controllers": st.lists(st.sampled_from(["tcp:a", "tcp:b", "ptcp:"]), unique=True),
        "mcast_snooping": st.booleans(),
        "datapath_type": st.sampled_from(["system", "netdev"]),
        "mtu": st.one_of(st.just("none"), st.integers(68, 9000)),
    },
)
CONSENT = ["datapath_type:br0", "fail_mode:br0", "port:enp1s0", "port:enp2s0", "port:enp3s0"]


def theirs(host):
    ovs = host.ovs_memory
    ports = {name: copy.deepcopy(ovs.named("Port", name)) for name in ("vnet7", "p9", "other")}
    return ports, copy.deepcopy(ovs.named("Bridge", "other")), copy.deepcopy(ovs.named("Interface", "vnet7"))


@settings(max_examples=40)
@given(st.lists(BRIDGE, min_size=1, max_size=3))
def test_any_wish_after_any_other(wishes):
    host = ovs_host()
    host.ovs_memory.add_bridge("other", external_ids={"x": "y"})
    host.ovs_memory.add_port("other", "p9", external_ids={"a": "b"}, tag=[9])
    host.ovs_memory.add_bridge("br0")
    host.kernel.add("vnet7", "tun")
    host.ovs_memory.add_port("br0", "vnet7", interface={"external_ids": {"iface-id": "u"}}, tag=[7])
    before = theirs(host)
    for wish in wishes:
        transactions = len(host.ovs_memory.writes)
        checked = run(host, wish, check=True, allow_disruption=CONSENT)
        assert len(host.ovs_memory.writes) == transactions
        result = run(host, wish, allow_disruption=CONSENT, purge=True)
        assert not result["failed"], result
        assert result["actions"] == checked["actions"]
        assert len(host.ovs_memory.writes) <= transactions + 1
        again(host, wish, purge=True)
        assert theirs(host) == before
    qos = {row["_uuid"] for row in host.ovs_memory.rows["QoS"].values()}
    assert qos == {uuid for port in host.ovs_memory.rows["Port"].values() for uuid in port["qos"]}
