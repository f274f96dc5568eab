# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's calls that say where a guest's threads run and where its memory lies."""

from __future__ import annotations

# include/libvirt/libvirt-domain.h: virDomainNumatuneMemMode, VIR_DOMAIN_NUMA_MODE, VIR_DOMAIN_NUMA_NODESET
_NUMA_MODES = {"strict": 0, "preferred": 1, "interleave": 2, "restrictive": 3}


def cpu_map(cpus):
    """A set of CPUs in the bindings' form: one truth value for each CPU up to the last one set."""
    return tuple(cpu in cpus for cpu in range(max(cpus) + 1))


class Placement:
    """Part of the door Libvirt. Every call changes either the running (``live``) or the persistent (``config``)
    definition, or both."""

    def pin_vcpu(self, uuid, vcpu, cpus, live, config):
        self._write("pin vCPU %d" % vcpu, uuid, "pinVcpuFlags", (vcpu, cpu_map(cpus)), live, config)

    def pin_emulator(self, uuid, cpus, live, config):
        """All threads of QEMU that are neither vCPU nor IO thread, vhost's workers among them."""
        self._write("pin the emulator", uuid, "pinEmulator", (cpu_map(cpus),), live, config)

    def pin_iothread(self, uuid, iothread, cpus, live, config):
        self._write("pin IO thread %d" % iothread, uuid, "pinIOThread", (iothread, cpu_map(cpus)), live, config)

    def set_numa(self, uuid, mode, nodes, live, config):
        """Memory policy of the whole guest. A running guest takes no ``mode`` (None), and ``nodes`` only where it was
        started in mode restrictive (src/qemu/qemu_driver.c, qemuDomainSetNumaParameters)."""
        parameters = {"numa_nodeset": str(nodes)}
        if mode is not None:
            parameters["numa_mode"] = _NUMA_MODES[mode]
        self._write("set the memory policy", uuid, "setNumaParameters", (parameters,), live, config)
