# SPDX-License-Identifier: GPL-3.0-or-later
"""What wished flows and groups mean on the ports that a bridge has, in Open vSwitch's own words."""

from __future__ import annotations

from .._model.errors import InvalidInput, Problem
from .._model.openflow_ports import PORT, fill_ports, ports_named
from .._model.openflow_text import RefusedFlow, group_text
from .ovs_flows_buckets import parse_buckets

_ANY_PORT = 1  # in place of the number of a port that is not there


class _Texts:
    """Lines for ``ovs-ofctl``, collected over a bridge: each is a template with ports, and a path to tell it by.
    ``off``: paths of flows whose guest is off, which are looked at only, because the hook brings them."""

    def __init__(self, bridge):
        self._bridge = bridge
        self.lines, self.paths, self.lacking, self.off = [], [], [], set()

    def add(self, path, template, guest=None):
        numbers = dict(self._bridge.ports)
        if guest is not None:
            own = self._bridge.guests.get(guest.interface_id)
            if own not in numbers:
                self.off.add(path)
            numbers[PORT] = numbers.get(own, _ANY_PORT)
        unknown = [name for name in ports_named(template) if name not in numbers]
        if unknown:
            there = ", ".join(sorted(self._bridge.ports)) or "none"
            self.lacking.append(
                Problem(
                    path,
                    unknown[0],
                    "is no port of bridge %s that has a number: there are %s" % (self._bridge.name, there),
                )
            )
            return
        self.lines.append(fill_ports(template, numbers))
        self.paths.append(path)


def _parsed(texts, reader):
    """``({path: Flow}, [Problem])`` of :class:`_Texts`, as ``reader(lines)`` understands them."""
    answers = dict(zip(texts.paths, reader(texts.lines) if texts.lines else ()))
    refused = [
        Problem(path, line, "is not understood by ovs-ofctl: %s" % answers[path].message)
        for path, line in zip(texts.paths, texts.lines)
        if isinstance(answers[path], RefusedFlow)
    ]
    return answers, refused


def meant_by(host, wish, bridge):
    """``(meant, group texts, lacking)``, as a BridgeState has them; of ``bridge`` its ports and guests count.
    Raises InvalidInput naming every flow that ovs-ofctl does not take."""
    flows, actions, words = _Texts(bridge), _Texts(bridge), _Texts(bridge)
    for flow, guest in wish.all_flows():
        flows.add(flow.path, flow.line, guest)
    for group in wish.groups or ():
        for bucket in group.buckets:
            actions.add(bucket.path, bucket.actions)
            words.add(bucket.path, ",".join(bucket.words))
    meant, refused = _parsed(flows, lambda lines: host.ofctl.parse(lines, bridge.protocol))
    filled, more = _parsed(actions, lambda lines: parse_buckets(host.ofctl, lines, bridge.protocol))
    if refused or more:
        raise InvalidInput(refused + more)
    before = dict(zip(words.paths, words.lines))
    groups = {}
    for group in wish.groups or ():
        paths = [bucket.path for bucket in group.buckets]
        if all(path in filled and path in before for path in paths):
            buckets = ["%sactions=%s" % (before[path] and before[path] + ",", filled[path].actions) for path in paths]
            groups[group.number] = group_text(group.kind, buckets)
    known = {path: flow for path, flow in meant.items() if path not in flows.off}
    return known, groups, tuple(flows.lacking + actions.lacking + words.lacking)
