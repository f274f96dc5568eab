# SPDX-License-Identifier: GPL-3.0-or-later
"""What others had in a bridge's tables, word for word: by this a run that took it is led back. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .openflow_cookie import is_ours
from .openflow_text import Flow

_KEYS = ("flows", "groups", "meters")
_FLOW_KEYS = ("table", "priority", "match", "actions", "cookie", "lasting")
_LINE = re.compile(r'[ -"$-~]*', re.ASCII)  # one line of what ovs-ofctl reads, without a comment
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True)
class Others:
    """``flows``: Flow; ``groups``, ``meters``: ``{number: text}`` as of group_text and meter_text."""

    flows: tuple = ()
    groups: dict = field(default_factory=dict)
    meters: dict = field(default_factory=dict)

    def to_params(self):
        flows = [{name: getattr(flow, name) for name in _FLOW_KEYS[:5]} for flow in self.flows]
        for params, flow in zip(flows, self.flows):
            params["lasting"] = list(flow.lasting)
        numbered = {name: {str(key): text for key, text in getattr(self, name).items()} for name in _KEYS[1:]}
        return {key: value for key, value in dict(numbered, flows=flows).items() if value}


def parse_others(value, problems):
    """An Others; empty for None."""
    if value is None:
        return Others()
    if not isinstance(value, dict) or set(value) - set(_KEYS):
        problems.add(value, "is no mapping of %s" % ", ".join(_KEYS))
        return Others()
    flows = [_flow(item, problems.at("flows").at(index)) for index, item in enumerate(value.get("flows") or ())]
    numbered = [_numbered(value.get(key) or {}, problems.at(key)) for key in _KEYS[1:]]
    return Others(tuple(flow for flow in flows if flow is not None), *numbered)


def _line(text):
    return isinstance(text, str) and _LINE.fullmatch(text)


def _flow(item, problems):
    if not isinstance(item, dict) or set(item) - set(_FLOW_KEYS) or not item.get("actions"):
        problems.add(item, "is no flow: it has %s" % ", ".join(_FLOW_KEYS))
        return None
    numbers = [
        problems.at(key).whole(item.get(key) or 0, 0, most, key)
        for key, most in (("table", 254), ("priority", 65535), ("cookie", 2**64 - 1))
    ]
    lasting = item.get("lasting") or []
    texts = [item.get("match") or "", item["actions"], *lasting]
    if not all(map(_line, texts)):
        problems.add(item, "holds what is no single line of printable characters without #")
        return None
    if None in numbers:
        return None
    if is_ours(numbers[2]):
        problems.at("cookie").add(item["cookie"], "is one of ours: list the flow among the bridge's own")
    return Flow(numbers[0], numbers[1], texts[0], texts[1], numbers[2], tuple(lasting))


def _numbered(items, problems):
    found = {}
    for number, text in items.items() if isinstance(items, dict) else [(items, None)]:
        if not _NUMBER.fullmatch(str(number)) or not text or not _line(text):
            problems.at(str(number)).add(text, "is no number with its text in one line without #")
        else:
            found[int(number)] = text
    return found
