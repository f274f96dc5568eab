# SPDX-License-Identifier: GPL-3.0-or-later
"""(d): what a running guest that is not concerned notices of a converge. It must be nothing."""

from __future__ import annotations

import json
import time

from . import ours, wishes
from .lab import BenchError, Step
from .rows import row
from .samples import must_change, must_not_change

GUEST = "bench-bystander"
# The taps of (a) become ports of the very bridge that the bystander is on. Its MAC address is set: a bridge without one
# takes the lowest of its ports, and another one with each of them.
BRIDGE = {"name": "b-beside", "mac": wishes.mac(0, 1), "stp": False, "forward_delay": 0}
HOST, ADDRESS = "192.0.2.1", "192.0.2.2"
FEWEST_PINGS = 3
PATIENCE = 180


def _start(lab):
    """The bystander, answering."""
    lab.fixture("reset")
    lab.ssh("lab-guest", "define", GUEST, "--nic", "0,%s/24" % ADDRESS, "--ping", HOST)
    nic = {"name": "front", "type": "bridge", "source": {"bridge": BRIDGE["name"]}, "mac": wishes.mac(0, 2)}
    lab.play(
        [
            Step("bridge", [{"kvm.vnic.bridge": {"bridges": [BRIDGE]}}]),
            Step("NIC", [{"kvm.vnic.domain_interface": {"domains": [{"name": GUEST, "interfaces": [nic]}]}}]),
        ]
    )
    lab.ssh("ip", "address", "add", HOST + "/24", "dev", BRIDGE["name"])
    lab.ssh("lab-guest", "start", GUEST)
    lab.ssh("lab-guest", "wait", GUEST, "--nics", "1", "--timeout", str(PATIENCE))
    target = lab.ssh("virsh", "-q", "domiflist", GUEST).split()[0]
    deadline = time.monotonic() + PATIENCE
    while _pings(lab)[1] < FEWEST_PINGS:
        if time.monotonic() > deadline:
            raise BenchError("%s gets no answer from %s" % (GUEST, HOST))
    return target


def _pings(lab):
    report = json.loads(lab.ssh("lab-guest", "report", GUEST, "--wait", "60", check=False) or "{}")
    if not report.get("ping"):
        raise BenchError("%s reports nothing" % GUEST)
    return report["ping"]["sent"], report["ping"]["received"]


def _noticed(lab, target, run):
    """Packets lost and carrier changes while ``run`` runs, and until a ping after it."""
    names = (target, BRIDGE["name"])
    sent, received = _pings(lab)
    before = json.loads(lab.fixture("carrier_changes", *names))
    run()
    after = json.loads(lab.fixture("carrier_changes", *names))
    sent_after, received_after = _pings(lab)
    if sent_after - sent < FEWEST_PINGS:
        raise BenchError("%s sent only %d pings meanwhile" % (GUEST, sent_after - sent))
    return {
        "sent": sent_after - sent,
        "lost": (sent_after - sent) - (received_after - received),
        "carrier": sum(after.values()) - sum(before.values()),
    }


def _steps(way, pfs):
    """Everything of (a) and (b)."""
    tasks = ours.vfs(pfs) + ours.macvtaps(pfs) + ours.taps(pfs, bridge=BRIDGE) + ours.guests(pfs)
    return [Step("%s %d" % (way, number), [task]) for number, task in enumerate(tasks)]


def measure(lab, pfs, say):
    """Rows, and what must not be."""
    say("(d) a bystander")
    target = _start(lab)
    lab.fixture("define", *wishes.guests(pfs))
    lab.ssh("ip", "link", "add", "name", wishes.GUEST_BRIDGE, "up", "type", "bridge")

    def changing():
        steps = _steps("changing", pfs)
        must_change(lab.play(steps), *(step.name for step in steps))

    def unchanged():
        steps = _steps("unchanged", pfs)
        must_not_change(lab.play(steps), *(step.name for step in steps))

    rows, wrong = [], []
    for title, run in (("a changing converge of (a) and (b)", changing), ("an unchanged converge", unchanged)):
        say("(d) %s" % title)
        seen = _noticed(lab, target, run)
        rows.append(row("(d) bystander's lost packets of %d, %s" % (seen["sent"], title), "packets", ours=seen["lost"]))
        rows.append(row("(d) bystander's carrier changes, %s" % title, "changes", ours=seen["carrier"]))
    wrong += ["%s: %g, must be 0" % (line["name"], line["ours"]) for line in rows if line["ours"]]
    return rows, wrong
