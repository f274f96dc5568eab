# SPDX-License-Identifier: GPL-3.0-or-later
"""The hook as libvirt runs it: a program of its own, with Open vSwitch's programs replaced by small ones that note their calls."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from ansible_collections.kvm.vnic.plugins.module_utils._host import ovs_hook_script
from ansible_collections.kvm.vnic.plugins.module_utils._host.ovs_hook import HOOK, hook_text
from ansible_collections.kvm.vnic.plugins.module_utils._model.names import is_libvirts_own
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUARD, GUEST, cookie_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_record import VERSION, BridgeRecord, record_text

WEB, DB, OTHER = ("%s1111111-1111-1111-1111-111111111111" % digit for digit in "abc")
TOOL = """#!%s
import json, pathlib, sys, time
here = pathlib.Path(%r)
name = pathlib.Path(sys.argv[0]).name
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([name] + sys.argv[1:] + ([sys.stdin.read()] if name == "ovs-ofctl" else [])) + chr(10))
answer = json.loads((here / "answers").read_text())
if name == "ovs-vsctl":
    word = next((word for word in ("iface-to-br", "list-ifaces") if word in sys.argv), "list")
else:
    word = "bundle"
code, output, errors, seconds = answer[word]
time.sleep(seconds)
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


def xml(*ids):
    nic = "<interface type='bridge'><source bridge='br0'/><virtualport type='openvswitch'><parameters interfaceid='%s'/></virtualport></interface>"
    return "<domain type='kvm'><name>web1</name><devices>%s<interface type='direct'/></devices></domain>" % "".join(
        nic % one for one in ids
    )


def port(guest, *flows, protected=False):
    listed = [
        {"table": table, "priority": priority, "match": match, "actions": actions}
        for table, priority, match, actions in flows
    ]
    return {"guest": guest, "protected": protected, "flows": listed}


GUESTS = {
    WEB: port("web1", (0, 100, "in_port={port}", "output:{eth1}"), (1, 5, "", "output:{port}"), protected=True),
    DB: port("db", (0, 100, "in_port={port}", "drop")),
}
WEBS = "cookie=0x%x" % cookie_of(GUEST, WEB)


class Machine:
    def __init__(self, path):
        self.path, self.record = path, path / "ovs-flows.json"
        self.record.write_text(record_text({"br0": BridgeRecord(guests=GUESTS)}))
        self.answers = {
            "iface-to-br": [0, "br0\n", "", 0],
            "list-ifaces": [0, "eth1\nvnet3\nvnet5\ntap9\ngre0\n", "", 0],
            "bundle": [0, "", "", 0],
        }
        self.ports((("vnet3", 7, WEB), ("eth1", 2, None)))
        for tool in ("ovs-vsctl", "ovs-ofctl"):
            (path / tool).write_text(TOOL % (sys.executable, str(path)))
            (path / tool).chmod(0o755)
        self.seconds = 20.0

    def ports(self, rows):
        data = [
            [name, ["set", []] if number is None else number, ["map", [["iface-id", key]] if key else []]]
            for name, number, key in rows
        ]
        self.answers["list"] = [0, json.dumps({"headings": ["name", "ofport", "external_ids"], "data": data}), "", 0]

    def run(self, *words, text=None):
        """``(exit code, standard output, standard error)``."""
        (self.path / "answers").write_text(json.dumps(self.answers))
        script = (
            hook_text()
            .replace("/etc/kvm-vnic/ovs-flows.json", str(self.record))
            .replace('"/usr/local/sbin:', '"%s:' % self.path)
        )
        script = script.replace("SECONDS = 20.0", "SECONDS = %s" % self.seconds).replace(
            "PORT_SECONDS = 5.0", "PORT_SECONDS = 0.2"
        )
        (self.path / "hook").write_text(script)
        done = subprocess.run(
            [sys.executable, str(self.path / "hook"), "web1"] + list(words),
            input=(xml(WEB) if text is None else text),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def calls(self):
        calls = self.path / "calls"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    def bundles(self):
        return [call[-1].splitlines() for call in self.calls() if call[0] == "ovs-ofctl"]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


START, STOPPED, RELEASE = ("start", "begin", "-"), ("stopped", "end", "-"), ("release", "end", "-")
SILENT = (0, "", "")


def test_a_starting_guest_gets_its_flows_in_one_bundle_before_its_first_packet(machine):
    assert machine.run(*START) == SILENT
    assert machine.bundles() == [
        [
            "flow delete %s/-1" % WEBS,
            "flow add %s,table=0,priority=100,in_port=7,actions=output:2" % WEBS,
            "flow add %s,table=1,priority=5,actions=output:7" % WEBS,
        ]
    ]
    assert machine.calls()[-1][:-1] == ["ovs-ofctl", "--timeout=10", "-O", "OpenFlow14", "bundle", "br0", "-"]


GUARDS = "cookie=0x%x" % cookie_of(GUARD)


def test_a_guard_that_went_with_ovs_vswitchd_comes_back_with_the_first_guest(machine):
    """The host booted: without the guard its uplink would stay closed, and the guest without an answer."""
    machine.record.write_text(record_text({"br0": BridgeRecord(guests=GUESTS, former_fail_mode="none")}))
    machine.ports(
        (
            ("vnet3", 7, WEB),
            ("eth1", 2, None),
            ("vnet5", 5, None),
            ("gre0", None, None),
            ("br0", 65534, None),
            ("x", 4, None),
        )
    )
    listed = json.loads(machine.answers["list"][1])
    listed["data"].append(["tap9", 9, ["map", [["attached-mac", "52:54:00:00:00:01"]]]])
    machine.answers["list"][1] = json.dumps(listed)
    assert machine.run(*START) == SILENT
    (lines,) = machine.bundles()
    assert lines[:4] == [
        "flow delete %s/-1" % GUARDS,
        "flow add %s,table=0,priority=1,in_port=LOCAL,actions=NORMAL" % GUARDS,
        "flow add %s,table=0,priority=1,in_port=2,actions=NORMAL" % GUARDS,
        "flow add %s,table=0,priority=0,actions=drop" % GUARDS,
    ]
    assert lines[4] == "flow delete %s/-1" % WEBS and len(lines) == 7
    assert ovs_hook_script.GUARD == GUARDS
    for name in ("vnet0", "macvtap1", "macvlan2", "vif3", "tap0", "xvnet0", "vnet0a"):
        assert bool(ovs_hook_script.LIBVIRTS_OWN.match(name)) == is_libvirts_own(name)


def test_the_interface_id_is_read_in_either_case(machine):
    assert machine.run(*START, text=xml(WEB.upper())) == SILENT and len(machine.bundles()) == 1


@pytest.mark.parametrize("step", [STOPPED, RELEASE])
def test_an_ended_guests_flows_go_whatever_its_number_was(machine, step):
    assert machine.run(*step) == SILENT
    assert machine.bundles() == [["flow delete %s/-1" % WEBS]] and len(machine.calls()) == 1


@pytest.mark.parametrize(
    "step",
    [
        ("prepare", "begin", "-"),
        ("started", "begin", "-"),
        ("migrate", "begin", "-"),
        ("reconnect", "begin", "-"),
        ("start",),
        (),
    ],
)
def test_nothing_is_done_at_other_times(machine, step):
    assert machine.run(*step) == SILENT and machine.calls() == []


@pytest.mark.parametrize("text", [xml(), xml(OTHER), "<domain/>"])
def test_guests_without_recorded_ports_are_none_of_its_business(machine, text):
    assert machine.run(*START, text=text) == SILENT and machine.calls() == []


def test_without_a_record_there_is_nothing_to_do(machine):
    machine.record.unlink()
    assert machine.run(*START) == SILENT and machine.calls() == []


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"version": %d, "bridges": {}}' % (VERSION + 1), '{"version": 1, "bridges": {"br0": {}}}']
)
def test_a_record_that_cannot_be_read_refuses_the_start_and_not_the_end(machine, content):
    machine.record.write_text(content)
    code, output, errors = machine.run(*START)
    assert code == 1 and output == "" and "cannot be read" in errors and "Traceback" not in errors
    assert machine.run(*START, text=xml()) == SILENT
    assert machine.run(*STOPPED)[0] == 0


def test_xml_that_is_not_understood_refuses_the_start(machine):
    assert machine.run(*START, text="<domain")[0] == 1


FAULTS = [
    ("no port", lambda machine: machine.ports([("eth1", 2, None)])),
    ("and a number", lambda machine: machine.ports([("vnet3", None, WEB), ("vnet4", None, DB), ("eth1", 2, None)])),
    ("on bridge br9", lambda machine: machine.answers.update({"iface-to-br": [0, "br9\n", "", 0]})),
    ("OFPBAC_BAD_OUT_GROUP", lambda machine: machine.answers.update(bundle=[1, "", "Error OFPBAC_BAD_OUT_GROUP", 0])),
    ("exit code 1", lambda machine: machine.answers.update(bundle=[1, "", "", 0])),
    ("connection failed", lambda machine: machine.answers.update(list=[1, "", "database connection failed", 0])),
    ("ovs-ofctl", lambda machine: (machine.path / "ovs-ofctl").unlink()),
    ("", lambda machine: machine.answers.update(list=[0, "no JSON", "", 0])),
    ("", lambda machine: machine.answers.update(list=[0, '{"data": [[1]]}', "", 0])),
]


@pytest.mark.parametrize(("word", "fault"), FAULTS, ids=range(len(FAULTS)))
def test_a_protected_port_without_its_flows_refuses_the_start_and_another_only_complains(machine, word, fault):
    machine.ports([("vnet3", 7, WEB), ("vnet4", 8, DB), ("eth1", 2, None)])
    fault(machine)
    code, output, errors = machine.run(*START)
    assert (
        code == 1
        and output == ""
        and WEB in errors
        and word in errors
        and "start is refused" in errors
        and "Traceback" not in errors
    )
    code, output, errors = machine.run(*START, text=xml(DB))
    assert (
        code == 0
        and output == ""
        and DB in errors
        and word in errors
        and "refused" not in errors
        and len(errors.splitlines()) == 1
    )


def test_a_port_that_the_flows_name_and_that_is_not_there_refuses_the_start(machine):
    machine.ports([("vnet3", 7, WEB)])
    code, _output, errors = machine.run(*START)
    assert code == 1 and "'eth1'" in errors and machine.bundles() == []


def test_one_failing_port_does_not_keep_another_from_its_flows(machine):
    assert machine.run(*START, text=xml(DB, WEB))[0] == 0 and len(machine.bundles()) == 1
    machine.ports([("vnet4", 8, DB)])
    assert machine.run(*START, text=xml(WEB, DB))[0] == 1 and len(machine.bundles()) == 2


def test_a_failure_at_the_end_is_told_and_nothing_more(machine):
    machine.answers["bundle"] = [1, "", "br0 is not a bridge or a socket", 0]
    code, output, errors = machine.run(*STOPPED)
    assert (code, output) == (0, "") and "not a bridge" in errors


@pytest.mark.parametrize("word", ["list", "iface-to-br", "bundle"])
def test_its_time_is_bounded(machine, word):
    machine.seconds = 1.5
    machine.answers[word] = machine.answers[word][:3] + [30]
    began = time.monotonic()
    code, _output, errors = machine.run(*START, text=xml(DB, WEB))
    assert code == 1 and "time" in errors and time.monotonic() - began < 10


def test_the_port_gets_its_number_in_a_moment(machine, monkeypatch):
    """ovs-vswitchd numbers a port some milliseconds after it is made."""
    rows = iter([[("vnet3", None, WEB, True)], [("vnet3", 7, WEB, True)]])

    class Tools:
        lines = None

        def interfaces(self):
            return next(rows)

        def bridge_of(self, name):
            return "br0"

        def bundle(self, bridge, protocol, lines):
            self.lines = lines

    tools = Tools()
    kept = dict(port("web1", (0, 1, "in_port={port}", "drop")), cookie="0x5")
    ovs_hook_script.install(tools, WEB, "br0", "OpenFlow14", kept)
    assert tools.lines == ["flow delete cookie=0x5/-1", "flow add cookie=0x5,table=0,priority=1,in_port=7,actions=drop"]


def test_it_stands_alone_and_speaks_to_nobody_but_open_vswitch():
    text = hook_text()
    assert text.startswith("#!/usr/bin/python3\n") and HOOK.startswith("/etc/libvirt/hooks/qemu.d/")
    tree = ast.parse(text)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"__future__", "json", "re", "subprocess", "sys", "time", "xml.etree.ElementTree"}
    assert "virsh" not in text and ovs_hook_script.VERSION == VERSION


def test_it_is_read_from_a_zip_too(tmp_path):
    """As in the archive that Ansible sends to the host."""
    package = Path(ovs_hook_script.__file__).parents[1]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in package.rglob("*.py"):
            archive.write(path, "module_utils/%s" % path.relative_to(package))
    code = "import sys; sys.path.insert(0, %r); from module_utils._host.ovs_hook import hook_text; sys.stdout.write(hook_text())"
    done = subprocess.run(
        [sys.executable, "-c", code % str(tmp_path / "all.zip")], capture_output=True, text=True, check=True
    )
    assert done.stdout == hook_text()
