# SPDX-License-Identifier: GPL-3.0-or-later
"""One user of a device, in words."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_PREFIX = "unknown:"


@dataclass(frozen=True)
class User:
    """``text``: a sentence naming it. ``active``: it uses the device now, while a mere definition will some day.

    ``owner``: libvirt writes the MAC address and VLAN of the VF itself, from the guest's or network's XML.
    """

    text: str
    active: bool = True
    owner: bool = False


def unknown(text):
    """Who uses it could not be found out: guards treat that as a user."""
    return User("%s %s" % (UNKNOWN_PREFIX, text))


def is_unknown(sentence):
    return sentence.startswith(UNKNOWN_PREFIX)
