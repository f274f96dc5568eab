# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether tuned is the one that isolates CPUs on this host."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.tuned_profile import active_profiles, included_profiles, isolated_cores

ACTIVE = "/etc/tuned/active_profile"
_VARIABLES = "/etc/tuned/%s-variables.conf"
# tuned looks for profiles in these, the administrator's first
_PROFILES = (
    "/etc/tuned/profiles/%s/tuned.conf",
    "/etc/tuned/%s/tuned.conf",
    "/usr/lib/tuned/profiles/%s/tuned.conf",
    "/usr/lib/tuned/%s/tuned.conf",
)


@dataclass(frozen=True)
class Tuned:
    """``profile``: the active ones as tuned writes them, None without tuned; ``isolated``: the CpuSet that they
    isolate, empty for none, unknown where only tuned itself can tell which; ``source``: the file that says so."""

    profile: object
    isolated: object
    source: object = None

    @property
    def isolates(self):
        return self.isolated is UNKNOWN or bool(self.isolated)


NO_TUNED = Tuned(None, frozenset())


def read_tuned(host):
    text = host.files.read_or(ACTIVE, "")
    waiting, seen = active_profiles(text), []
    while waiting:
        name = waiting.pop(0)
        if name in seen or "/" in name or name.startswith("."):
            continue
        seen.append(name)
        read = host.files.read_many([path % name for path in _PROFILES], None)
        conf = next((read[path % name] for path in _PROFILES if read[path % name] is not None), None)
        waiting += included_profiles(conf) if conf is not None else []
    if not seen:
        return NO_TUNED
    read = host.files.read_many([_VARIABLES % name for name in seen], None)
    for name in seen:
        found = None if read[_VARIABLES % name] is None else isolated_cores(read[_VARIABLES % name])
        if found is UNKNOWN or found:
            return Tuned(text, found, _VARIABLES % name)
    return Tuned(text, frozenset())
