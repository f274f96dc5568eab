# SPDX-License-Identifier: GPL-3.0-or-later
"""Persistent taps, made ahead of time for QEMU without libvirt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .._host.accounts import Accounts
from .link_resource import LinkResource, Setting

NO_ACCOUNT = "none"
LARGEST_ID = 2**32 - 2  # the next one means "nobody" to the kernel (include/linux/uidgid.h, INVALID_UID)
_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


@dataclass(frozen=True)
class Account:
    """A user or group: ``shown`` as iproute2 prints it (name, number where it has none, None for no account),
    ``number`` for commands.
    """

    shown: object = None
    number: object = field(default=None, compare=False)

    def __str__(self):
        return NO_ACCOUNT if self.shown is None else str(self.shown)


def _flag(name, **more):
    return Setting(name, lambda link: bool(link.data.get(name)), lambda value: [name] if value else [], **more)


def _account(name, key):
    def words(account):
        # a number, because iproute2 ends the whole batch at a name that it cannot resolve (ip/iptuntap.c, parse_args);
        # a name only where iproute2 itself said it just now
        return [] if account.shown is None else [key, str(account.shown if account.number is None else account.number)]

    return Setting(name, lambda link: Account(link.data.get(key)), words, live=False)


def _resolve(look_up, items, key):
    """``items`` with the accounts under ``key`` looked up; what is unknown stays text."""
    given = {item[key] for item in items if item.get(key) is not None and item[key] != NO_ACCOUNT}
    numbers = {text: entry[0] for text, entry in look_up(given).items()}
    numbers.update(
        {text: int(text) for text in given - set(numbers) if _NUMBER.fullmatch(text) and int(text) <= LARGEST_ID}
    )
    # iproute2 prints the first name that an id has, which need not be the given one
    names = {text: entry[1] for text, entry in look_up({str(number) for number in numbers.values()}).items()}
    known = {text: Account(names.get(str(number), number), number) for text, number in numbers.items()}
    known[NO_ACCOUNT] = Account()
    return [dict(item, **{key: known.get(item.get(key), item.get(key))}) for item in items]


class Tap(LinkResource):
    kind = "tap"
    link_kind = "tun"
    parameter = "taps"
    mtu_range = (68, 65521)  # drivers/net/tun.c, MAX_MTU: 65535 less the Ethernet header
    for_guests = True
    settings = (
        # whoever opens a tap sets vnet_hdr anew, but is refused when it disagrees about multi_queue
        # (drivers/net/tun.c, tun_set_iff)
        _flag("vnet_hdr", compared=False),
        _flag("multi_queue", live=False),
        _account("owner", "user"),
        _account("group", "group"),
    )

    def validate(self, params, host):
        accounts = Accounts(host.commands)
        taps = _resolve(accounts.users, params[self.parameter], "owner")
        taps = _resolve(accounts.groups, taps, "group")
        return super().validate(dict(params, **{self.parameter: taps}), host)

    def wished_settings(self, item, problems):
        wished = super().wished_settings(item, problems)
        for key, what in (("owner", "user"), ("group", "group")):
            if key in wished and not isinstance(wished[key], Account):
                text = wished.pop(key)
                problems.at(key).add(
                    text, "is no %s of this host: name one that exists, or give a number, or '%s'" % (what, NO_ACCOUNT)
                )
        return wished

    def is_mine(self, link):
        return super().is_mine(link) and link.data.get("type", "tap") == "tap"

    def create_lines(self, making):
        wish = making.wish
        words = (["address", wish.mac] if wish.mac else []) + (["mtu", str(wish.mtu)] if wish.mtu else [])
        return [["tuntap", "add", "dev", wish.name, "mode", "tap"] + self.setting_words(wish)] + self.quiet_lines(
            making, *words
        )

    def notes(self, desired, state):
        for wish in desired.links:
            link = state.get(wish.name)
            wished = wish.settings.get("vnet_hdr")
            if wish.present and link is not None and wished is not None and bool(link.data.get("vnet_hdr")) != wished:
                yield "%s has vnet_hdr %s: whoever opens a tap decides that anew" % (
                    wish.name,
                    "off" if wished else "on",
                )
