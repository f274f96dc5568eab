# SPDX-License-Identifier: GPL-3.0-or-later
"""vhost workers: both kinds, told apart by order and by traffic, and what goes wrong with them."""

from __future__ import annotations

import errno

import pytest

from ansible_collections.kvm.vnic.tests.unit.memory_host.guest_xml import nic_xml
from ansible_collections.kvm.vnic.tests.unit.memory_host.pinned_host import (
    PID,
    add_thread,
    add_workers,
    allowed,
    define,
    hypervisor,
    pin,
    traffic,
)

TWO = [{"interface": "front", "queue": 0, "cpus": "2"}, {"interface": "back", "cpus": "3"}]


def workers(result):
    return [(w["tid"], w["interface"], w["queue"], w["how"]) for w in result["domains"][0]["vhost"]]


def test_threads_of_the_kernel_serve_too():
    host = hypervisor(kind="kthread")
    result = pin(host, vhost=TWO)
    assert not result["failed"], result
    assert [allowed(host, tid, tid) for tid in (4721, 4722, 4723)] == ["2", "0-7", "3"]
    assert {worker["kind"] for worker in result["domains"][0]["vhost"]} == {"kthread"}
    assert pin(host, vhost=TWO)["changed"] is False


def test_a_process_that_only_calls_itself_so_is_none():
    host = hypervisor(workers=0)
    for tid in (4721, 4722, 4723):
        add_thread(host, tid, tid, "vhost-%d" % PID, parent=1)
    assert "no vhost worker" in pin(host, vhost=TWO)["msg"]


def test_workers_of_another_guest_are_not_taken():
    host = hypervisor()
    define(host, "web2", "00000000-0000-4000-8000-000000000002", 5000)
    add_workers(host, 5000, 2)
    pin(host, vhost=TWO)
    assert allowed(host, 5010, 5000) == allowed(host, 5011, 5000) == "0-7"


def test_the_oldest_worker_is_the_first_queue_whatever_its_number():
    host = hypervisor(workers=0)
    for tid, started in ((4721, 320), (4722, 300), (4723, 310)):  # thread IDs have wrapped around
        add_thread(host, PID, tid, "vhost-%d" % PID, started=started)
    found = workers(pin(host))
    assert found == [(4722, "front", 0, "order"), (4723, "front", 1, "order"), (4721, "back", 0, "order")]


def test_traffic_tells_the_nic():
    host = hypervisor()
    traffic(host, "vnet1", 50, {4723: 500000})
    assert workers(pin(host)) == [
        (4721, "front", 0, "order"),
        (4722, "front", 1, "order"),
        (4723, "back", 0, "traffic"),
    ]


def test_traffic_tells_it_where_order_cannot():
    host = hypervisor(workers=2)  # one queue fell back to QEMU: which?
    result = pin(host, vhost=[TWO[1]])
    assert result["failed"] and result["error_kind"] == "unsupported" and host.writes() == []
    assert "web1/back" in result["msg"] and "2 workers for 3 queues" in result["msg"]
    traffic(host, "vnet1", 50, {4722: 500000})
    result = pin(host, vhost=[TWO[1]])
    assert not result["failed"], result
    assert workers(result) == [(4721, None, None, None), (4722, "back", 0, "traffic")]
    assert allowed(host, 4722) == "3"


def test_traffic_of_two_nics_tells_nothing():
    host = hypervisor(workers=2)
    traffic(host, "vnet1", 50, {4722: 500000})
    once = host.clock.on_sleep

    def both(now):
        once(now)
        host.tree.contents["/sys/class/net/vnet0/statistics/tx_packets"] += "0"

    host.clock.on_sleep = both
    assert pin(host, vhost=[TWO[1]])["failed"]


def test_without_workers_qemu_moves_the_packets():
    result = pin(hypervisor(workers=0), vhost=TWO)
    assert result["error_kind"] == "unsupported" and "QEMU moves its packets itself" in result["msg"]
    assert "web1/front" in result["msg"] and "web1/back" in result["msg"]


@pytest.mark.parametrize("text", ["4711x", "4712", None])
def test_a_process_that_cannot_be_found_is_said_so(text):
    host = hypervisor()
    if text is None:
        del host.tree.contents["/run/libvirt/qemu/web1.pid"]
    else:
        host.tree.contents["/run/libvirt/qemu/web1.pid"] = text
        host.tree.contents["/proc/4712/cmdline"] = "sleep\0100\0"
    result = pin(host, vhost=TWO)
    assert result["error_kind"] == "unsupported" and "web1.pid" in result["msg"]
    assert pin(host, emulator="1")["domains"][0]["vhost"] == "unknown"


def test_a_nic_that_waits_for_the_start_waits_with_its_workers():
    host = hypervisor()
    text = host.libvirt.get("web1").persistent_xml
    extra = nic_xml("52:54:00:00:00:03", 3, alias="ua-late")
    host.libvirt.put("web1", persistent_xml=text.replace("</devices>", extra + "</devices>"))
    result = pin(host, vhost=[{"interface": "late", "cpus": "3"}])
    assert result["changed"] is False
    assert [(entry["target"], entry["field"]) for entry in result["pending"]] == [("web1/late", "vhost")]


def test_a_worker_that_ended_meanwhile_is_a_failure_and_the_others_are_done():
    host = hypervisor()
    host.libvirt.on_call = lambda verb, name: host.tree.contents.pop("/proc/4711/task/4721/comm", None)
    result = pin(host, vcpus={"0": "1"}, vhost=TWO)
    assert result["failed"] and "4721" in result["msg"] and "has ended" in result["msg"]
    assert [entry["status"] for entry in result["results"]] == ["done", "done", "failed", "done"]
    assert allowed(host, 4723) == "3"


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EPERM, errno.ESRCH])
def test_what_the_kernel_says_is_told(code):
    host = hypervisor()
    host.tree.failures["pin_thread", "/proc/4711/task/4721"] = code
    result = pin(host, vhost=TWO)
    assert result["failed"] and errno.errorcode[code] in result["msg"] and "thread 4721" in result["msg"]
    assert allowed(host, 4723) == "3"


def test_a_pin_that_never_returns_is_in_flight():
    host = hypervisor()
    host.tree.stuck.add("/proc/4711/task/4721")
    assert "did not return" in pin(host, vhost=TWO)["msg"]


def test_a_pin_that_the_kernel_took_and_does_not_show_is_no_success():
    host = hypervisor()
    host.tree._pin_thread = lambda path, cpus: None
    result = pin(host, vhost=TWO)
    assert result["error_kind"] == "verification" and "live.vhost.0" in result["msg"]


def test_workers_keep_their_pins_when_the_emulators_cpus_change():
    host = hypervisor()
    pin(host, vhost=TWO)
    host.tree.writes.clear()
    place = host.libvirt.pin_emulator

    def spread(uuid, cpus, live, config):
        place(uuid, cpus, live, config)
        for tid in (4721, 4722, 4723) if live else ():  # as kernels before 6.2 do
            add_thread(host, PID, tid, "vhost-4711", cpus=str(cpus))

    host.libvirt.pin_emulator = spread
    result = pin(host, emulator="2-5", vhost=TWO)
    assert not result["failed"], result
    assert [allowed(host, tid) for tid in (4721, 4722, 4723)] == ["2", "2-5", "3"]
    assert [action["field"] for action in result["actions"]] == ["persistent.emulator", "live.emulator"]


def test_workers_that_kept_their_pins_are_not_written():
    host = hypervisor()
    pin(host, vhost=TWO)
    host.tree.writes.clear()
    assert not pin(host, emulator="2-5", vhost=TWO)["failed"]
    assert host.tree.writes == []


def test_a_worker_outside_the_emulators_cpus_is_told():
    notes = pin(hypervisor(), emulator="2-5", vhost=TWO)["notes"]
    assert notes == ["vhost worker 4722 of guest web1 runs on 0-7, outside the emulator's CPUs 2-5"]
