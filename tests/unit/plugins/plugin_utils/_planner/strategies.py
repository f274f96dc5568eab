# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories and hosts for hypothesis: small, and full of what makes planning hard."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.kvm.vnic.tests.unit.plugins.plugin_utils._planner import world

GUESTS = ("alpha", "beta", "gamma", "delta", "omega")
NICS = ("front", "adm", "x-1")
CARDS = {"ens1": "0000:03:00.0", "ens2": "0000:01:00.0", "enp59s0f0np0": "0000:3b:00.0", "ens4": "0000:3b:00.1"}
REQUIRES = ("migration", "host_access", "filtering", "mirroring", "mac_change")


@st.composite
def cards(draw):
    found = []
    for name, pci in CARDS.items():
        total = draw(st.sampled_from([None, 1, 4, 7, 7]))
        count = draw(st.sampled_from([0, 0, total])) if total else 0
        found.append(
            world.nic(
                name,
                pci,
                total=total,
                count=count,
                numa_node=draw(st.sampled_from([None, 0, 1])),
                management=draw(st.sampled_from([False, False, False, False, False, True, "unknown"])),
                addresses=draw(st.sampled_from([[], ["192.0.2.1/24"]])),
                mtu=draw(st.sampled_from([1500, 9000])),
                speed_mbit=draw(st.sampled_from([None, 1000, 10000, 25000])),
                driver=draw(st.sampled_from(["igb", "ice"])),
                queues={"rx": draw(st.sampled_from([1, 2, 8])), "tx": 2},
            )
        )
    return found


@st.composite
def networks(draw):
    """Up to four networks; each card belongs to one kind of switch, so that the inventory is valid."""
    free = draw(st.permutations(sorted(CARDS)))
    found = {}
    vlans = st.sampled_from([None, 100, 200])
    if draw(st.booleans()):
        found["plain"] = _network(free[:1], draw(vlans), draw(st.sampled_from([None, 9000])))
        found["tagged"] = _network(free[:1], 300, None)
    found["wide"] = _network(free[1:3], draw(vlans), None)
    if draw(st.booleans()):
        found["hall"] = dict(
            _network(free[3:], draw(vlans), draw(st.sampled_from([None, 1400]))), switch={"bridge": "br-hall"}
        )
    found["alone"] = {"switch": {"bridge": "br-alone"}}
    found.update(draw(switched(free[3:] if "hall" not in found else [])))
    for name in sorted(found):
        for uplink in found[name].get("uplinks", ()):
            if draw(st.integers(0, 3)) == 0 and name in ("wide", "hall"):
                uplink["vfs"] = draw(st.sampled_from([0, 1]))
    return found


@st.composite
def switched(draw, devices):
    """Networks of one Open vSwitch bridge, told apart by their VLANs; some leave its uplink to the others to list."""
    found = {}
    for name, vlan in (("red", 10), ("blue", 20), ("open", None))[: draw(st.integers(0, 3))]:
        switch = {"ovs": "br-ovs", "anti_spoofing": draw(st.booleans()), "isolated": draw(st.booleans())}
        if draw(st.integers(0, 3)) == 0:
            switch["mirror_to"] = draw(st.sampled_from(["capture0", "dummy0"]))
        if draw(st.booleans()):
            switch["hw_offload"] = True
        if not switch["isolated"] and draw(st.integers(0, 3)) == 0:
            switch["trunks"] = [300, 301]
        listed_here = devices if draw(st.booleans()) else []
        found[name] = dict(_network(listed_here, vlan, draw(st.sampled_from([None, 9000]))), switch=switch)
    return found


def _network(devices, vlan, mtu):
    network = {"uplinks": [{"device": device} for device in devices]}
    if vlan is not None:
        network["vlan"] = vlan
    if mtu is not None:
        network["mtu"] = mtu
    return network


@st.composite
def intents(draw, names=GUESTS):
    nets = draw(networks())
    guests = []
    for name in draw(st.lists(st.sampled_from(names), unique=True, min_size=3)):
        interfaces = []
        for nic in draw(st.lists(st.sampled_from(NICS), unique=True, min_size=1)):
            entry = {"name": nic, "network": draw(st.sampled_from(sorted(nets)))}
            if draw(st.integers(0, 4)) == 0:
                entry["requires"] = draw(st.lists(st.sampled_from(REQUIRES), unique=True, max_size=2))
            model = draw(st.sampled_from([None, None, None, None, None, "virtio", "e1000"]))
            if model:
                entry["model"] = model
            interfaces.append(entry)
        guests.append({"name": name, "interfaces": interfaces})
        if draw(st.integers(0, 4)) == 0:
            guests[-1]["host"] = "hv1"
    profile = draw(
        st.sampled_from(
            ["best_performance", "best_performance", "talk_2011", "multiqueue", "multiqueue", "compatible", "switched"]
        )
    )
    return {"profile": profile, "networks": nets, "guests": guests}


@st.composite
def cpu_facts(draw, most=12):
    """``(cpus, numa_nodes)``: numbers with gaps, threads, CPUs that are offline or isolated, lopsided nodes, nodes of
    memory alone.
    """
    present = sorted(draw(st.sets(st.integers(0, 2 * most), min_size=1, max_size=most)))
    threads = draw(st.sampled_from([1, 1, 2]))
    cores = [present[at : at + threads] for at in range(0, len(present), threads)]
    numbers = draw(st.lists(st.integers(0, 9), unique=True, min_size=1, max_size=3))
    owners = [draw(st.sampled_from(numbers)) for _core in cores]
    online = sorted(draw(st.sets(st.sampled_from(present), min_size=1))) if draw(st.integers(0, 3)) == 0 else present
    isolated = draw(st.sets(st.sampled_from(online))) if draw(st.integers(0, 3)) == 0 else set()
    cpus = {
        "online": listed(online),
        "isolated": listed(isolated),
        "nohz_full": "",
        "siblings": [listed(set(core) & set(online)) for core in cores if set(core) & set(online)],
    }
    nodes = [
        {
            "id": number,
            "cpus": listed(cpu for core, owner in zip(cores, owners) if owner == number for cpu in core),
            "memory_mib": draw(st.sampled_from([0, 4096, 4096])),
            "memory_free_mib": 2048,
        }
        for number in sorted(numbers)
    ]
    if draw(st.integers(0, 5)) == 0:
        cpus["siblings"] = "unknown"
    return cpus, draw(st.sampled_from([nodes] * 6 + [[], "unknown"]))


def listed(cpus):
    return ",".join(str(cpu) for cpu in sorted(cpus))


@st.composite
def hosts(draw):
    """A host on which some of the guests live, some of them on VFs already, some VFs being somebody else's."""
    facts = world.host(*draw(cards()), world.nic("dummy0", kind="dummy"))
    port = draw(st.sampled_from([None, None, None, "vxlan0", "dummy0"]))
    if port is not None:
        facts["nics"].append(world.nic("br-ovs", kind="openvswitch"))
        there = world.ovs_port(port, kind="system" if port == "dummy0" else "vxlan")
        facts["ovs"]["bridges"]["br-ovs"] = {"ports": {port: there}}
    vfs = [(d["name"], vf["index"]) for d in facts["nics"] if d["sriov"] for vf in d["sriov"]["vfs"]]
    for pf, index in draw(st.lists(st.sampled_from(vfs), unique=True, max_size=4)) if vfs else ():
        world.use(facts, pf, index)
    free = [place for place in vfs if not world.find(facts, place[0])["sriov"]["vfs"][place[1]]["users"]]
    for name in draw(st.lists(st.sampled_from(GUESTS), unique=True, min_size=3)):
        found = []
        for nic in draw(st.lists(st.sampled_from(NICS), unique=True, max_size=2)):
            entry = world.interface(nic, "52:54:00:00:%02x:%02x" % (GUESTS.index(name), NICS.index(nic)))
            if free and draw(st.booleans()):
                pf, index = draw(st.sampled_from(free))
                entry.update(type="hostdev", vf={"pf": pf, "index": index})
            found.append(entry)
        pins = draw(st.sampled_from([{}, {}, {"0": "0"}, {"0": "5"}, {"0": "0-7"}, {"0": "5", "1": "6"}]))
        vcpus = draw(st.sampled_from([1, 1, 2, 2, 3, 9]))
        guest = world.domain(name, *found, pins=pins, vcpus=vcpus)
        guest["state"] = draw(st.sampled_from(["running", "running", "shutoff"]))
        facts["libvirt"]["domains"].append(guest)
    if draw(st.integers(0, 3)):
        facts["cpus"], facts["numa_nodes"] = draw(cpu_facts())
    facts["virtualization"]["apicv"] = draw(st.sampled_from([False, False, True, "unknown"]))
    facts["iommu"]["posted_interrupts"] = draw(st.sampled_from([False, True]))
    world._count_users(facts)
    facts["iommu"]["enabled"] = draw(st.sampled_from([True] * 8 + [False, "unknown"]))
    return facts


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 70000), st.floats(), st.text(max_size=5),
    st.sampled_from(["unknown", "", "{{ x }}", "010", "0000:03:00.0", "a" * 300, "\x1b[2J", "-rf"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


def _places(tree, found):
    if isinstance(tree, dict):
        for key in tree:
            found.append((tree, key))
            _places(tree[key], found)
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            found.append((tree, index))
            _places(item, found)


@st.composite
def mutated(draw, trees, junk=JUNK):
    """``trees`` with a few of their parts replaced by ``junk``, or given a key that nobody knows."""
    tree = draw(trees)
    for _round in range(draw(st.integers(1, 6))):
        found = []
        _places(tree, found)
        if not found:
            break
        parent, key = found[draw(st.integers(0, len(found) - 1))]
        value = draw(junk)
        if isinstance(parent, dict) and draw(st.integers(0, 5)) == 0:
            parent[draw(st.one_of(st.text(max_size=6), st.integers(0, 9), st.none()))] = value
        else:
            parent[key] = value
    return tree
