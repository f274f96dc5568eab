# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest's NIC as wished: the parameters checked by themselves, before any host is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .addresses import parse_mac, parse_pci
from .domain_interface_port import clearable, parse_bandwidth, parse_vlans, split_source
from .domain_interface_rules import check_combination
from .fields import MTU_RANGE
from .names import parse_interface_name, parse_nic_name, parse_own_interface_name, parse_uuid
from .sriov_selector import parse_pf

TYPES = ("hostdev", "direct", "bridge", "ethernet", "network")
MODELS = ("virtio", "e1000", "rtl8139")
NO_BACKEND = "none"
BACKENDS = ("vhost", "qemu", NO_BACKEND)
MODES = ("bridge", "private", "vepa", "passthrough")
LINK_STATES = ("up", "down")
VIRTUALPORTS = ("openvswitch",)
RING_SIZES = (0, 256, 512, 1024)  # virtio-net: VIRTIO_NET_RX_QUEUE_MIN_SIZE, VIRTQUEUE_MAX_SIZE (hw/net/virtio-net.c)
MAX_QUEUES = 256  # MAX_TAP_QUEUES (drivers/net/tun.c)
MAX_BOOT_ORDER = 65535
MAX_VF_INDEX = 65535

# What each type of interface needs in `source`, and what it may have.
SOURCES = {
    "hostdev": ((), ("pf", "index", "pci")),
    "direct": (("device", "mode"), ()),
    "bridge": (("bridge",), ("virtualport", "interface_id")),
    "ethernet": (("device",), ()),
    "network": (("network",), ("portgroup",)),
}
_SOURCE_KEYS = "pf index pci device mode bridge virtualport interface_id network portgroup".split()
_KEYS = (
    "name state named slot type source model backend mac vlan trunks native_vlan bandwidth mtu queues rx_queue_size tx_queue_size boot_order link_state"
    " trust_guest_rx_filters port_isolated"
).split()


@dataclass(frozen=True)
class NicWish:
    """One NIC. ``settings``: ``{name of a setting in interface_xml: canonical value}`` of what is not left alone.

    ``vf``: ``(selector, index)`` of a VF that is named by its PF (sriov_selector); until the host was asked it is not
    in the settings.
    ``slot``: the guest's PCI address for a NIC that is made, or None; ``path``: where the user wrote the wish.
    """

    name: str
    present: bool = True
    settings: dict = field(default_factory=dict)
    vf: object = None
    path: str = ""
    slot: object = None

    @property
    def named(self):
        """Whether the NIC carries its name in the XML; one that does not is known by its MAC address."""
        return self.settings.get("name") is not None

    def with_settings(self, **settings):
        return replace(self, settings=dict(self.settings, **settings))


def one_of(value, allowed, what, problems):
    """``value`` if it is among ``allowed``; otherwise None with the problem recorded. None stays None."""
    if value is None or (isinstance(value, str) and value in allowed):
        return value
    hint = " (YAML reads an unquoted on, off, yes or no as a truth value)" if isinstance(value, bool) else ""
    problems.add(value, "is no %s: allowed are %s%s" % (what, ", ".join(allowed), hint))
    return None


def parse_opaque(text):
    """A name that is libvirt's or the kernel's to judge. Raises ValueError for what is no name at all."""
    if not isinstance(text, str) or not text or "\n" in text or "\0" in text:
        raise ValueError("is no name: it must be one non-empty line")
    return text


def unknown_keys(given, known, problems):
    for key in given:
        if key not in known:
            import difflib

            near = difflib.get_close_matches(str(key), known, 1)
            problems.at(str(key)).add(
                given[key], "is no parameter here%s" % (": did you mean %s?" % near[0] if near else "")
            )


def _parse_source(kind, source, problems):
    """``(source, {virtualport, interface_id}, vf)`` of a NIC of type ``kind``; an absent setting is left out."""
    required, optional = SOURCES[kind]
    for key in sorted(source):
        if key not in required + optional:
            problems.at(key).add(
                source[key], "does not belong to type %s, which takes %s" % (kind, ", ".join(required + optional))
            )
    for key in required:
        if source.get(key) is None:
            problems.at(key).add(None, "is missing: type %s needs it" % kind)
    if kind == "hostdev":
        return _parse_vf(source, problems)
    parsers = {
        "bridge": parse_interface_name,
        "device": parse_own_interface_name if kind == "ethernet" else parse_opaque,
    }
    found = {
        key: problems.at(key).parse(parsers.get(key, parse_opaque), source.get(key))
        for key in required
        if key != "mode"
    }
    if kind == "direct":
        found["mode"] = one_of(source.get("mode"), MODES, "macvtap mode of libvirt's", problems.at("mode"))
    if source.get("portgroup") is not None:
        found["portgroup"] = str(source["portgroup"])
    if kind != "bridge":
        return found, {}, None
    port = {
        "virtualport": one_of(source.get("virtualport"), VIRTUALPORTS, "virtual port", problems.at("virtualport")),
        "interface_id": problems.at("interface_id").parse(parse_uuid, source.get("interface_id")),
    }
    # left out, there is none: the bridge and how to join it are one thing
    return found, dict({"virtualport": ""}, **split_source(port)[1]), None


def _parse_vf(source, problems):
    pci = problems.at("pci").parse(parse_pci, source.get("pci"))
    pf = problems.at("pf").parse(parse_pf, source.get("pf"))
    index = problems.at("index").whole(source.get("index"), 0, MAX_VF_INDEX, "index of a virtual function")
    by_pf = source.get("pf") is not None or source.get("index") is not None
    if source.get("pci") is not None and by_pf:
        problems.add(dict(source), "names the virtual function twice: give either pf and index, or pci")
    elif source.get("pci") is None and (source.get("pf") is None or source.get("index") is None):
        problems.add(dict(source), "names no virtual function: give pf and index, or pci")
    return {"pci": pci} if pci else None, {}, (pf, index) if pf is not None and index is not None else None


def _ring(value, allowed, why, problems):
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value in allowed):
        return value
    problems.add(value, "is no ring size: allowed are %s (0: QEMU's default)%s" % (", ".join(map(str, allowed)), why))
    return None


def truth(value, problems):
    if value is None or isinstance(value, bool):
        return value
    problems.add(value, "is neither true nor false")
    return None


def parse_nic(item, problems):
    """The :class:`NicWish` of one list item, with every problem recorded in ``problems``."""
    unknown_keys(item, _KEYS, problems)
    at = problems.at
    name = at("name").parse(parse_nic_name, item.get("name"))
    if item.get("name") is None:
        at("name").add(None, "is missing: it is the NIC's identity")
    named = truth(item.get("named"), at("named"))
    state = one_of(item.get("state", "present"), ("present", "absent"), "state", at("state"))
    settings = {"name": name, "mac": at("mac").parse(parse_mac, item.get("mac"))}
    if state == "absent":
        return NicWish(
            name, False, {key: value for key, value in settings.items() if value is not None}, path=problems.path
        )
    if named is False and item.get("mac") is None:
        at("named").add(False, "needs mac: without a name in the XML it is all that the NIC is known by")
    kind = one_of(item.get("type"), TYPES, "type of interface", at("type"))
    if item.get("type") is None:
        at("type").add(None, "is missing: allowed are %s" % ", ".join(TYPES))
    settings["type"] = kind
    settings["model"] = one_of(item.get("model"), MODELS, "model", at("model"))
    settings["backend"] = one_of(item.get("backend"), BACKENDS, "backend", at("backend"))
    settings.update(parse_vlans(item, problems))
    settings["bandwidth"] = parse_bandwidth(item.get("bandwidth"), at("bandwidth"))
    settings["mtu"] = clearable(item.get("mtu"), MTU_RANGE[0], MTU_RANGE[1], "MTU", at("mtu"))
    settings["queues"] = at("queues").whole(item.get("queues"), 1, MAX_QUEUES, "number of queues")
    settings["rx_queue_size"] = _ring(item.get("rx_queue_size"), RING_SIZES, "", at("rx_queue_size"))
    settings["tx_queue_size"] = _ring(
        item.get("tx_queue_size"),
        RING_SIZES[:2],
        ": QEMU does not start with more on a tap or macvtap",
        at("tx_queue_size"),
    )
    settings["boot_order"] = clearable(item.get("boot_order"), 1, MAX_BOOT_ORDER, "boot order", at("boot_order"))
    settings["link_state"] = one_of(item.get("link_state"), LINK_STATES, "link state", at("link_state"))
    for key in ("trust_guest_rx_filters", "port_isolated"):
        settings[key] = truth(item.get(key), at(key))
    vf = None
    if kind is not None:
        source = item.get("source") or {}
        if not isinstance(source, dict):
            at("source").add(source, "is no dictionary: type %s takes %s" % (kind, ", ".join(sum(SOURCES[kind], ()))))
            source = {}
        source = {key: value for key, value in source.items() if value is not None}
        unknown_keys(source, _SOURCE_KEYS, at("source"))
        known = {key: value for key, value in source.items() if key in _SOURCE_KEYS}
        settings["source"], port, vf = _parse_source(kind, known, at("source"))
        settings.update(port)
    settings = {key: value for key, value in settings.items() if value is not None}
    check_combination(settings, problems)
    if settings.get("model", "virtio") != "virtio":
        settings.pop("backend", None)  # an emulated NIC has only QEMU's, and libvirt keeps no name for it
    if settings.get("backend") == NO_BACKEND:
        settings["backend"] = None
    if named is False:
        settings["name"] = None
    return NicWish(name, True, settings, vf, problems.path, at("slot").parse(parse_pci, item.get("slot")))
