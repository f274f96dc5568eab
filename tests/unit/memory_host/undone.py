# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether undoing a run leads a MemoryHost back, tried after each run of a test and then taken away again."""

from __future__ import annotations

import copy
import json

from ansible_collections.kvm.vnic.plugins.module_utils._engine.converge import converge
from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput, VnicError

from .journal import MemoryJournal

# Sentences on what a MemoryHost has none of, or what shown() leaves out.
HARMLESS = (
    "its addresses and routes, and settings that the module does not know, are lost",
    "as ports of",
    "no IPv6 link-local address",
    "whether an administrator had set it",
)
# Files that tell of runs and are no setting.
RECORDS = ("/var/lib/kvm-vnic/boot_parameters.json",)


def undo_of(resource, params, host, consent):
    """What the engine keeps before the first write, through the form that the journal has."""
    desired = resource.consented(resource.validate(params, host), consent)
    before = resource.observe(host, desired)
    problems = list(resource.missing(desired, before))
    if problems:
        raise InvalidInput(problems)
    undo = resource.undo(desired, before, tuple(resource.plan(desired, before)))
    return json.loads(json.dumps(undo.params)), undo


def lead_back(resource, undo, host):
    params, told = undo
    if params is None:
        return None
    return converge(resource, params, host, Consent(told.consents), MemoryJournal())


def is_whole(undo):
    """Whether nothing is left out that shown() has."""
    return all(any(words in text for words in HARMLESS) for text in undo[1].uncovered)


def shown(host):
    """All that lasts, without what the kernel draws by chance."""
    links = {}
    for name, link in host.kernel.links.items():
        data = {key: value for key, value in link.get("linkinfo", {}).get("info_data", {}).items() if value}
        kind = link.get("linkinfo", {}).get("info_kind")
        drawn = {"ifindex": 0, "inet6_addr_gen_mode": "", "linkinfo": (kind, data), "flags": sorted(link["flags"])}
        links[name] = {key: value for key, value in dict(link, **drawn).items() if value not in (None, "", 0, [])}
    files = {path: text for path, text in host.tree.contents.items() if path not in RECORDS}
    for path in list(files):
        # of a driver that was loaded for a while stays its directory
        if path.startswith("/sys/bus/pci/drivers/"):
            del files[path]
    return copy.deepcopy({"links": links, "files": files, "symlinks": host.tree.symlinks})


def differences(before, after):
    """``{what: (before, after)}`` of what two states do not have in common."""
    return {
        "%s %s" % (kind, name): (before[kind].get(name), after[kind].get(name))
        for kind in before
        for name in {**before[kind], **after[kind]}
        if before[kind].get(name) != after[kind].get(name)
    }


class Kept:
    """A MemoryHost's whole content, to be put back in place."""

    def __init__(self, host):
        self._host = host
        self._links = [(name, link, copy.deepcopy(link)) for name, link in host.kernel.links.items()]
        self._stores = []
        tools = list(host.commands.tools.values())
        for store in (
            [host.tree.contents, host.tree.symlinks, host.tree.modes, host.tree.on_write, host.tree.directories]
            + [host.tree.private, host.tree.writes, host.tree.private_writes, host.kernel.writes, host.commands.calls]
            + [tool.lines for tool in tools if hasattr(tool, "lines")]
        ):
            self._stores.append((store, copy.copy(store)))
        self._now, self._index = host.clock.now, host.kernel._index
        self._runs = [(tool, tool.runs) for tool in tools if hasattr(tool, "runs")]

    def put_back(self):
        host = self._host
        host.clock.now, host.kernel._index = self._now, self._index
        host.kernel.links.clear()
        for name, link, content in self._links:
            link.clear()
            link.update(content)
            host.kernel.links[name] = link
        for store, content in self._stores:
            if isinstance(store, list):
                store[:] = content
            else:
                store.clear()
                store.update(content)
        for tool, runs in self._runs:
            tool.runs = runs


def converge_and_try_undo(resource, params, host, consent, journal, check=False):
    """Stands for the engine's converge: leads back on the way what it changed, and goes on as if it had not."""
    if check:
        return converge(resource, params, host, consent, journal, check=True)
    try:
        undo = undo_of(resource, params, host, consent)
    except VnicError:
        return converge(resource, params, host, consent, journal)  # raises, or an earlier step is still missing
    before = shown(host)
    outcome = converge(resource, params, host, consent, journal)
    if outcome.changed:
        kept = Kept(host)
        lead_back(resource, undo, host)
        if is_whole(undo):
            found = differences(before, shown(host))
            assert not found, "\n".join(map(str, [undo, *((k, *v) for k, v in found.items())]))
        kept.put_back()
    return outcome
