# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out the steps of a plan: sysfs for counts and drivers, one line of ``ip -batch`` for each attribute."""

from __future__ import annotations

import errno
import os

from .._model.action import DONE, DRIVER_PROBE, FAILED, UNKNOWN, UNSUPPORTED, Result
from .._model.errors import ApplyFailed, InFlight
from .._model.sriov_drivers import sriov_driver
from .._model.sriov_wish import VFIO
from .._model.vf_attributes import NO_MAC, RATE, merged, read_attributes, words
from .sriov_functions import own_netdev
from .sriov_plan import ATTRIBUTE, AUTOPROBE, COUNT, DRIVER, UP, satisfied

CARRIER_PATIENCE = 10.0
RETRY_PATIENCE = 30.0
POLL = 0.25
UDEV_PATIENCE = 60

_AGAIN = os.strerror(errno.EAGAIN)
_UNSUPPORTED = (
    os.strerror(errno.EOPNOTSUPP),
    os.strerror(errno.EPROTONOSUPPORT),
    "Operation not supported",
    "Protocol not supported",
)

# drivers/pci/iov.c, sriov_numvfs_store and sriov_enable, and the drivers' sriov_configure
_HINTS = {
    "ENOENT": "the driver of the card is not bound or cannot make VFs",
    "ENOMEM": "the firmware left too little address space or too few bus numbers: look for SR-IOV, above-4G decoding "
    "and ARI in its settings, or boot with pci=realloc",
    "ERANGE": "the card cannot have that many",
    "EPERM": "the driver allows fewer, or the kernel is locked down",
    "EBUSY": "other VFs exist meanwhile",
    "EINVAL": "the driver refuses them now, for example while an XDP program is attached",
    "ENOSPC": "the card is out of resources",
}


def vf_budget(count):
    """Seconds that the kernel and udev may take for ``count`` VFs: i40e needs about 22 s for 64, mlx5 65 s for 125."""
    return min(300.0, 10.0 + 2.0 * count)


class Applier:
    """For one batch on one host."""

    def __init__(self, host):
        self._host = host
        self._links = host.ip.links()

    def apply(self, batch):
        phase = batch[0].data.phase
        if phase == ATTRIBUTE:
            return self._attributes(batch)
        one = {UP: self._up, AUTOPROBE: self._autoprobe, COUNT: self._count, DRIVER: self._driver}[phase]
        return [self._tried(one, action) for action in batch]

    @staticmethod
    def _tried(one, action):
        try:
            problem = one(action)
        except InFlight:
            raise
        except ApplyFailed as error:
            problem = str(error)
        return Result(action, FAILED if problem else DONE, problem or "")

    def _name(self, pci):
        """The device's name now: udev may have renamed it since the plan was made."""
        return own_netdev(self._host, pci, self._links)

    def _up(self, action):
        name = self._name(action.data.pci)
        if name is None:
            return "the network device of %s is gone" % action.data.pci
        mode = self._links.get(name).raw.get("inet6_addr_gen_mode")
        lines = [["link", "set", "dev", name, "up"]]
        if mode not in (None, "none"):
            # an uplink of guests is no address of the host: without this it would take one from the first router that
            # it hears
            lines.insert(0, ["link", "set", "dev", name, "addrgenmode", "none"])
        answers = self._host.ip.batch(lines)
        return answers[-1] and "ip %s: %s" % (" ".join(lines[-1]), answers[-1])

    def _autoprobe(self, action):
        self._host.pci.set_autoprobe(action.data.pci, action.after)

    def _count(self, action):
        pci, wished = action.data.pci, action.after
        before = self._host.pci.num_vfs(pci)
        if before != wished:
            problem = self._change_count(pci, before, wished)
            if problem:
                return problem
        self._settle_udev(wished)
        return self._await_vfs(pci, wished)

    def _change_count(self, pci, before, wished):
        timeout = max(120.0, vf_budget(max(wished, before if before is not UNKNOWN else 0)))
        if wished:
            self._await_carrier(pci)
        zeroed = before is UNKNOWN or bool(before and wished)
        if zeroed:
            self._write_count(
                pci, 0, timeout
            )  # from one number straight to another is EBUSY (drivers/pci/iov.c, sriov_numvfs_store)
        try:
            self._write_count(pci, wished, timeout)
        except InFlight:
            raise
        except ApplyFailed as error:
            return str(error) + (self._give_back(pci, before, timeout) if zeroed and before else "")
        return None

    def _write_count(self, pci, count, timeout):
        try:
            self._host.pci.set_num_vfs(pci, count, timeout)
        except InFlight:
            raise
        except ApplyFailed as error:
            hint = _HINTS.get(error.cause.split(" ", 1)[0])
            raise ApplyFailed(
                error.command, "%s%s; the kernel log says more" % (error.cause, ": " + hint if hint else "")
            ) from None

    def _give_back(self, pci, before, timeout):
        """Better the old number of VFs, though without their settings, than none."""
        try:
            self._host.pci.set_num_vfs(pci, before, timeout)
        except ApplyFailed as error:
            return "; there are no VFs now, because giving back the %s that were there failed too (%s)" % (
                before,
                error.cause,
            )
        return "; the %d VFs that were there before were made again, without their settings" % before

    def _settle_udev(self, count):
        """Drivers of VFs are loaded and their devices renamed by udev, some time after the write returned."""
        if count and self._host.commands.find("udevadm"):
            patience = int(min(UDEV_PATIENCE, vf_budget(count)))
            self._host.commands.run(
                ["udevadm", "settle", "--timeout=%d" % patience], timeout=patience + 10.0, check=False
            )

    def _await_vfs(self, pci, wished):
        deadline = self._host.clock.monotonic() + vf_budget(wished)
        while True:
            found = self._host.pci.num_vfs(pci)
            if found is not UNKNOWN and found != wished:
                return (
                    "%d VFs were asked for and the driver made %d, without an error: the physical function is down or "
                    "being reset, or its firmware or resources allow no more; the kernel log says more"
                    % (wished, found)
                )
            there = len(self._host.pci.vf_addresses(pci))
            if there == wished:
                return None
            if self._host.clock.monotonic() > deadline:
                return "%d VFs were asked for and %d appeared within %g s" % (wished, there, vf_budget(wished))
            self._host.clock.sleep(POLL)

    def _await_carrier(self, pci):
        """With the link not up yet, a VF's driver finds its PF in reset, takes a random MAC and stays dead; without a
        cable there is nothing to wait for."""
        name = self._name(pci)
        deadline = self._host.clock.monotonic() + CARRIER_PATIENCE
        while (
            name
            and self._host.files.read_or("/sys/class/net/%s/carrier" % name, "0") != "1"
            and self._host.clock.monotonic() < deadline
        ):
            self._host.clock.sleep(POLL)

    def _attributes(self, batch):
        if any(action.data.new for action in batch) or any(action.data.group == RATE for action in batch):
            for pci in dict.fromkeys(action.data.pci for action in batch if action.data.group == RATE):
                if sriov_driver(self._host.pci.driver(pci)).rate_needs_link:
                    self._await_carrier(pci)  # making VFs may have cut the link a moment ago
        self._links = self._host.ip.links()
        lines = {}
        for action in batch:
            key = (action.data.pci, action.data.index, action.data.group)
            if key not in lines:
                lines[key] = self._line(action.data)
        answers = self._send([line for line in lines.values() if isinstance(line, tuple)])
        results = [
            self._attribute_result(action, lines[action.data.pci, action.data.index, action.data.group], answers)
            for action in batch
        ]
        return self._seen(results)

    def _shown(self, pci):
        name = self._name(pci)
        return {} if name is None else {info.get("vf"): read_attributes(info) for info in self._links.get(name).vfs}

    def _line(self, step):
        """The line that carries a step out as a tuple, or None where the new VF is so already: writing the same again
        resets a VF of i40e."""
        name = self._name(step.pci)
        if name is None:
            return "the network device of %s is gone" % step.pci
        values = step.values
        if step.new:
            current = self._shown(step.pci).get(step.index, {})
            if all(current.get(attribute, UNKNOWN) == value for attribute, value in step.wished.items()):
                return None
            values = merged(step.group, current, step.wished)
        return ("link", "set", "dev", name, "vf", str(step.index)) + tuple(words(step.group, values))

    def _send(self, lines):
        """``{line: None or the kernel's answer}``; EAGAIN, which i40e gives while a VF is in reset, is tried again."""
        answers, left, pause = {}, list(lines), 0.5
        deadline = self._host.clock.monotonic() + RETRY_PATIENCE
        while left:
            answers.update(zip(left, self._host.ip.batch([list(line) for line in left])))
            left = [line for line in left if answers[line] and _AGAIN in answers[line]]
            if not left or self._host.clock.monotonic() + pause > deadline:
                break
            self._host.clock.sleep(pause)
            pause = min(pause * 2, 8.0)
        return answers

    def _attribute_result(self, action, line, answers):
        if isinstance(line, str):
            return Result(action, FAILED, line)
        answer = None if line is None else answers[line]
        if answer is None:
            return Result(action, DONE)
        said = "ip %s: %s" % (" ".join(line), answer)
        if any(text in answer for text in _UNSUPPORTED):
            return Result(
                action, UNSUPPORTED, "the driver %s cannot do it (%s)" % (self._host.pci.driver(action.data.pci), said)
            )
        if _AGAIN in answer:
            said += " (tried again for %g s)" % RETRY_PATIENCE
        return Result(action, FAILED, said)

    def _seen(self, results):
        """A MAC address takes effect later, so the engine does not verify it; that the driver keeps it can be seen
        now."""
        if not any(result.action.effect == DRIVER_PROBE and result.status == DONE for result in results):
            return results
        self._links = self._host.ip.links()
        return [self._seen_one(result) for result in results]

    def _seen_one(self, result):
        step = result.action.data
        if result.action.effect != DRIVER_PROBE or result.status != DONE or result.action.after == NO_MAC:
            return result  # without one of an administrator's the driver may show what the VF chose
        found = self._shown(step.pci).get(step.index, {}).get(result.action.field)
        if found == result.action.after:
            return result
        return Result(result.action, FAILED, "was accepted without an error, but the driver shows %s" % found)

    def _driver(self, action):
        step = action.data
        address = self._host.pci.vf_addresses(step.pci).get(step.index)
        if address is None:
            return "the VF is gone"
        if step.new and self._is_so(step, address, action.after):
            return None
        if action.after == VFIO:
            if self._host.pci.iommu_group(address) is None:
                return "%s is in no IOMMU group, without which VFIO does not take it" % address
            if not self._host.files.exists("/sys/bus/pci/drivers/vfio-pci"):
                self._host.commands.run(["modprobe", "vfio-pci"])
        self._host.pci.rebind(address, VFIO if action.after == VFIO else None)
        return None

    def _is_so(self, step, address, wished):
        vf = next(vf for vf in self._host.pci.virtual_functions(step.pci) if vf.index == step.index)
        return satisfied(wished, vf.vfio, self._host.pci.driver_overrides([address])[address])
