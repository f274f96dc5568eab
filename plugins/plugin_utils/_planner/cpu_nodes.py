# SPDX-License-Identifier: GPL-3.0-or-later
"""More nodes of the inventory's schema: CPU lists, and numbers of queues."""

from __future__ import annotations

from dataclasses import dataclass

from ...module_utils._model.cpu_set import MAX_CPUS, CpuSet
from .nodes import Key, Record, Whole
from .rules import MOST_QUEUES
from .yaml_traps import kind_of, no_text, unexpanded

AUTO = "auto"


def _parse_cpus(words):
    template = unexpanded(words)
    if template:
        raise ValueError(template)
    try:
        found = CpuSet.from_list(words)
    except ValueError as error:
        raise ValueError(str(error)[len("%r " % (words,)) :]) from None
    if not found:
        raise ValueError("is empty: the host needs one CPU at least; give a CPU list such as '0-1,8', or auto")
    return found


@dataclass(frozen=True)
class CpuList:
    """A CPU list as the kernel writes it, or one number. Reads as a CpuSet that is not empty, or as
    ``auto``."""

    what: str
    example: str

    def read(self, value, problems):
        if value == AUTO:
            return AUTO
        if isinstance(value, int) and not isinstance(value, bool):
            if 0 <= value < MAX_CPUS:
                return CpuSet([value])
            problems.add(value, "is no CPU: allowed are 0 to %d, and CPU lists such as '0-1,8'" % (MAX_CPUS - 1))
            return None
        if not isinstance(value, str):
            problems.add(value, no_text(value, self.what, self.example))
            return None
        return problems.parse(_parse_cpus, value)

    def allowed(self):
        return "auto, or a CPU list"


_NUMBER = Whole("number of queues", 1, MOST_QUEUES, "4")
_CAPPED = Record("a number of queues", {"cap": Key(_NUMBER, "the most that a NIC gets", required=True)})


@dataclass(frozen=True)
class Queues:
    """A number of queues, or ``{cap: N}`` for as many as there is use for."""

    example: str = "{cap: 8}"

    def read(self, value, problems):
        if isinstance(value, dict):
            found = _CAPPED.read(value, problems)
            return found if found["cap"] is not None else None
        if isinstance(value, list) or value is None:
            problems.add(value, "is %s: expected %s" % (kind_of(value), self.allowed()))
            return None
        return _NUMBER.read(value, problems)

    def allowed(self):
        return "%s, or {cap: %s}" % (_NUMBER.allowed(), _NUMBER.allowed())
