# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: from guests without a NIC to guests that answer, each served where its packets are; a run that writes nothing; and a reboot."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LAB = ROOT / ".lab"
SHARED = HERE.parent / "remote"
OUT = LAB / "demo"
REMOTE = "/run/lab-demo"
HYPERVISOR = "lab1"
# What of each NIC tells where it is served; null has its reason beside it.
PLACEMENT = ("irq_cpus", "vcpu_cpus", "vhost_cpus", "aligned", "aligned_reason", "irq_share_on_target", "irq_share_reason")
SWITCHED = ("vlan", "spoofed")
LEAST_SHARE = 0.9
GUESTS = json.loads((HERE / "guests.json").read_text())


def say(text):
    print("\n== %s" % text, flush=True)


def ssh(*words, stdin=None, check=True):
    """Run words on the hypervisor and return what they print."""
    done = subprocess.run(
        ["ssh", "-q", "-F", LAB / "ssh_config", HYPERVISOR, *words], input=stdin, text=True, stdout=subprocess.PIPE, check=False
    )
    if check and done.returncode:
        sys.exit("on %s: %s: exit code %d" % (HYPERVISOR, " ".join(words), done.returncode))
    return done


def site(report):
    """Run playbooks/site.yml and return, per host, its remote tasks, changed tasks and plan."""
    environment = dict(
        os.environ,
        ANSIBLE_CALLBACK_PLUGINS=str(HERE / "callback"),
        ANSIBLE_CALLBACKS_ENABLED="lab_run",
        ANSIBLE_CALLBACK_RESULT_FORMAT="yaml",
        ANSIBLE_DISPLAY_SKIPPED_HOSTS="false",
        ANSIBLE_DISPLAY_OK_HOSTS="true",
        LAB_RUN_REPORT=str(report),
    )
    inventories = ["-i", str(LAB / "inventory.yml"), "-i", str(HERE / "inventory")]
    subprocess.run(["ansible-playbook", *inventories, "kvm.vnic.site"], env=environment, check=True)
    return json.loads(report.read_text())


def prepare():
    """Make what is not there yet: before site the guests, after it the ends of networks on switches that it made."""
    ssh("python3", REMOTE + "/prepare.py", stdin=json.dumps(GUESTS))


def place_guests():
    """Run site for the guests that run: workers and interrupts of a guest are there only since its start."""
    return site(OUT / "started.json")


def start_guests():
    running = ssh("virsh", "list", "--name").stdout.split()
    starts = ["lab-guest start %s & starts=\"$starts $!\"" % guest for guest in GUESTS if guest not in running]
    ssh("sh", "-c", shlex.quote("; ".join([*starts, 'for one in $starts; do wait "$one" || exit; done'])))
    for guest, interfaces in GUESTS.items():
        ssh("lab-guest", "wait", guest, "--nics", str(len(interfaces)), "--timeout", "180")


def reboot():
    """Power the hypervisor off and on; returns which NICs answer, without Ansible having been there: ``{guest: {nic: bool}}``."""
    subprocess.run([str(ROOT / "tests/lab/lab"), "reboot", HYPERVISOR], check=True)
    copy_scripts()
    prepare()
    for guest, interfaces in GUESTS.items():
        ssh("lab-guest", "wait", guest, "--nics", str(len(interfaces)), "--timeout", "180", check=False)
    return json.loads(ssh("python3", REMOTE + "/observe.py", "--answers", stdin=json.dumps(GUESTS)).stdout)


def copy_scripts():
    ssh("mkdir", "-p", REMOTE)
    scripts = [path for folder in (HERE / "remote", SHARED) for path in sorted(folder.glob("*.py"))]
    subprocess.run(["scp", "-q", "-F", LAB / "ssh_config", *scripts, "%s:%s/" % (HYPERVISOR, REMOTE)], check=True)


def second_run():
    """Run site again under watch; returns its report and what was seen to be written."""
    ssh("python3", REMOTE + "/watch.py", "start")
    again = site(OUT / "second.json")
    watched = ssh("python3", REMOTE + "/watch.py", "stop", check=False)
    return again, [line for line in watched.stdout.splitlines() if line] or ([] if watched.returncode == 0 else ["the watch failed"])


def compose(first, second, observed):
    """The report: what was planned explains, what was observed counts."""
    hosts = {}
    for host, run in first.items():
        guests = {}
        for nic in run["plan"]["nics"]:
            guest = observed.get(nic["guest"], {})
            seen = guest.get("interfaces", {}).get(nic["name"], {})
            entry = guests.setdefault(nic["guest"], {"memory_mib": guest.get("memory_mib"), "interfaces": []})
            entry["interfaces"].append(
                {
                    "name": nic["name"],
                    "network": nic["network"],
                    "attachment": seen.get("attachment"),
                    "backend": seen.get("backend"),
                    "model": seen.get("model"),
                    "mac": seen.get("mac"),
                    "reason": nic["reason"],
                    "rejected": nic["rejected"],
                    "numa_node": seen.get("numa_node"),
                    "reachable": seen.get("reachable", False),
                    "rtt_ms": seen.get("rtt_ms"),
                    **{key: seen.get(key) for key in SWITCHED + PLACEMENT},
                }
            )
        hosts[host] = {
            "guests": guests,
            "remote_tasks": len(run["remote"]),
            "changed_first": None,
            "changed_started": len(run["changed"]),
            "changed_second": len(second[host]["changed"]),
            "written_second": [],
        }
    return {"hosts": hosts}


def note_answers(host, answers):
    """Add to each NIC whether it answered after the reboot."""
    for guest, entry in host["guests"].items():
        for nic in entry["interfaces"]:
            nic["reachable_after_reboot"] = answers.get(guest, {}).get(nic["name"], False)


def table(report):
    columns = ("guest", "nic", "network", "attachment", "backend", "node", "irq", "vcpu", "vhost", "aligned", "share", "ping", "after reboot")
    rows = [columns]
    for guests in (host["guests"] for host in report["hosts"].values()):
        for guest, entry in guests.items():
            for nic in entry["interfaces"]:
                answer = "%.2f ms" % nic["rtt_ms"] if nic["reachable"] else "NO ANSWER"
                share = nic["irq_share_on_target"]
                cells = [nic[key] for key in ("network", "attachment", "backend", "numa_node", "irq_cpus", "vcpu_cpus", "vhost_cpus", "aligned")]
                cells.append(None if share is None else "%.0f %%" % (100 * share))
                later = "answers" if nic["reachable_after_reboot"] else "NO ANSWER"
                rows.append((guest, nic["name"], *("-" if cell is None else str(cell) for cell in cells), answer, later))
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows]
    for guests in (host["guests"] for host in report["hosts"].values()):
        for guest, entry in guests.items():
            for nic in entry["interfaces"]:
                lines.append("%s/%s: %s" % (guest, nic["name"], nic["reason"]))
                lines += ["    not %s: %s" % (no["attachment"], no["reason"]) for no in nic["rejected"]]
                if nic["attachment"] == "ovs":
                    lines.append("    VLAN %s; of frames with a false source address: %s" % (nic["vlan"], nic["spoofed"]))
                lines.append("    %s: %s" % ("aligned: " + nic["aligned"] if nic["aligned"] else "not aligned", nic["aligned_reason"]))
                if nic["irq_share_reason"]:
                    lines.append("    no share of interrupts: %s" % nic["irq_share_reason"])
            memory = ", ".join("%d MiB on node %s" % (size, node) for node, size in (entry["memory_mib"] or {}).items())
            lines.append("%s: its memory: %s" % (guest, memory or "unknown"))
    return "\n".join(lines)


def failures(report):
    """What the demo promised and did not see."""
    wanted = {("sriov", "vfio"), ("macvtap", "vhost"), ("bridge", "vhost"), ("ovs", "vhost")}
    for name, host in report["hosts"].items():
        nics = [nic for guest in host["guests"].values() for nic in guest["interfaces"]]
        for pair in sorted(wanted - {(nic["attachment"], nic["backend"]) for nic in nics}):
            yield "%s: no NIC is on %s with %s" % ((name,) + pair)
        yield from ("%s: the NIC %s does not answer" % (name, nic["mac"]) for nic in nics if not nic["reachable"])
        yield from ("%s: after the reboot the NIC %s does not answer" % (name, nic["mac"]) for nic in nics if not nic["reachable_after_reboot"])
        for nic in nics:
            if nic["attachment"] == "ovs" and (nic["vlan"] is None or nic["spoofed"] != "dropped"):
                yield "%s: of frames of the NIC %s with a false source address, on VLAN %s: %s" % (name, nic["mac"], nic["vlan"], nic["spoofed"])
        yield from ("%s: the NIC %s is served elsewhere: %s" % (name, nic["mac"], nic["aligned_reason"]) for nic in nics if nic["aligned"] == "no")
        for nic in nics:
            if nic["irq_share_on_target"] is not None and nic["irq_share_on_target"] < LEAST_SHARE:
                yield "%s: only %.0f %% of the interrupts of %s arrive where its vCPU is" % (name, 100 * nic["irq_share_on_target"], nic["mac"])
        if host["changed_second"]:
            yield "%s: the second run changed %d tasks" % (name, host["changed_second"])
        yield from ("%s: the second run wrote: %s" % (name, line) for line in host["written_second"])
        if host["remote_tasks"] > 20:
            yield "%s: %d remote tasks, more than 20" % (name, host["remote_tasks"])


def main():
    begun = time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    say("guests without a NIC on %s" % HYPERVISOR)
    copy_scripts()
    prepare()
    say("ansible-playbook kvm.vnic.site")
    first = site(OUT / "first.json")
    prepare()
    say("starting the guests")
    start_guests()
    say("ansible-playbook kvm.vnic.site, for what came to be with their start")
    started = place_guests()
    say("ansible-playbook kvm.vnic.site, again, watched for writes")
    second, written = second_run()
    say("asking the host, the kernel and the guests what each NIC is")
    observed = json.loads(ssh("python3", REMOTE + "/observe.py", stdin=json.dumps(GUESTS)).stdout)
    report = compose(started, second, observed)
    for name, host in report["hosts"].items():
        host["changed_first"] = len(first[name]["changed"])
    report["hosts"][HYPERVISOR]["written_second"] = written
    say("off and on again, without Ansible")
    note_answers(report["hosts"][HYPERVISOR], reboot())
    (OUT / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    say("what each guest got, and why")
    print(table(report))
    for name, host in report["hosts"].items():
        counts = (host["remote_tasks"], host["changed_first"], host["changed_started"], host["changed_second"])
        print("\n%s: %d remote tasks; %d changed in the first run, %d once the guests ran, %d after that" % ((name,) + counts))
    print("%s, %.0f s" % (OUT.relative_to(ROOT) / "report.json", time.monotonic() - begun))
    wrong = list(failures(report))
    if wrong:
        sys.exit("\n".join(["", "the demo failed:"] + wrong))


main()
