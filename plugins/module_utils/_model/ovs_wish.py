# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wished of Open vSwitch, in values. Everywhere None leaves a thing alone."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """Of one row. ``columns``: ``{Column: canonical value}``; ``maps``: ``{Column: {key: text, or None to remove it}}``."""

    columns: dict = field(default_factory=dict)
    maps: dict = field(default_factory=dict)


@dataclass(frozen=True)
class QosWish:
    """``type``, ``other_config`` of the QoS, ``queues``: ``{number: other_config of the queue}``; all is compared."""

    type: str
    other_config: dict = field(default_factory=dict)
    queues: dict = field(default_factory=dict)


@dataclass(frozen=True)
class PortWish:
    """``interfaces``: names of a bond's members, else None; ``type``: of the interface; ``qos``: a QosWish, ``"none"`` or
    None; ``moves``: whether the host's addresses go to the bridge, None: if the way in needs it."""

    name: str
    path: str = ""
    port: Record = Record()
    interface: Record = Record()
    interfaces: object = None
    type: object = None
    qos: object = None
    moves: object = None
    up: bool = True

    @property
    def members(self):
        """Names of the interfaces of the port as it is made."""
        return self.interfaces or (self.name,)


@dataclass(frozen=True)
class MirrorWish:
    """``vlans``, ``sources``, ``destinations``: tuples or None; either ``output_port`` or ``output_vlan`` is given."""

    name: str
    path: str = ""
    select_all: object = None
    sources: object = None
    destinations: object = None
    vlans: object = None
    output_port: object = None
    output_vlan: object = None


@dataclass(frozen=True)
class BridgeWish:
    """``controllers``, ``ports``, ``mirrors``: tuples or None; ``local``: of the internal interface with its name."""

    name: str
    path: str = ""
    present: bool = True
    bridge: Record = Record()
    local: Record = Record()
    controllers: object = None
    ports: object = None
    purge_ports: bool = False
    mirrors: object = None
    purge_mirrors: bool = False
    up: object = None


@dataclass(frozen=True)
class OvsWish:
    bridges: tuple
    purge: bool = False
