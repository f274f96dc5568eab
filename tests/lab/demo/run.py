# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: from guests without a NIC to guests that answer, each served where its packets are; a run that writes nothing; and a reboot."""

from __future__ import annotations

import json
import sys
import time

from vnic_demo import hypervisor
from vnic_demo.failures import failures
from vnic_demo.report import compose, note_answers
from vnic_demo.site import site, watched_site
from vnic_demo.table import counts, table

OUT = hypervisor.LAB / "demo"


def say(text):
    print("\n== %s" % text, flush=True)


def main():
    begun = time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    say("guests without a NIC on %s" % hypervisor.NAME)
    hypervisor.copy_scripts()
    hypervisor.prepare()
    say("ansible-playbook kvm.vnic.site")
    first = site(OUT / "first.json")
    hypervisor.prepare()
    say("starting the guests")
    hypervisor.start_guests()
    say("ansible-playbook kvm.vnic.site, for what came to be with their start")
    started = site(OUT / "started.json")
    say("ansible-playbook kvm.vnic.site, again, watched for writes")
    second, written = watched_site(OUT / "second.json")
    say("asking the host, the kernel and the guests what each NIC is")
    report = compose((first, started, second), {hypervisor.NAME: written}, hypervisor.observe())
    say("off and on again, without Ansible")
    note_answers(report["hosts"][hypervisor.NAME], hypervisor.reboot())
    (OUT / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    say("what each guest got, and why")
    print(table(report))
    for name, host in report["hosts"].items():
        print("\n" + counts(name, host))
    print("%s, %.0f s" % ((OUT / "report.json").relative_to(hypervisor.ROOT), time.monotonic() - begun))
    wrong = list(failures(report))
    if wrong:
        sys.exit("\n".join(["", "the demo failed:", *wrong]))


main()
