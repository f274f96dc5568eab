# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hook does with a guest that starts, ends, or is not understood."""

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
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUARD, cookie_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_ports import fill_ports
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_record import VERSION, BridgeRecord, record_text
from ansible_collections.kvm.vnic.plugins.module_utils._model.ovs_guests_port import is_guests_interface
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_flows_plan import guard_flows
from ansible_collections.kvm.vnic.plugins.module_utils._resource.ovs_flows_state import BridgeState
from ansible_collections.kvm.vnic.tests.unit.plugins.module_utils._host.ovs_hook_case import (
    DB,
    GUEST_UUID,
    GUESTS,
    OTHER,
    RELEASE,
    SILENT,
    START,
    STOPPED,
    WEB,
    WEBS,
    Machine,
    port,
    xml,
)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


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


# (name, number or None, keys of external_ids), as Open vSwitch lists them
PORTS = [
    ("br0", 65534, {}),
    ("eth1", 2, {}),
    ("eth2", 12, {}),
    ("down0", None, {}),
    ("lost0", -1, {}),
    ("tap0", 4, {}),
    ("tap1", 5, {"attached-mac": "52:54:00:00:00:01"}),
    ("tap2", 6, {"iface-id": WEB}),
    ("vnet3", 7, {"iface-id": DB, "vm-id": GUEST_UUID}),
    ("tap3", 8, {"vm-id": GUEST_UUID}),
    ("tap4", 9, {"iface-status": "active"}),
] + [
    (name, number, {})
    for number, name in enumerate(("vnet0", "macvtap1", "macvlan2", "vif3", "xvnet0", "vnet0a", "vnet\u0663"), 20)
]


def test_the_guard_is_the_same_as_the_modules():
    """The script can import nothing: what it knows of ports, guards and places is written twice."""
    data = [[name, ["set", []] if at is None else at, ["map", [*map(list, keys.items())]]] for name, at, keys in PORTS]
    data.append(["elsewhere", 3, ["map", []]])
    answer = json.dumps({"headings": ["name", "ofport", "external_ids"], "data": data})

    class Tools(ovs_hook_script.Tools):
        def run(self, argv, text=""):
            return answer

    rows = Tools().interfaces()
    bridge = BridgeState(
        name="br0",
        fail_mode="secure",
        protocol="OpenFlow14",
        has_controller=False,
        ports={name: at for name, at, _keys in PORTS if at and at > 0},
        guests={},
        guest_names=frozenset(name for name, _at, keys in PORTS if is_guests_interface(name, keys)),
    )
    first, *lines = ovs_hook_script.guards([name for name, _at, _keys in PORTS if name != "br0"], rows)
    assert first == "flow delete %s/-1" % GUARDS and len(lines) > 5
    assert sorted(lines) == sorted("flow add " + flow.to_add() for flow in guard_flows(bridge))


@pytest.mark.parametrize("text", ["in_port={port}", "output:{eth1}", "{a.b-c_d},{port}", "drop", "{port}{eth1}"])
def test_places_are_filled_as_the_module_does(text):
    numbers = {"port": 7, "eth1": 2, "a.b-c_d": 3}
    kept = dict(port("web1", (0, 1, text, text)), cookie="0x5")
    line = "cookie=0x5,table=0,priority=1,%s,actions=%s" % (text, text)
    assert list(ovs_hook_script.additions(kept, numbers)) == ["flow add " + fill_ports(line, numbers)]


def test_the_interface_id_is_read_in_either_case(machine):
    assert machine.run(*START, text=xml(WEB.upper())) == SILENT and len(machine.bundles()) == 1


@pytest.mark.parametrize("step", [STOPPED, RELEASE])
def test_an_ended_guests_flows_go_whatever_its_number_was(machine, step):
    assert machine.run(*step) == SILENT
    assert machine.bundles() == [["flow delete %s/-1" % WEBS]] and len(machine.calls()) == 2


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


LAUGHS = "<!DOCTYPE d [<!ENTITY a 'ha'>%s]>" % "".join(
    "<!ENTITY %s '%s'>" % (after, "&%s;" % before * 10) for before, after in zip("abcdefgh", "bcdefghi")
)
STRANGE = {
    "latin-1": xml(WEB).replace("web1", "w\u00e9b").encode("latin-1"),
    "latin-1, declared": b"<?xml version='1.0' encoding='latin-1'?>"
    + xml(WEB).replace("web1", "w\u00e9b").encode("latin-1"),
    "declared falsely": b"<?xml version='1.0' encoding='utf-16'?>" + xml(WEB).encode(),
    "declared as nothing there is": b"<?xml version='1.0' encoding='none-such'?>" + xml(WEB).encode(),
    "utf-16": xml(WEB).encode("utf-16"),
    "a mark of byte order": b"\xef\xbb\xbf" + xml(WEB).encode(),
    "half a character": xml(WEB).replace("web1", "web\u20ac").encode().replace("\u20ac".encode(), b"\xe2\x82"),
    "NUL": xml(WEB).replace("web1", "web\0").encode(),
    "nothing": b"",
    "no XML": b"\xff\xfe\x00garbage" * 100,
    "deep": xml(WEB).replace("<devices>", "<deep>" * 20000 + "</deep>" * 20000 + "<devices>").encode(),
    "deep and open": b"<domain>" + b"<deep>" * 20000,
    "long": xml(WEB).replace("web1", "w" * 2000000).encode(),
    "many": xml(*[OTHER] * 5000, WEB).encode(),
    "a billion laughs": (LAUGHS + xml(WEB).replace("web1", "&i;")).encode(),
    "another file": b"<!DOCTYPE d [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>"
    + xml(WEB).replace("web1", "&f;").encode(),
}


@pytest.mark.parametrize("name", STRANGE)
def test_whatever_it_is_given_it_puts_flows_in_place_or_refuses_in_a_line(machine, name):
    """More than libvirt would ever give: it writes the XML anew, in UTF-8."""
    machine.ports([("vnet3", 7, WEB), ("eth1", 2, None)])
    code, output, errors = machine.run(*START, text=STRANGE[name])
    assert output == "" and "Traceback" not in errors
    if code == 0:
        assert errors == "" and len(machine.bundles()) == 1
    else:
        assert code == 1 and len(errors.splitlines()) == 1 and machine.bundles() == []
    done = len(machine.bundles())
    code, output, errors = machine.run(*STOPPED, text=STRANGE[name])
    assert (code, output) == (0, "") and "Traceback" not in errors and len(machine.bundles()) == 2 * done


FAULTS = [
    ("no port", lambda machine: machine.ports([("eth1", 2, None)])),
    ("and a number", lambda machine: machine.ports([("vnet3", None, WEB), ("vnet4", None, DB), ("eth1", 2, None)])),
    ("vnic_purge", lambda machine: machine.answers.update({"iface-to-br": [0, "br9\n", "", 0]})),
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
    rows = iter([[ovs_hook_script.Row("vnet3", number, WEB, GUEST_UUID, True)] for number in (None, 7)])

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
    ovs_hook_script.install(tools, GUEST_UUID, WEB, "br0", "OpenFlow14", kept)
    assert tools.lines == ["flow delete cookie=0x5/-1", "flow add cookie=0x5,table=0,priority=1,in_port=7,actions=drop"]


def test_it_stands_alone_and_speaks_to_nobody_but_open_vswitch():
    text = hook_text()
    assert text.startswith("#!/usr/bin/python3\n") and HOOK.startswith("/etc/libvirt/hooks/qemu.d/")
    tree = ast.parse(text)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names == {"__future__", "collections", "json", "re", "subprocess", "sys", "time", "xml.etree.ElementTree"}
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
