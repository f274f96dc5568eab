# SPDX-License-Identifier: GPL-3.0-or-later
"""(i): what journal and checkpoint cost a whole run of the playbook site."""

from __future__ import annotations

import shutil
from statistics import median

from . import wishes
from .lab import OUT, ROOT
from .rows import row

RUNS = ("first", "again")
# Behind the real one's text in a copy of the collection: the same questions, and nothing written.
NO_JOURNAL = """

class Journal:
    unfinished = False

    def __init__(self, host, checkpoint="", held=False):
        pass

    def wait_for_turn(self):
        return False

    def look(self, resource, params):
        pass

    def notes(self):
        return []

    def __enter__(self):
        return False

    def __exit__(self, kind, error, trace):
        pass

    def open(self, resource, before, actions, undo):
        pass

    def record(self, results):
        pass

    def close(self):
        pass
"""


def without_journal():
    """Where a copy of the collection is whose modules keep no journal."""
    place = OUT / "unjournalled"
    shutil.rmtree(place, ignore_errors=True)
    collection = place / "ansible_collections/kvm/vnic"
    for part in ("meta", "playbooks", "plugins", "roles"):
        shutil.copytree(ROOT / part, collection / part)
    shutil.copy(ROOT / "galaxy.yml", collection)
    with (collection / "plugins/module_utils/_engine/journal.py").open("a") as stream:
        stream.write(NO_JOURNAL)
    return place


def inventory(pfs, checkpoint):
    """The variables of the playbook site: all VFs, and 16 defined guests with NICs on a bridge and on macvtaps."""
    networks = {"wire": {"uplinks": [{"device": pf["name"], "vfs": pf["total"]} for pf in pfs]}}
    networks["beside"] = {"switch": {"bridge": wishes.GUEST_BRIDGE}}
    return {
        "vnic_install_packages": False,
        "vnic_checkpoint": checkpoint,
        "vnic_reconciler": False,
        "vnic_profile": wishes.ATTACHED,
        "vnic_profiles": wishes.PROFILES,
        "vnic_networks": networks,
        "vnic_guests": [{"name": name, "interfaces": _nics(nics)} for name, nics in wishes.guests(pfs).items()],
    }


def _nics(nics):
    """Not on VFs, of which there are too few; each name is one in the fleet with its guest's."""
    return [
        {"name": nic["name"], "network": "beside"}
        if "bridge" in nic
        else {"name": nic["name"], "network": "wire", "requires": ["migration"]}
        for nic in nics
    ]


def measure(lab, pfs, say, repetitions):
    """``{with, without: {first, again: [seconds]}}``."""
    found = {way: {run: [] for run in RUNS} for way in ("with", "without")}
    copy = without_journal()
    for repetition in range(repetitions):
        for way, collections in (("without", copy), ("with", None)):
            lab.fixture("reset")
            lab.fixture("define", *wishes.guests(pfs))
            for run in RUNS:
                seconds = lab.site(inventory(pfs, way == "with"), collections)
                say(
                    "(i) site %s journal and checkpoint, %s, %d of %d: %.0f s"
                    % (way, run, repetition + 1, repetitions, seconds)
                )
                found[way][run].append(seconds)
    return found


def rows(found):
    title = "(i) site, %d guests x %d NICs, %s, raw is without journal and checkpoint"
    words = {"first": "the first run", "again": "second run, unchanged"}
    return [
        row(title % (wishes.GUESTS, wishes.NICS, words[run]), "s", *(median(found[way][run]) for way in found))
        for run in RUNS
    ]
