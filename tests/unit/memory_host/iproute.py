# SPDX-License-Identifier: GPL-3.0-or-later
"""``ip`` over links in memory: strict about the words it knows, so that a misspelt command fails a test."""

from __future__ import annotations

import json
import shlex

from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Completed

from . import upper_devices
from .upper_devices import Refused


def _new(name, index, **more):
    link = {
        "ifindex": index,
        "ifname": name,
        "flags": ["BROADCAST", "MULTICAST"],
        "mtu": 1500,
        "operstate": "DOWN",
        "address": "02:00:00:00:00:%02x" % (index % 256),
        "inet6_addr_gen_mode": "eui64",
    }
    link.update(more)
    return link


class MemoryIp:
    """``links``: ``{name: raw link as ip -j prints it}``; ``addresses``, ``routes``: as ip prints them; ``writes``:
    every batch line that changed something.

    ``failures``: ``{line text: answer}`` refuses a line as the kernel would; ``vf_refusals``: ``{(device, attribute's
    word): answer}``.
    ``elsewhere``: ``{named network namespace: its raw links}``.
    """

    def __init__(self):
        self.links, self.addresses, self.routes, self.namespaces = {}, [], [], []
        self.writes, self.failures, self.vf_refusals, self.elsewhere = [], {}, {}, {}
        self.accounts = {}  # {("user", 107): "libvirt-qemu"}: the numbers that have names
        self._index = 0
        self.add("lo", mtu=65536, flags=["LOOPBACK", "UP", "LOWER_UP"])

    def add(self, name, kind=None, data=None, up=False, **more):
        """Put a link there as if it had always been."""
        self._index += 1
        link = _new(name, self._index, **more)
        if kind:
            link["linkinfo"] = {"info_kind": kind, "info_data": data or {}}
        self.links[name] = link
        if up:
            self._up(link, True)
        return link

    def __call__(self, argv, stdin):
        if argv[1:2] == ["-n"] and argv[3:] == ["-d", "-j", "link", "show"]:
            return json.dumps(self.elsewhere.get(argv[2], []))
        words = [word for word in argv[1:] if word not in ("-d", "-j", "-4", "-6")]
        if words[:2] == ["link", "show"]:
            return json.dumps(list(self.links.values()))
        if words[:2] == ["address", "show"]:
            return json.dumps(self.addresses)
        if words[:2] == ["route", "show"]:
            return json.dumps([] if "-6" in argv else self.routes)
        if words[:2] == ["netns", "list"]:
            return json.dumps([{"name": name} for name in self.namespaces])
        if words == ["-force", "-batch", "-"]:
            return self._batch(stdin)
        raise AssertionError("unknown ip command %r" % (argv,))

    def _batch(self, script):
        errors, code = "", 0
        for number, line in enumerate(script.splitlines(), 1):
            try:
                self._line(line)
            except Refused as refused:
                errors += "%s\nCommand failed -:%d\n" % (refused, number)
                code = 1
        return Completed(code, "", errors)

    def _line(self, line):
        if line in self.failures:
            raise Refused(self.failures[line])
        words = shlex.split(line)
        verb = "_%s_%s" % (words[0], words[1])
        if not hasattr(self, verb):
            raise AssertionError("unknown line %r" % line)
        getattr(self, verb)(words[2:])
        self.writes.append(line)

    def get(self, name):
        if name not in self.links:
            raise Refused('Cannot find device "%s"' % name)
        return self.links[name]

    @staticmethod
    def _up(link, up):
        flags = [flag for flag in link["flags"] if flag not in ("UP", "LOWER_UP")]
        link["flags"] = flags + (["UP", "LOWER_UP"] if up else [])

    def _link_add(self, words):
        words, kind, settings = self._split_type(words)
        options = {}
        up = False
        while words:
            key = words.pop(0)
            if key == "up":
                up = True
            elif key in ("link", "name", "address", "mtu"):
                options[key] = words.pop(0)
            else:
                raise AssertionError("unknown word %r in link add" % key)
        if options["name"] in self.links:
            raise Refused("RTNETLINK answers: File exists")
        more = {}
        if "link" in options:
            settings = upper_devices.check_new(self, kind, options, settings, up)
            if kind == "vlan":  # net/8021q/vlan_dev.c, vlan_dev_init: eth_hw_addr_inherit
                more["address"] = self.get(options["link"])["address"]
            more["link"] = options["link"]
            more["mtu"] = self.get(options["link"])["mtu"]
        if "address" in options:
            more["address"] = options["address"]
        if "mtu" in options:
            more["mtu"] = int(options["mtu"])
        link = self.add(options["name"], kind, up=up, **more)
        self._settings(link, settings)
        upper_devices.added(self, link)

    def _tuntap_add(self, words):
        assert words[0] == "dev" and words[2:4] == ["mode", "tap"], words
        if words[1] in self.links:
            raise Refused("ioctl(TUNSETIFF): Device or resource busy")
        data = {"type": "tap", "pi": False, "vnet_hdr": False, "multi_queue": False, "persist": True}
        rest = iter(words[4:])
        for word in rest:
            if word in ("user", "group"):
                given = next(rest)
                number = (
                    int(given)
                    if given.isdigit()
                    else {name: key[1] for key, name in self.accounts.items() if key[0] == word}[given]
                )
                data[word] = self.accounts.get((word, number), number)
            elif word in ("vnet_hdr", "multi_queue"):
                data[word] = True
            else:
                raise AssertionError("unknown word %r in tuntap add" % word)
        self.add(words[1], "tun", data)

    @staticmethod
    def _split_type(words):
        if "type" not in words:
            return words, None, []
        at = words.index("type")
        return words[:at], words[at + 1], words[at + 2 :]

    @staticmethod
    def _settings(link, words):
        """``key value`` pairs as numbers where they are numbers, as ``ip -j`` prints most of them; kinds that differ
        override this."""
        data = link.setdefault("linkinfo", {}).setdefault("info_data", {})
        while words:
            key, value = words.pop(0), words.pop(0)
            data[key] = int(value) if value.isdigit() else value

    def _link_delete(self, words):
        assert words[0] == "dev"
        self.get(words[1])
        upper_devices.removed(self, self.links.pop(words[1]))
        for name in [name for name, link in self.links.items() if link.get("link") == words[1]]:
            self._link_delete(["dev", name])
        for link in self.links.values():
            if link.get("master") == words[1]:
                del link["master"]

    def _link_set(self, words):
        assert words[0] == "dev"
        link = self.get(words[1])
        words, kind, settings = self._split_type(words[2:])
        while words:
            key = words.pop(0)
            if key in ("up", "down"):
                upper_devices.set_up(self, link, key == "up")
            elif key == "nomaster":
                link.pop("master", None)
            elif key == "master":
                self.get(words[0])
                upper_devices.check_port(self, link)
                link["master"] = words.pop(0)
            elif key == "vf":
                self._vf(link, int(words[0]), words[1:])
                words = []
            elif key == "addrgenmode":
                link["inet6_addr_gen_mode"] = words.pop(0)
            elif key == "alias":
                link["ifalias"] = words.pop(0)
            elif key == "mtu":
                upper_devices.set_mtu(self, link, int(words.pop(0)))
            elif key == "address":
                upper_devices.set_address(self, link, words.pop(0))
            else:
                raise AssertionError("unknown word %r in link set" % key)
        if kind and upper_devices.may_set(link, kind, settings):
            self._settings(link, settings)

    def _vf(self, link, index, words):
        """Attributes of a VF, one rtnetlink attribute a line; ``vf_refusals``: ``{(device, first word): answer}``."""
        infos = [info for info in link.get("vfinfo_list", ()) if info["vf"] == index]
        if not infos:
            raise Refused("RTNETLINK answers: Invalid argument")
        if (link["ifname"], words[0]) in self.vf_refusals:
            raise Refused(self.vf_refusals[link["ifname"], words[0]])
        info, given = infos[0], dict(zip(words[::2], words[1::2]))
        if set(given) == {"mac"}:
            info["address"] = given["mac"]
        elif "vlan" in given and set(given) <= {"vlan", "qos", "proto"}:
            tag = {"vlan": int(given["vlan"]), "qos": int(given.get("qos", 0))}
            tag = {key: value for key, value in tag.items() if value}
            info["vlan_list"] = [dict(tag, protocol=given["proto"]) if "proto" in given else tag]
        elif set(given) == {"min_tx_rate", "max_tx_rate"}:
            info["rate"] = {"min_tx": int(given["min_tx_rate"]), "max_tx": int(given["max_tx_rate"])}
        elif set(given) == {"state"} and given["state"] in ("auto", "enable", "disable"):
            info["link_state"] = given["state"]
        elif len(given) == 1 and words[0] in ("spoofchk", "trust", "query_rss") and words[1] in ("on", "off"):
            info[{"query_rss": "query_rss_en"}.get(words[0], words[0])] = words[1] == "on"
        else:
            raise AssertionError("unknown words %r for a VF" % (words,))
