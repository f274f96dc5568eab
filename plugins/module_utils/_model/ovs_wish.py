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
    """``type``, ``other_config`` of the QoS, ``queues``: ``{number: other_config of the queue}``; all is compared.
    ``row``: the identity of one that is there, in place of all that."""

    type: str
    other_config: dict = field(default_factory=dict)
    queues: dict = field(default_factory=dict)
    row: object = None


@dataclass(frozen=True)
class GiveBack:
    """What a device had before: ``addresses``, ``routes`` as tuples of words of ip(8) without verb and device."""

    addresses: tuple
    routes: tuple


@dataclass(frozen=True)
class PortWish:
    """``interfaces``: names of a bond's members, else None; ``type``: of the interface; ``qos``: a QosWish, ``"none"`` or
    None; ``moves``: whether the host's addresses go to the bridge, None: if the way in needs it; ``owned``: whether a new
    one is marked as ours; ``down``: devices that are to be down; ``give_back``: ``{device: GiveBack}``."""

    name: str
    path: str = ""
    port: Record = Record()
    interface: Record = Record()
    interfaces: object = None
    type: object = None
    qos: object = None
    moves: object = None
    up: bool = True
    present: bool = True
    owned: bool = True
    down: tuple = ()
    give_back: dict = field(default_factory=dict)

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
    present: bool = True


@dataclass(frozen=True)
class BridgeWish:
    """``controllers``, ``ports``, ``mirrors``: tuples or None; ``local``: of the internal interface with its name;
    ``owned``: whether a new one is marked as ours. The ports of an absent one are those that are meant to go with it."""

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
    owned: bool = True

    @property
    def staying(self):
        """The ports that are to be there."""
        return tuple(port for port in self.ports or () if port.present)

    @property
    def leaving(self):
        """Names of the ports that are to be none."""
        return tuple(port.name for port in self.ports or () if not port.present)


@dataclass(frozen=True)
class OvsWish:
    """``skips``: whether what is not there is left out; ``hw_offload``: whether the whole switch hands flows to cards."""

    bridges: tuple
    purge: bool = False
    skips: bool = False
    hw_offload: object = None
