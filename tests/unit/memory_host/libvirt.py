# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's domains, in memory: it assigns, drops and refuses what libvirt 11.3 does (each was tried on a real one)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from ansible_collections.kvm.vnic.plugins.module_utils._host.libvirt import Domain
from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_xml import pci_address
from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import ApplyFailed, Conflict

from .libvirt_devices import Devices, Refused, same_device
from .libvirt_placement import MemoryPlacement


class MemoryLibvirt(MemoryPlacement):
    """``listed``: the domains; ``running``: whether the daemon answers; ``writes``: every device call that changed
    something.

    ``deaf``: names of guests that release nothing; ``missed``: ``{guest's name: how many requests it misses}``, as a
    guest that boots; ``reads_to_release``: how often a guest is read before it has released a device.
    ``failures``: ``{verb or (verb, guest's name): text}``; ``on_call``: called with (verb, guest's name) before every
    write.
    ``network_xml``: ``{name: (XML, active)}``; ``secrets``: ``{guest's name: function(XML) -> XML with secrets}``.
    """

    def __init__(self):
        self.listed = []
        self.running = True
        self.writes = []
        self.deaf = set()
        self.missed = {}
        self.reads_to_release = 2
        self.failures = {}
        self.on_call = lambda verb, name: None
        self.network_xml = {}
        self.secrets = {}
        self._leaving = {}
        self._devices = Devices()

    def define(self, name, uuid, live_xml=None, persistent_xml=None, **more):
        self.listed.append(Domain(name=name, uuid=uuid, live_xml=live_xml, persistent_xml=persistent_xml, **more))

    def only_read(self):
        pass

    def keep_closed(self):
        self.running = False

    def version(self):
        self._connected()
        return "11.3.0"

    def available(self):
        return self.running

    def _connected(self):
        if not self.running:
            raise ApplyFailed("connect to qemu:///system", "Failed to connect socket")

    def domains(self):
        self._connected()
        self._time_passes()
        return sorted(self.listed, key=lambda domain: domain.name)

    def domain(self, uuid):
        self._connected()
        self._time_passes()
        return next((domain for domain in self.listed if domain.uuid == uuid), None)

    def get(self, name):
        """The Domain of that name, without time passing."""
        return next(domain for domain in self.listed if domain.name == name)

    def put(self, name, **changes):
        """Change a Domain behind everybody's back, as another user of libvirt would."""
        self.listed = [replace(domain, **changes) if domain.name == name else domain for domain in self.listed]

    def start(self, name):
        """Start a guest: what runs is what was defined, with what libvirt generates."""
        root = ElementTree.fromstring(self.get(name).persistent_xml)
        for element in root.findall("devices/interface"):
            self._devices.realize(root, element)
        self.put(name, live_xml=ElementTree.tostring(root, encoding="unicode"))

    def stop(self, name):
        self.put(name, live_xml=None, paused=False)
        self._leaving = {key: left for key, left in self._leaving.items() if key[0] != name}

    def _time_passes(self):
        for (name, alias), left in list(self._leaving.items()):
            domain = self.get(name)
            if domain.paused or name in self.deaf:
                continue
            self._leaving[name, alias] = left - 1
            if left <= 1:
                del self._leaving[name, alias]
                self._edit(domain, True, lambda root, alias=alias: self._drop(root, alias))

    @staticmethod
    def _drop(root, alias):
        devices = root.find("devices")
        for element in devices.findall("interface"):
            if element.find("alias") is not None and element.find("alias").get("name") == alias:
                devices.remove(element)

    def _edit(self, domain, live, change):
        field = "live_xml" if live else "persistent_xml"
        root = ElementTree.fromstring(getattr(domain, field))
        change(root)
        self.put(domain.name, **{field: ElementTree.tostring(root, encoding="unicode")})

    def _write(self, verb, uuid, live, config, what, change):
        self._connected()
        assert live != config, "both definitions at once cannot be told apart when one fails"
        domain = next((domain for domain in self.listed if domain.uuid == uuid), None)
        if domain is None:
            raise ApplyFailed("look up domain %s" % uuid, "Domain not found: no domain with matching uuid '%s'" % uuid)
        self.on_call(verb, domain.name)
        domain = self.get(domain.name)
        command = "%s device of %s" % (verb, domain.name)
        for key in (verb, (verb, domain.name)):
            if key in self.failures:
                raise ApplyFailed(command, self.failures[key])
        if live and not domain.running:
            raise ApplyFailed(command, "Requested operation is not valid: domain is not running")
        if config and domain.persistent_xml is None:
            raise ApplyFailed(
                command, "Requested operation is not valid: transient domains do not have any persistent config"
            )
        try:
            self._edit(domain, live, lambda root: change(domain, root))
        except Refused as refused:
            raise ApplyFailed(command, str(refused)) from None
        self.writes.append((verb, domain.name, "live" if live else "config", what))

    def attach(self, uuid, xml, live, config):
        element = ElementTree.fromstring(xml)
        self._write(
            "attach",
            uuid,
            live,
            config,
            self._label(element),
            lambda domain, root: self._attach(domain, root, element, live),
        )

    def _attach(self, domain, root, element, live):
        if live and element.get("type") == "hostdev":
            self._refuse_held(element)
        self._devices.add(root, element, live)

    def _refuse_held(self, element):
        pci = pci_address(element.find("source/address"))
        for other in self.listed:
            if other.running and any(
                pci_address(found.find("source/address")) == pci
                for found in ElementTree.fromstring(other.live_xml).findall("devices/interface")
            ):
                raise Refused(
                    "Requested operation is not valid: PCI device %s is in use by driver QEMU, domain %s"
                    % (pci, other.name)
                )

    def update(self, uuid, xml, live, config):
        element = ElementTree.fromstring(xml)
        change = self._devices.update_live if live else self._devices.update_config
        self._write("update", uuid, live, config, self._label(element), lambda domain, root: change(root, element))

    def detach(self, uuid, xml, live, config):
        element = ElementTree.fromstring(xml)

        def change(domain, root):
            found = same_device(root, element)
            if not live:
                root.find("devices").remove(found)
                return
            alias = found.find("alias").get("name")
            if (domain.name, alias) in self._leaving:
                raise Refused(
                    "internal error: unable to execute QEMU command 'device_del': Device %s is already in"
                    " the process of unplug" % alias
                )
            if self.missed.get(domain.name):
                self.missed[domain.name] -= 1
                return
            self._leaving[domain.name, alias] = self.reads_to_release

        self._write("detach", uuid, live, config, self._label(element), change)

    @staticmethod
    def _label(element):
        alias, mac = element.find("alias"), element.find("mac")
        return (
            alias.get("name") if alias is not None else mac.get("address") if mac is not None else element.get("type")
        )

    def redefine(self, uuid, seen, change):
        self._connected()
        domain = next(domain for domain in self.listed if domain.uuid == uuid)
        changed = change(self.secrets.get(domain.name, str)(domain.persistent_xml))
        self.on_call("define", domain.name)
        domain = self.get(domain.name)
        if domain.persistent_xml != seen:
            raise Conflict(
                "guest %s was redefined by somebody else in between: nothing was written, run again" % domain.name
            )
        if "define" in self.failures:
            raise ApplyFailed("define %s" % domain.name, self.failures["define"])
        self.writes.append(("define", domain.name, "config", changed))
        self.put(domain.name, persistent_xml=changed)

    def network(self, name):
        self._connected()
        return self.network_xml.get(name)

    def close(self):
        pass
