# SPDX-License-Identifier: GPL-3.0-or-later
"""Each check: where it speaks, and where it must not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.kvm.vnic.plugins.module_utils._model.audit.checks import CHECKS, cross_check
from ansible_collections.kvm.vnic.tests.unit.plugins.module_utils._model.audit.scenes import facts, interface, vector


def found(seen, wished=None):
    return [(finding.id, finding.severity, finding.subject) for finding in cross_check(seen, wished or {})]


def web1(seen):
    return seen["libvirt"]["domains"][0]


def web2(seen):
    return seen["libvirt"]["domains"][1]


def place(seen, irq, cpus):
    next(each for each in seen["interrupts"]["vectors"] if each["irq"] == irq).update(effective=cpus, affinity=cpus)


@pytest.fixture
def seen():
    return facts()


def test_an_aligned_host_has_nothing_to_find(seen):
    assert found(seen) == []


def test_an_interrupt_on_another_node(seen):
    place(seen, 60, "1")
    (finding,) = cross_check(seen, {})
    assert (finding.id, finding.severity, finding.subject) == ("interrupt_elsewhere", "warning", "web1/front")
    assert finding.summary == "IRQ 60 of ens2#0 arrives on CPU 1 (node 0), the vCPUs of web1 run on 5 (node 1)"
    assert "ens2#0" in finding.remedy and finding.to_dict()["evidence"]["irqs"] == [60]


def test_several_interrupts_of_a_nic_are_one_finding(seen):
    place(seen, 60, "1")
    seen["interrupts"]["vectors"].append(vector(61, "0000:41:10.0", "2", "vector", 1))
    (finding,) = cross_check(seen, {})
    assert finding.summary.startswith("IRQs 60, 61 of ens2#0 arrive on CPU 1-2 (node 0)")


def test_an_interrupt_on_another_cpu_of_the_node_is_worth_a_notice(seen):
    place(seen, 49, "4")
    assert found(seen) == [("interrupt_elsewhere", "notice", "web2/front")]
    web2(seen)["vcpus"], web2(seen)["vcpu_pins"] = 2, {"0": "6", "1": "5"}
    assert found(seen) == []


def test_an_interrupt_where_the_wish_has_it_is_right(seen):
    place(seen, 49, "1")
    targets = [{"device": "ens2", "policy": "set", "cpus": "0-1"}, {"vf": "ens2#0-3", "cpus": 2}]
    assert found(seen, {"irq_affinity": {"targets": targets}}) == []
    place(seen, 60, "3")
    assert found(seen, {"irq_affinity": {"targets": targets}}) == [("interrupt_elsewhere", "warning", "web1/front")]


def test_what_the_iommu_posts_arrives_nowhere(seen):
    place(seen, 60, "1")
    seen["iommu"]["posted_interrupts"] = seen["virtualization"]["apicv"] = True
    assert found(seen) == []
    seen["iommu"]["posted_interrupts"] = "unknown"
    assert found(seen) == []
    seen["virtualization"]["apicv"] = False
    assert found(seen) == [("interrupt_elsewhere", "warning", "web1/front")]
    seen["virtualization"]["apicv"] = True
    place(seen, 49, "1")  # the card's own are not posted
    assert found(seen) == [("interrupt_elsewhere", "warning", "web2/front")]


def test_the_interrupt_that_tells_of_the_link_does_not_matter(seen):
    place(seen, 48, "0")
    assert found(seen) == []


def test_a_worker_on_another_node(seen):
    web2(seen)["vhost_workers"][0]["cpus"] = "0-7"
    assert found(seen) == [("vhost_worker_elsewhere", "warning", "web2/front")]
    web2(seen)["vcpu_pins"] = {}  # of a guest that runs anywhere, its workers may too
    assert "vhost_worker_elsewhere" not in [each[0] for each in found(seen)]
    seen["numa_nodes"] = [{"id": 0, "cpus": "0-7"}]
    web2(seen)["vhost_workers"][0]["cpus"] = "0-7"
    assert "vhost_worker_elsewhere" not in [each[0] for each in found(seen)]


def test_no_worker_where_vhost_is_asked_for(seen):
    web2(seen)["vhost_workers"] = []
    assert found(seen) == [("userspace_fallback", "warning", "web2/front")]
    wish = {"domain_interface": {"domains": [{"name": "web2", "interfaces": [{"name": "front", "backend": "qemu"}]}]}}
    assert found(seen, wish) == []
    web2(seen)["interfaces"][0]["backend"] = "qemu"
    assert found(seen) == []
    web2(seen)["interfaces"][0]["backend"] = None  # libvirt tries vhost first
    assert found(seen) == [("userspace_fallback", "warning", "web2/front")]
    web2(seen)["state"] = "shutoff"
    assert found(seen) == []


def test_memory_of_another_node_than_the_card(seen):
    web1(seen)["memory"]["nodes"] = "0"
    assert found(seen) == [("memory_elsewhere", "warning", "web1/front")]
    web1(seen)["memory"]["nodes"] = "0-1"
    assert found(seen) == []


def test_rps_on_an_uplink_of_single_queue_guests(seen):
    seen["nics"][0]["steering"]["rps"] = {"0": "f0", "1": "0"}
    assert found(seen) == [("rps_on", "warning", "ens2")]
    assert found(seen, {"packet_steering": {"devices": [{"device": "ens2", "rps": "4-7"}]}}) == []
    for off in ("off", False, None):
        assert found(seen, {"packet_steering": {"devices": [{"device": "ens2", "rps": off}]}}) == [
            ("rps_on", "warning", "ens2")
        ]
    web2(seen)["interfaces"][0]["queues"] = 2
    assert found(seen) == []


def test_a_vf_does_not_pass_the_hosts_rps(seen):
    seen["nics"][0]["steering"]["rps"] = {"0": "f0"}
    del seen["libvirt"]["domains"][1]
    assert found(seen) == []


def test_an_emulated_nic_beside_a_virtio_one(seen):
    web2(seen)["interfaces"].append(interface("slow", "bridge", {"bridge": "br0"}, model="e1000", backend=None))
    assert found(seen) == [("emulated_model", "warning", "web2/slow")]
    wish = {"domain_interface": {"domains": [{"uuid": "U-WEB2", "interfaces": [{"name": "slow", "model": "e1000"}]}]}}
    assert found(seen, wish) == []


def test_an_emulated_nic_alone_may_be_all_that_the_guest_can(seen):
    web2(seen)["interfaces"] = [interface("slow", "bridge", {"bridge": "br0"}, model="rtl8139", backend=None)]
    assert found(seen) == []
    wish = {"domain_interface": {"domains": [{"name": "web2", "interfaces": [{"name": "slow", "model": "virtio"}]}]}}
    assert found(seen, wish) == [("emulated_model", "warning", "web2/slow")]


def test_irqbalance_that_knows_nothing(seen):
    seen["interrupts"]["irqbalance"]["policy_script"] = None
    assert found(seen) == [("irqbalance_undoes", "notice", "ens2"), ("irqbalance_undoes", "notice", "ens2#0")]
    wish = {"irq_affinity": {"targets": [{"vf": "ens2#0", "cpus": "5"}]}}
    assert found(seen, wish) == [("irqbalance_undoes", "notice", "ens2"), ("irqbalance_undoes", "warning", "ens2#0")]
    seen["interrupts"]["irqbalance"]["banned_cpus"] = "5"
    assert found(seen) == [("irqbalance_undoes", "notice", "ens2")]
    place(seen, 49, "0,4")  # where new ones begin: nobody placed it
    assert ("irqbalance_undoes", "notice", "ens2") not in found(seen)
    seen["interrupts"]["irqbalance"]["running"] = False
    assert [each for each in found(seen) if each[0] == "irqbalance_undoes"] == []


def test_a_guest_that_floats(seen):
    web1(seen)["vcpu_pins"] = {}
    assert found(seen) == [("vcpu_floating", "notice", "web1")]
    web1(seen)["cpuset"] = "4-7"
    assert found(seen) == []


def test_what_could_not_be_read_is_said(seen):
    seen["problems"] = ["ovs: no answer"]
    seen["libvirt"] = {"domains": "unknown", "problem": "libvirtd does not answer"}
    assert found(seen) == [("not_audited", "notice", "ovs"), ("not_audited", "notice", "libvirt")]


def paths(value, path=()):
    """Every place in the facts."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from paths(item, path + (key,))


PLACES = list(paths(facts()))


def spoil(seen, path, value):
    for key in path[:-1]:
        try:
            seen = seen[key]
        except (TypeError, KeyError, IndexError):
            return  # an earlier one took it away
    try:
        seen[path[-1]] = value
    except (TypeError, IndexError):
        return


@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["unknown", None, 7, "", [], {}, True])),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_is_missing_never_ends_the_audit(spoiled):
    seen = facts()
    for path, value in spoiled:
        spoil(seen, path, value)
    for finding in cross_check(seen, {}):
        assert finding.summary and finding.remedy


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_unknown_is_never_wrong(path):
    seen = facts()
    spoil(seen, path, "unknown")
    assert [finding for finding in cross_check(seen, {}) if finding.severity != "notice"] == []


@pytest.mark.parametrize(
    "seen", [{}, None, [], "unknown", {"libvirt": {"domains": [{"name": "a", "state": "running"}]}}]
)
def test_without_facts_there_is_nothing_to_say(seen):
    assert found(seen) == []


def test_each_check_says_what_it_is_for():
    assert all(check.__name__ and check.__module__ for check in CHECKS) and len(set(CHECKS)) == len(CHECKS)
