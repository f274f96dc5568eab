# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports in flows by name: a port's number is known only once it is there, and changes when it comes back."""

from __future__ import annotations

import re

PORT = "port"
LOCAL_PORT = 65534  # a bridge's own, OFPP_LOCAL, which ovs-ofctl prints by name
_PLACE = re.compile(r"\{([^{}]*)\}")
_NAME = r"[A-Za-z][A-Za-z0-9_.-]*"
_IN_BRACES = r"[A-Za-z0-9][A-Za-z0-9_.-]*"  # without braces what begins with a digit is a number
# ovs-ofctl(8), "Flow Syntax": ports that are no devices, in either case
RESERVED = ("in_port", "table", "normal", "flood", "all", "controller", "none", "any", "local", "unset")
_FIELD = re.compile(r"x{0,2}reg\d+|NXM_\w+|OXM_\w+|tun_id|tunnel_id|metadata|pkt_mark")  # ovs-actions(7): output:field
_IN_PORT = re.compile(r"(?<![A-Za-z_])in_port=(%s)(?=,|$)" % _NAME)
_OUTPUT = re.compile(r"(?<![A-Za-z_])output:(%s)(?=[,)]|$)" % _NAME)


def _named(pattern, word, text):
    def replace(match):
        name = match.group(1)
        kept = name.lower() in RESERVED or _FIELD.fullmatch(name)
        return match.group() if kept else "%s{%s}" % (word, name)

    text = pattern.sub(replace, text)
    for name in ports_named(text):
        if not re.fullmatch(_IN_BRACES, name):
            raise ValueError("has no port's name in {%s}" % name)
    if set(_PLACE.sub("", text)) & {"{", "}"}:
        raise ValueError("has a brace without its other one: {NAME} stands for the number of the port NAME")
    return text


def name_match_ports(text):
    """``text`` with ``in_port=eth0`` as ``in_port={eth0}``. Raises ValueError for braces that name nothing."""
    return _named(_IN_PORT, "in_port=", text)


def name_action_ports(text):
    """``text`` with ``output:eth0`` as ``output:{eth0}``. Raises ValueError for braces that name nothing."""
    return _named(_OUTPUT, "output:", text)


def ports_named(text):
    """Every name in braces, in order."""
    return _PLACE.findall(text)


def fill_ports(text, numbers):
    """``text`` with the numbers of ``{name: number}`` in place of the names. Raises KeyError for a name without one."""
    return _PLACE.sub(lambda match: str(numbers[match.group(1)]), text)
