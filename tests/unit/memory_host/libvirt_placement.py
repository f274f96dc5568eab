# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's pins and memory policies, in memory."""

from __future__ import annotations

from xml.etree import ElementTree

from ansible_collections.kvm.vnic.plugins.module_utils._model.domain_pins import read_pins

from .libvirt_devices import Refused


def _child(parent, tag):
    found = parent.find(tag)
    return ElementTree.SubElement(parent, tag) if found is None else found


def _pin(root, tag, key, number, cpus):
    tune = _child(root, "cputune")
    for old in tune.findall(tag):
        if key is None or old.get(key) == str(number):
            tune.remove(old)
    ElementTree.SubElement(tune, tag, {} if key is None else {key: str(number)}).set("cpuset", str(cpus))


class MemoryPlacement:
    """Part of MemoryLibvirt; its ``_write`` does the rest."""

    def pin_vcpu(self, uuid, vcpu, cpus, live, config):
        def change(domain, root):
            if vcpu >= read_pins(root).vcpus:
                raise Refused("invalid argument: vcpu %d is out of range of %s cpu count" % (vcpu, "live"))
            _pin(root, "vcpupin", "vcpu", vcpu, cpus)

        self._write("pin_vcpu", uuid, live, config, (vcpu, str(cpus)), change)

    def pin_emulator(self, uuid, cpus, live, config):
        self._write(
            "pin_emulator",
            uuid,
            live,
            config,
            str(cpus),
            lambda domain, root: _pin(root, "emulatorpin", None, None, cpus),
        )

    def pin_iothread(self, uuid, iothread, cpus, live, config):
        def change(domain, root):
            if iothread not in read_pins(root).iothreads:
                raise Refused("invalid argument: iothread %d not found" % iothread)
            _pin(root, "iothreadpin", "iothread", iothread, cpus)

        self._write("pin_iothread", uuid, live, config, (iothread, str(cpus)), change)

    def set_numa(self, uuid, mode, nodes, live, config):
        def change(domain, root):
            memory = _child(_child(root, "numatune"), "memory")
            if live and mode not in (None, memory.get("mode")):
                raise Refused("Requested operation is not valid: can't change numatune mode for running domain")
            if live and memory.get("mode") != "restrictive":
                raise Refused(
                    "Requested operation is not valid: change of nodeset for running domain requires restrictive numa"
                    " mode"
                )
            if mode is not None:
                memory.set("mode", mode)
            memory.set("nodeset", str(nodes))
            memory.attrib.pop("placement", None)

        self._write("set_numa", uuid, live, config, (mode, str(nodes)), change)
