# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch or an earlier record may hold what no user may wish: of a former state that is known before it is led back to."""

from __future__ import annotations

import copy
import re

from .._model.fields import Problems
from .._model.openflow_parse import parse_flows
from .._model.openflow_parse_group import parse_group, parse_meter
from .._model.openflow_text import group_text
from .._model.openflow_wish import GROUP_TYPES

_METER = re.compile(r"(kbps|pktps)( burst)? bands=\s*type=drop rate=(\d+)(?: burst_size=(\d+))?")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_OPTIONAL = ("protected",)  # fields that an item can do without


def group_params(number, text):
    """The group of that :func:`group_text` as it is wished, or None where it cannot be."""
    head, *buckets = text.split(",bucket=")
    params, problems = {"id": number, "type": head[len("type=") :], "buckets": buckets}, Problems()
    if params["type"] not in GROUP_TYPES:
        return None
    wish = parse_group(params, problems)
    if problems:
        return None
    read = [",".join((*bucket.words, "actions=" + bucket.actions)) for bucket in wish.buckets]
    return params if group_text(wish.kind, read) == text else None


def meter_params(number, text):
    """The meter of that :func:`meter_text` as it is wished, or None where it cannot be."""
    match = _METER.fullmatch(text)
    if not match:
        return None
    unit, _flag, rate, burst = match.groups()
    params = dict({"id": number, "unit": unit, "rate": int(rate)}, **({"burst": int(burst)} if burst else {}))
    problems = Problems()
    return params if parse_meter(params, problems) == (number, text) and not problems else None


def without_problems(params):
    """``(params, sentences)``: a copy without each part that the module would refuse."""
    params, told = copy.deepcopy(params), []
    while True:
        found = parse_flows(params)[1].found
        if not found:
            return params, told
        told.append("%s was %r, which cannot be wished: it is not led back" % (found[0].path, found[0].value))
        _drop(params, found[0].path)


def _drop(params, path):
    """Take out the listed item that ``path`` leads into, or the field of a bridge."""
    steps = [int(index) if index else name for index, name in _STEP.findall(path)]
    while len(steps) > 3 and not isinstance(steps[-1], int) and steps[-1] not in _OPTIONAL and "others" not in steps[2]:
        steps.pop()
    holder = params
    for step in steps[:-1]:
        holder = holder[step]
    del holder[steps[-1]]
