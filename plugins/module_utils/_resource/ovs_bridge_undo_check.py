# SPDX-License-Identifier: GPL-3.0-or-later
"""Others' rows may hold what no user may wish: what of a former state cannot be wished is told instead."""

from __future__ import annotations

import re

from .._model.fields import Problems
from .._model.ovs_parse import parse_bridges


def without_problems(params):
    """``(params, sentences)``: without each part that the module would refuse."""
    told = []
    while True:
        problems, found = Problems(), []
        parse_bridges(params, problems)
        found = list(problems.found)
        if not found:
            return params, told
        for problem in found:
            told.append("%s was %r, which cannot be wished: it is not led back" % (problem.path, problem.value))
        _drop(params, found[0].path)
        told = list(dict.fromkeys(told))


def _drop(params, path):
    """Take out the parameter of a bridge, port or mirror that ``path`` leads to; the whole where that is its name."""
    match = re.match(r"bridges\[(\d+)\](?:\.(ports|mirrors)\[(\d+)\])?(?:\.([a-z_]+))?", path)
    bridge, kind, index, field = match.groups()
    holder, place = params["bridges"], int(bridge)
    if kind:
        holder, place = holder[place][kind], int(index)
    if field and field != "name" and field in holder[place]:
        del holder[place][field]
    else:
        del holder[place]
