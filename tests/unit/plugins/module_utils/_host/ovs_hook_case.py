# SPDX-License-Identifier: GPL-3.0-or-later
"""The hook as libvirt runs it: a program of its own, with Open vSwitch's programs replaced by small ones that note their calls."""

from __future__ import annotations

import json
import subprocess
import sys

from ansible_collections.kvm.vnic.plugins.module_utils._host.ovs_hook import hook_text
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_cookie import GUEST, cookie_of
from ansible_collections.kvm.vnic.plugins.module_utils._model.openflow_record import BridgeRecord, record_text

WEB, DB, OTHER = ("%s1111111-1111-1111-1111-111111111111" % digit for digit in "abc")
GUEST_UUID, CLONE_UUID = ("%s2222222-2222-2222-2222-222222222222" % digit for digit in "de")
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


def xml(*ids, guest=GUEST_UUID):
    nic = "<interface type='bridge'><source bridge='br0'/><virtualport type='openvswitch'><parameters interfaceid='%s'/></virtualport></interface>"
    return (
        "<domain type='kvm'><name>web1</name><uuid>%s</uuid><devices>%s<interface type='direct'/></devices></domain>"
        % (guest, "".join(nic % one for one in ids))
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
        """``rows``: ``[(name, number or None, interface id or None)]``, and a fourth: the guest's UUID, None for nobody's."""
        data = []
        for name, number, key, *owner in rows:
            ids = {"iface-id": key, "vm-id": owner[0] if owner else GUEST_UUID} if key else {}
            ids = [[key, value] for key, value in ids.items() if value]
            data.append([name, ["set", []] if number is None else number, ["map", ids]])
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
        text = xml(WEB) if text is None else text
        done = subprocess.run(
            [sys.executable, str(self.path / "hook"), "web1"] + list(words),
            input=text if isinstance(text, bytes) else text.encode(),
            capture_output=True,
            check=False,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def calls(self):
        calls = self.path / "calls"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    def bundles(self):
        return [call[-1].splitlines() for call in self.calls() if call[0] == "ovs-ofctl"]


START, STOPPED, RELEASE = ("start", "begin", "-"), ("stopped", "end", "-"), ("release", "end", "-")
SILENT = (0, "", "")
