# SPDX-License-Identifier: GPL-3.0-or-later
"""Over which queues and CPUs the host spreads packets."""

from __future__ import annotations

from .._model.action import DONE, FAILED, UNKNOWN, Action, Result
from .._model.cpu_set import CpuSet
from .._model.errors import ApplyFailed, Danger, InvalidInput, Problem, Unsupported
from .._model.steering_drivers import MAC_RULES, MAY_RESET, resets_link
from .._model.steering_wish import on_cpus, parse_steering
from .packet_steering_plan import plan_device, unserved
from .packet_steering_state import DEFAULT_MASK, FLOW_ENTRIES, read_state
from .resource import Resource

KERNEL = "kernel"
_ONLINE = "/sys/devices/system/cpu/online"
_RESET_SECONDS = 15.0


class PacketSteering(Resource):
    kind = "packet_steering"

    def validate(self, params, host):
        desired, problems = parse_steering(params)
        problems.raise_if_any()
        online = host.files.read_or(_ONLINE)
        if online is not UNKNOWN:
            online = CpuSet.from_list(online)
            if desired.skips:
                return on_cpus(desired, online)
            absent = [
                Problem(
                    path,
                    str(cpus),
                    "names CPU %s, which is not online on this host: online are %s" % (cpus - online, online),
                )
                for path, cpus in desired.cpu_lists()
                if cpus - online
            ]
            if absent:
                raise InvalidInput(absent)
        return desired

    def observe(self, host, desired):
        return read_state(host, desired)

    @staticmethod
    def _absent(desired, state):
        return [
            Problem(wish.path + ".device", wish.device, "does not exist on this host")
            for wish in desired.devices
            if wish.device not in state.devices
        ]

    def missing(self, desired, state):
        return [] if desired.skips else self._absent(desired, state)

    def _reached(self, desired, state):
        return [(wish, state.devices[wish.device]) for wish in desired.devices if wish.device in state.devices]

    def plan(self, desired, state):
        lacking = [why for wish, device in self._reached(desired, state) for _field, why in unserved(wish, device)]
        if desired.default_cpus is not None and state.default_cpus is UNKNOWN:
            lacking.append("rps_default_cpus: this kernel has no %s" % DEFAULT_MASK)
        if desired.flow_entries is not None and state.flow_entries is UNKNOWN:
            lacking.append("rps_sock_flow_entries: this kernel has no %s" % FLOW_ENTRIES)
        if lacking and not desired.best_effort:
            raise Unsupported("nothing was written: %s (best_effort: true leaves these out)" % "; ".join(lacking))
        actions = []
        if desired.default_cpus not in (None, state.default_cpus) and state.default_cpus is not UNKNOWN:
            before, after = str(state.default_cpus) or "off", str(desired.default_cpus) or "off"
            actions.append(
                Action(KERNEL, "rps_default_cpus", before, after, "every new queue starts with it", data=desired)
            )
        if desired.flow_entries not in (None, state.flow_entries) and state.flow_entries is not UNKNOWN:
            reason = "flows that the kernel remembers"
            actions.append(
                Action(KERNEL, "rps_sock_flow_entries", state.flow_entries, desired.flow_entries, reason, data=desired)
            )
        for wish, device in self._reached(desired, state):
            actions += plan_device(wish, device)
        return actions

    @staticmethod
    def _resets(action, state):
        return action.target in state.devices and resets_link(state.devices[action.target].driver, action.field)

    def dangers(self, host, desired, state, actions):
        """A card that is reset is without a link for a while: guests on its functions, macvtaps and bridges notice."""
        names = sorted({action.target for action in actions if self._resets(action, state)})
        if not names:
            return
        from .consumers import Consumers  # much to load, for a run that hurts someone only

        consumers = Consumers(host, state.links)
        for name in names:
            link = state.links.get(name)
            users = consumers.of_device(name) + ["port of %s" % link.master] * bool(link.master)
            for index, found in sorted((consumers.of_vfs(link.pci) if link.pci else {}).items()):
                users += ["%s#%d: %s" % (name, index, user) for user in found]
            if users:
                fields = sorted(
                    {action.field for action in actions if action.target == name and self._resets(action, state)}
                )
                yield Danger(
                    "link_reset:%s" % name,
                    "changing %s of %s, which resets its link," % (", ".join(fields), name),
                    tuple(users),
                )

    def disturbs(self, action):
        return (action.target,) if action.field in MAY_RESET else ()

    def undo(self, desired, before, actions):
        from .packet_steering_undo import lead_back  # only a run that changes something needs it

        return lead_back(before, actions)

    def leads(self, params):
        return {
            (KERNEL, name) for name in ("rps_default_cpus", "rps_sock_flow_entries") if params.get(name) is not None
        }

    def notes(self, desired, state):
        if desired.skips:
            yield from ("left out: %s" % problem for problem in self._absent(desired, state))
        if desired.best_effort:
            for wish, device in self._reached(desired, state):
                yield from ("left as it is: %s" % why for _field, why in unserved(wish, device))
            for wished, found, name in (
                (desired.default_cpus, state.default_cpus, "rps_default_cpus"),
                (desired.flow_entries, state.flow_entries, "rps_sock_flow_entries"),
            ):
                if wished is not None and found is UNKNOWN:
                    yield "left as it is: %s, which this kernel does not have" % name

    def batches(self, actions):
        return [[action] for action in actions]  # queues are steered once they are there

    def apply(self, host, batch):
        from .packet_steering_apply import carry_out  # only a run that changes something needs it

        results = []
        for action in batch:
            try:
                carry_out(host, action)
                results.append(Result(action, DONE))
            except ApplyFailed as error:
                results.append(Result(action, FAILED, str(error)))
        return results

    def budget(self, actions):
        return _RESET_SECONDS

    def show(self, state):
        shown = {
            name: {
                "rps": {str(queue): str(cpus) for queue, cpus in device.rps.items()},
                "rfs_flows": {str(queue): flows for queue, flows in device.rfs_flows.items()},
                "xps": {str(queue): str(cpus) for queue, cpus in device.xps.items()},
                "channels": device.channels,
                "rss_queues": device.rss_queues,
                "features": device.features,
                MAC_RULES: {rule.mac: rule.queue for rule in device.mac_rules or ()},
            }
            for name, device in state.devices.items()
        }
        shown[KERNEL] = {"rps_default_cpus": str(state.default_cpus), "rps_sock_flow_entries": state.flow_entries}
        return shown
