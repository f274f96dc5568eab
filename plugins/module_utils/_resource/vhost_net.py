# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's vhost-net: whether it is loaded, and whether it sends without copying."""

from __future__ import annotations

from dataclasses import dataclass

from .._model.action import BOOT, DONE, FAILED, GUEST_START, Action, Pending, Result
from .._model.errors import ApplyFailed, Conflict, InvalidInput, Problem, Unsupported
from .resource import Resource
from .vhost_module import CONFIGURATION, MODULE, PARAMETER, configuration_text, read_module

TARGET = MODULE

# drivers/vhost/net.c: VHOST_GOODCOPY_LEN; Linux 5.3, commit 098eadce3c62 "vhost_net: disable zerocopy by default"
ZERO_COPY_FACTS = (
    "zero copy concerns what guests send, in packets of 256 bytes and more, to outside the host; received packets are "
    "always copied. The kernel has it off since 2019, because one slow receiver holds up all of a guest's packets and "
    "the copying path, which batches, is faster for small ones (commit 098eadce3c62)"
)


@dataclass(frozen=True)
class Wish:
    """None leaves a thing alone; ``configuration``: or ``absent``, for no file of ours."""

    loaded: object = None
    zero_copy: object = None
    configuration: object = None


class VhostNet(Resource):
    kind = "vhost_net"

    def validate(self, params, host):
        wish = Wish(params.get("loaded"), params.get("zero_copy"), params.get("configuration"))
        if wish.configuration is not None and wish.zero_copy:
            message = "leaves zero copy off, and zero_copy is true: say one of the two"
            raise InvalidInput([Problem("configuration", wish.configuration, message)])
        return wish

    def leads(self, params):
        fields = {"loaded": ("loaded",), "zero_copy": ("zero_copy", "configuration")}
        return {(TARGET, field) for name, led in fields.items() if params.get(name) is not None for field in led}

    def observe(self, host, desired):
        return read_module(host, desired)

    def plan(self, desired, state):
        actions = []
        if desired.zero_copy is not None:
            self._refuse_zero_copy(desired, state)
            if desired.configuration is None and self._must_be_written(desired, state):
                reason = "is read whenever the module is loaded"
                actions.append(Action(TARGET, "configuration", state.configured, desired.zero_copy, reason))
        if desired.configuration is not None and state.text is not None:
            actions.append(Action(TARGET, "configuration", state.configured, None, "is not to be kept"))
        if desired.loaded is not None and desired.loaded != state.loaded:
            self._refuse_loading(desired, state)
            actions.append(Action(TARGET, "loaded", state.loaded, desired.loaded, "differs"))
        elif state.loaded and desired.zero_copy not in (None, bool(state.zero_copy)) and not state.users:
            reason = "is read when the module is loaded: it is loaded again"
            actions.append(Action(TARGET, "zero_copy", state.zero_copy, desired.zero_copy, reason))
        return actions

    @staticmethod
    def _must_be_written(desired, state):
        if state.configured is None and desired.zero_copy is False:
            # off is the kernel's default: while that shows, nothing needs saying
            return not state.loaded or desired.loaded is False or bool(state.zero_copy)
        return state.configured != desired.zero_copy

    @staticmethod
    def _refuse_zero_copy(desired, state):
        if state.loaded and state.zero_copy is None and desired.zero_copy:
            raise Unsupported(
                "zero_copy: the %s of the kernel %s has no parameter %s" % (MODULE, state.kernel, PARAMETER)
            )
        if state.built_in and state.zero_copy != desired.zero_copy:
            raise Unsupported(
                "zero_copy: %s is built into this kernel, so that its parameter is set at boot only: add %s.%s=%d to "
                "the kernel command line with the module boot_parameters"
                % (MODULE, MODULE, PARAMETER, desired.zero_copy)
            )
        against = [source for source, value in state.foreign if value != desired.zero_copy]
        if against:
            raise Conflict(
                "zero_copy: %s sets %s of %s otherwise than wished: take it out there, because one host has one owner "
                "for it" % (" and ".join(against), PARAMETER, MODULE)
            )

    @staticmethod
    def _refuse_loading(desired, state):
        if desired.loaded:
            if not state.available:
                raise Unsupported(
                    "the kernel %s has no module %s: install the package with its further modules, or another kernel"
                    % (state.kernel, MODULE)
                )
            return
        if state.built_in:
            raise Unsupported("%s is built into this kernel and cannot be unloaded" % MODULE)
        if state.users:
            raise Conflict(
                "refused, nothing was written: unloading %s would need these to stop first: %s"
                % (MODULE, "; ".join(state.users))
            )

    def pending(self, desired, state):
        if desired.zero_copy in (None, bool(state.zero_copy)):
            return
        if state.loaded and state.users:
            reason = "a reload of %s needs these to stop first, and a further run: %s" % (
                MODULE,
                "; ".join(state.users),
            )
            yield Pending(TARGET, "zero_copy", state.zero_copy, desired.zero_copy, BOOT, reason)
        elif not state.loaded and desired.zero_copy and not desired.loaded:
            yield Pending(
                TARGET,
                "zero_copy",
                None,
                True,
                GUEST_START,
                "the module is loaded with it when the first guest opens vhost-net",
            )

    def notes(self, desired, state):
        device = state.device
        if device is not None:
            yield "/dev/vhost-net has mode %04o and belongs to %s:%s" % (device.mode, device.owner, device.group)
            if device.mode & 0o006:
                yield "/dev/vhost-net is open to every user of this host: take that away (0660, group kvm); libvirt "
                "opens it for its guests as root"
        elif state.loaded:
            yield "/dev/vhost-net does not exist although %s is loaded: QEMU cannot use it" % MODULE
        if desired.zero_copy:
            yield ZERO_COPY_FACTS

    def batches(self, actions):
        return [[action] for action in actions]  # what is loaded again must find its configuration written

    def apply(self, host, batch):
        results = []
        for action in batch:
            try:
                self._carry_out(host, action)
                results.append(Result(action, DONE))
            except ApplyFailed as error:
                results.append(Result(action, FAILED, str(error)))
        return results

    @staticmethod
    def _carry_out(host, action):
        if action.field == "configuration" and action.after is None:
            host.files.remove(CONFIGURATION)
            return
        if action.field == "configuration":
            host.files.replace(CONFIGURATION, configuration_text(action.after), 0o644)
            return
        if action.field == "zero_copy" or not action.after:
            # rmmod, because modprobe -r goes on to modules below (tun, tap) that nobody happens to use
            host.commands.run(["rmmod", MODULE])
        if action.field == "zero_copy" or action.after:
            host.commands.run(["modprobe", MODULE])

    def undo(self, desired, before, actions):
        from .vhost_net_undo import undo_vhost_net  # a run that changes nothing does without

        return undo_vhost_net(before, actions)

    def show(self, state):
        device = state.device
        return {
            "loaded": state.loaded,
            "zero_copy": state.zero_copy,
            "configured": state.configured,
            "device": (
                None if device is None else {"mode": "%04o" % device.mode, "owner": device.owner, "group": device.group}
            ),
        }
