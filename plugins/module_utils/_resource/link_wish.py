# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wished of a link, in values."""

from __future__ import annotations

from dataclasses import dataclass, field

from .._model.names import parse_interface_name

NO_MASTER = ""


def parse_master(text):
    """The name of a bridge, or NO_MASTER for ``none``. Raises ValueError."""
    return NO_MASTER if text == "none" else parse_interface_name(text)


def dying_with(state, name):
    """Names of what stands on ``name`` at any height: the kernel removes it together with its lower device."""
    dying, queue = set(), [name]
    while queue:
        above = set(state.standing_on(queue.pop())) - dying
        dying |= above
        queue += above
    return dying - {name}


@dataclass(frozen=True)
class Setting:
    """One kind-specific setting: how rtnetlink's JSON shows it and how ip-link(8) takes it.

    ``read(link)`` gives the canonical value; ``words(value)`` the words after ``type KIND``; ``live``: whether it can
    change without making
    the link anew, or a function of the values before and after that tells. ``compared``: False where others change it
    after the making.
    """

    name: str
    read: object
    words: object
    live: object = True
    compared: bool = True

    def can_change(self, before, after):
        return self.live(before, after) if callable(self.live) else self.live


@dataclass(frozen=True)
class LinkWish:
    """One link as wished; None leaves a thing alone. ``settings``: ``{setting name: canonical value}``; ``ports``:
    names, for bridges. ``alias``: the kernel's ifalias, which is ours by default; ``master``: a bridge, or NO_MASTER.

    ``path``: where the user wrote it (``vlans[0]``).
    """

    name: str
    present: bool = True
    mtu: object = None
    mac: object = None
    up: object = None
    alias: object = None
    master: object = None
    lower: object = None
    settings: dict = field(default_factory=dict)
    ports: object = None
    purge_ports: bool = False
    path: str = ""


@dataclass(frozen=True)
class Making:
    """How a link is made: as wished, as a port of ``master`` when it was one before, on a kernel with or without
    ``ipv6``. ``ahead``: the one that it replaces goes before all others are made, because one of them takes its place.
    """

    wish: LinkWish
    master: object = None
    ipv6: bool = False
    ahead: bool = False


@dataclass(frozen=True)
class LinksWish:
    """All links of one kind in one call; ``purge``: remove those of ours that are not listed."""

    links: tuple
    purge: bool = False
