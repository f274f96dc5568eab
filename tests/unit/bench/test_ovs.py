# SPDX-License-Identifier: GPL-3.0-or-later
"""What the bench asks of Open vSwitch, and how it counts what a run reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    from vnic_bench import naive, ours, ovs, ovs_calls, raw, samples, wishes

    yield SimpleNamespace(
        naive=naive, ours=ours, ovs=ovs, calls=ovs_calls, raw=raw, samples=samples.Samples(), wishes=wishes
    )
    for name in [name for name in sys.modules if name.split(".")[0] == "vnic_bench"]:
        del sys.modules[name]


def test_as_many_as_the_issue_asks_for_and_no_two_alike(bench):
    ports, flows = bench.wishes.ovs_ports(), bench.wishes.ovs_flows()
    assert (len(ports), len({port["name"] for port in ports})) == (200, 200)
    assert all(len(port["name"]) <= 15 and port["name"].startswith("b-") and 1 <= port["tag"] <= 4094 for port in ports)
    assert (len(flows), len({flow["match"] for flow in flows})) == (1000, 1000)


def test_ours_is_a_task_a_kind(bench):
    (ports,), (flows,) = bench.ours.ovs_ports(), bench.ours.ovs_flows()
    (bridge,) = ports["kvm.vnic.ovs_bridge"]["bridges"]
    assert len(bridge["ports"]) == 200 and {port["type"] for port in bridge["ports"]} == {"internal"}
    assert len(flows["kvm.vnic.ovs_flows"]["bridges"][0]["flows"]) == 1000


def test_raw_is_a_call_a_kind(bench):
    (ports,), (flows,) = bench.raw.ovs_ports(), bench.raw.ovs_flows()
    argv = ports["ansible.builtin.command"]["argv"]
    assert argv.count("add-port") == 200
    assert argv[:4] == ["ovs-vsctl", "--may-exist", "add-br", "b-ovs"]
    assert argv[4:17] == [
        "--", "--may-exist", "add-port", "b-ovs", "b-ov000", "tag=100", "external_ids:owner=bench", "external_ids:rack=r0",
        "--", "set", "Interface", "b-ov000", "type=internal",
    ]  # fmt: skip
    lines = flows["ansible.builtin.command"]["stdin"].splitlines()
    assert len(lines) == 1000
    assert lines[0] == ("table=0,priority=100,arp,in_port=1,dl_src=52:54:00:bf:00:01,arp_spa=198.18.0.1,actions=NORMAL")


def test_naive_is_a_task_a_thing(bench):
    _bridge, ports = bench.naive.ovs_ports()
    (flows,) = bench.naive.ovs_flows()
    assert len(ports["loop"]) == len(flows["loop"]) == bench.naive.MEASURED
    assert "external_ids:rack={{ item.external_ids.rack }}" in ports["ansible.builtin.command"]["argv"]
    assert flows["loop"][0].startswith("table=0,priority=100,arp,in_port=1,")


@pytest.mark.parametrize(
    "call, reads, writes",
    [
        (
            ["ovs-vsctl", "--timeout=10", "--format=json", "--", "--columns=name,ports", "list", "Bridge", "--", "list", "Port"],
            ["table Bridge", "table Port"],
            [],
        ),
        (["ovs-vsctl", "-t", "5", "--bare", "find", "Interface", "external_ids:iface-id=x"], ["table Interface"], []),
        (["ovs-vsctl", "list", "Port", "--", "list", "Port"], ["table Port", "table Port"], []),
        (["ovs-vsctl", "list-br"], ["ovs-vsctl list-br"], []),
        (["ovs-vsctl", "--no-wait", "--", "set", "Port", "p", "tag=1"], [], ["ovs-vsctl set"]),
        (["ovs-vsctl", "--may-exist", "add-br", "b", "--", "get", "Bridge", "b", "_uuid"], ["table Bridge"], ["ovs-vsctl add-br"]),
        (["ovs-ofctl", "-O", "OpenFlow14", "--no-stats", "dump-flows", "b"], ["ovs-ofctl dump-flows b"], []),
        (["ovs-ofctl", "dump-flows", "b", "-O", "OpenFlow14"], ["ovs-ofctl dump-flows b"], []),
        (["ovs-ofctl", "-OOpenFlow14", "--bundle", "add-flows", "b", "-"], [], ["ovs-ofctl add-flows b"]),
        (["ovs-ofctl", "parse-flows", "-"], [], []),
        (["ovs-appctl", "version"], ["ovs-appctl version"], []),
        (["ovsdb-client", "transact", "[]"], [], ["ovsdb-client transact"]),
    ],
)  # fmt: skip
def test_reads_and_writes_of_a_call(bench, call, reads, writes):
    assert bench.calls.counted([call]) == (Counter(reads), Counter(writes))


ONCE = {
    "ports": [["ovs-vsctl", "list", "Bridge", "--", "list", "Port"]],
    "flows": [["ovs-ofctl", "dump-flows", "b"], ["ovs-ofctl", "dump-groups", "b"]],
}


def test_each_table_once_is_as_it_should_be(bench):
    assert bench.ovs.wrong(ONCE) == []
    assert [line["ours"] for line in bench.ovs.read_rows(ONCE)] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    "more, told",
    [
        ({"flows": ONCE["flows"] * 2}, ["ovs-ofctl dump-flows b read 2 times", "ovs-ofctl dump-groups b read 2 times"]),
        ({"ports": ONCE["ports"] + [["ovs-vsctl", "set", "Port", "p", "tag=1"]]}, ["ovs-vsctl set, 1 times"]),
        ({"ports": []}, ["no call"]),
    ],
)
def test_read_twice_or_written_fails_the_run(bench, more, told):
    found = bench.ovs.wrong(dict(ONCE, **more))
    assert len(found) == len(told)
    assert all(part in line for part, line in zip(told, found))


def test_rows_scale_naive_and_compare_without_the_fixed_cost(bench):
    for way, seconds in (("ours", 10.0), ("raw", 4.0), ("naive", 32.0)):
        for kind in ("ports", "flows"):
            for suffix in ("", " again"):
                step = "%s ovs %s%s" % (way, kind, suffix)
                bench.samples.add({step: SimpleNamespace(seconds=seconds, own_seconds=2.0 if way == "raw" else None)})
    bench.samples.add({"a task that does nothing": SimpleNamespace(seconds=3.0, own_seconds=None)})
    ports, net, flows = bench.ovs.rows(bench.samples)[:3]
    assert (ports["ours"], ports["raw"], ports["naive"]) == (10.0, 4.0, 32.0 * 12.5)
    assert (net["ours"], net["raw"], net["ours_over_raw"]) == (7.0, 2.0, 3.5)
    assert flows["naive"] == 32.0 * 62.5


@pytest.fixture
def on_the_host(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(BENCH / "remote"))
    import ovs_fixture

    monkeypatch.setattr(ovs_fixture, "FIRST", tmp_path)
    monkeypatch.setattr(ovs_fixture, "CALLS", tmp_path / "calls")
    yield ovs_fixture
    del sys.modules["ovs_fixture"]


def test_stand_ins_go_and_what_others_installed_there_stays(on_the_host, tmp_path, capsys):
    on_the_host.count()
    assert {path.name for path in tmp_path.iterdir()} == set(on_the_host.TOOLS) | {"calls"}
    assert os.access(tmp_path / "ovs-vsctl", os.X_OK)
    (tmp_path / "calls").write_text('["ovs-vsctl", "list-br"]\n')
    on_the_host.counted()
    assert json.loads(capsys.readouterr().out) == [["ovs-vsctl", "list-br"]]
    assert [path.name for path in tmp_path.iterdir()] == ["calls"]
    (tmp_path / "ovs-vsctl").write_text("somebody's")
    on_the_host.stop_counting()
    assert (tmp_path / "ovs-vsctl").exists()


def test_a_stand_in_notes_its_words_and_becomes_the_tool(tmp_path):
    for name in ("counted_call", "counted_call.py"):
        text = (BENCH / "remote" / name).read_text()
        (tmp_path / name).write_text(text.replace("/run/vnic-bench", str(tmp_path)))
    (tmp_path / "counted_call").chmod(0o755)
    (tmp_path / "echo").symlink_to(tmp_path / "counted_call")
    done = subprocess.run([tmp_path / "echo", "a b", "c\nd"], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "a b c\nd\n"
    assert json.loads((tmp_path / "calls").read_text()) == ["echo", "a b", "c\nd"]


def test_only_our_bridges_are_removed(on_the_host, monkeypatch):
    ran = []

    def run(argv, **_given):
        ran.append(list(argv))
        return SimpleNamespace(returncode=0, stdout="b-ovs\nbr-tenant\nb-ovs-flows\n")

    monkeypatch.setattr(on_the_host.subprocess, "run", run)
    on_the_host.remove_bridges()
    assert ran[-1] == ["ovs-vsctl", "--timeout=300", "--", "del-br", "b-ovs", "--", "del-br", "b-ovs-flows"]
