# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent is given by name, step by step, never wholesale."""

from __future__ import annotations

import re

from .errors import InvalidInput, Problem

_NAME = re.compile(r"[a-z_]+:\S.*")


class Consent:
    """The disruptive steps that the user allowed: ``["vf_count:enp1s0f0", "replug:web1/front"]``.

    Raises :class:`InvalidInput` for anything but a list of ``kind:subject`` strings; ``true`` and ``all`` are no consent.
    """

    def __init__(self, names=()):
        problems = []
        for index, name in enumerate(names):
            if not isinstance(name, str) or not _NAME.fullmatch(name) or name.split(":", 1)[1] in ("*", "all"):
                problems.append(
                    Problem(
                        "allow_disruption[%d]" % index,
                        name,
                        "is no consent: name the step and its object, as the refusal printed it (for example 'vf_count:enp1s0f0')",
                    )
                )
        if problems:
            raise InvalidInput(problems)
        self._names = frozenset(names)

    def covers(self, name):
        return name in self._names
