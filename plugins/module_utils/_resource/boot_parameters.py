# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel arguments: kept in the boot loader's configuration, compared with what the running kernel was given."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from .._model.action import BOOT, DONE, UNKNOWN, Action, Pending, Result
from .._model.boot_parameters import ORDERED, BootWish, parse_parameter_name, parse_parameter_value
from .._model.errors import Conflict, InvalidInput, Problem, Unsupported, VerificationFailed
from .._model.fields import Problems
from .._model.kernel_command_line import COMMAND_LINE_SIZE, Argument, CommandLine
from .bls import Bls
from .boot_loader import BootConfiguration, generator, managed_elsewhere, takes_entries, told, unsupported
from .grub import Grub
from .resource import Resource

RUNNING = "/proc/cmdline"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
STATE_DIRECTORY = "/var/lib/kvm-vnic"
RECORD = STATE_DIRECTORY + "/boot_parameters.json"


@dataclass(frozen=True)
class BootState:
    """``loader``: its name, or None; ``running``: the running kernel's command line, or unknown;
    ``asked``: ``{name: {values, boot_id}}``, what the boot configuration held and during which boot a reboot for it
    was asked for;
    ``by_hand``: the error to raise where no loader is known."""

    loader: object
    configuration: BootConfiguration
    running: object
    boot_id: object
    asked: dict = field(default_factory=dict)
    by_hand: object = None


def find_boot_loader(host):
    """The loader that boots this host, or None when it is none that we know how to configure."""
    if managed_elsewhere(host):
        return None
    if takes_entries(host):
        return Bls()
    grub = generator(host)
    return Grub(*grub) if grub else None


def _reason(key, desired, line):
    found, wanted = told(line, key), desired.wants(key)
    if not wanted:
        return "the running kernel was started with %s" % found
    return "the running kernel was started %s" % (
        "with %s instead of %s" % (found, wanted) if found else "without %s" % wanted
    )


class BootParameters(Resource):
    kind = "boot_parameters"

    def validate(self, params, host):
        problems = Problems().at("parameters")
        kinds = {"present": {}, "absent": {}, "released": {}}
        for index, item in enumerate(params["parameters"]):
            at = problems.at(index)
            name = at.at("name").parse(parse_parameter_name, item["name"])
            value = at.at("value").parse(parse_parameter_value, item.get("value"))
            if name is None or (value is None and item.get("value") is not None):
                continue
            argument = Argument(name, value)
            state = item.get("state") or "present"
            if state == "released" and value is not None:
                at.at("value").add(value, "is too much: what is released goes with all its values")
            for other in set(kinds) - {state}:
                if argument.key in {key for key, _value in kinds[other]}:
                    message = "is listed as %s and as %s: what is present already replaces all other values of its name"
                    at.add(str(argument), message % tuple(sorted((state, other), reverse=True)))
            if (argument.key, value) in kinds[state]:
                at.add(str(argument), "occurs twice: list each argument once")
            kinds[state][argument.key, value] = argument
        problems.raise_if_any()
        absent = tuple(kinds["absent"].values())
        return BootWish(
            present=tuple(kinds["present"].values()),
            absent=tuple(argument for argument in absent if argument.value is None),
            absent_values=tuple(argument for argument in absent if argument.value is not None),
            released=tuple(kinds["released"].values()),
        )

    def observe(self, host, desired):
        loader = find_boot_loader(host)
        running = host.files.read_or(RUNNING)
        return BootState(
            loader=loader.name if loader else None,
            configuration=loader.read(host) if loader else BootConfiguration((), {}),
            running=UNKNOWN if running is UNKNOWN else CommandLine.parse(running),
            boot_id=host.files.read_or(BOOT_ID),
            asked=self._asked(host),
            by_hand=None if loader else unsupported(host, desired),
        )

    @staticmethod
    def _asked(host):
        try:
            asked = json.loads(host.files.read_or(RECORD, "{}"))
        except ValueError:
            return {}
        return asked if isinstance(asked, dict) and all(isinstance(entry, dict) for entry in asked.values()) else {}

    @staticmethod
    def _settled(desired, state):
        return desired.settled(state.configuration.others[0] if state.configuration.others else UNKNOWN)

    @staticmethod
    def _unmet(desired, state):
        return () if state.running is UNKNOWN else desired.unmet(state.running)

    def plan(self, desired, state):
        if desired.released and state.configuration.own is None:
            raise Unsupported(
                "%s: nothing can be released here, because this host keeps no file of kvm.vnic's own: say present or "
                "absent" % desired.released[0]
            )
        if state.loader is None:
            if desired.keys and (state.running is UNKNOWN or self._unmet(desired, state)):
                raise state.by_hand
            return []
        lacking = state.configuration.lacking(desired)
        self._check_order(desired, state)
        self._check_length(desired.only(lacking), state)
        settled = self._settled(desired, state)
        actions = [self._change(key, desired, settled, state) for key in lacking]
        desired = settled
        fresh = [key for key in self._unmet(desired, state) if self._is_new(key, desired, state, key in lacking)]
        if fresh and state.boot_id is not UNKNOWN:
            wanted = "; ".join(_reason(key, desired, state.running) for key in fresh)
            actions.append(
                Action(
                    "reboot",
                    "asked_for",
                    None,
                    wanted,
                    "kept, so that a reboot is never asked for twice for the same reason",
                    data=(desired, fresh),
                )
            )
        return actions

    @staticmethod
    def _is_new(key, desired, state, changes):
        entry = state.asked.get(key, {})
        return entry.get("values") != list(desired.values(key)) or (changes and entry.get("boot_id") != state.boot_id)

    @staticmethod
    def _change(key, desired, settled, state):
        entries = state.configuration.entries
        found = list(dict.fromkeys(told(entry.line, key) or None for entry in entries))
        wrong = sum(1 for entry in entries if key in settled.lacking(entry.line))
        if not entries:
            reason = "no boot entry was found"
        elif wrong:
            reason = "%d of %d boot entries differ" % (wrong, len(entries))
        else:
            reason = "kernels installed later would differ"
        return Action(
            key,
            "boot_configuration",
            found[0] if len(found) == 1 else found or None,
            settled.wants(key) or None,
            reason,
            data=desired,
        )

    @staticmethod
    def _check_order(desired, state):
        size, count = ORDERED
        if desired.values(count) and size not in desired.keys:
            for entry in state.configuration.entries:
                if entry.line.values(size):
                    raise Conflict(
                        "boot entry %r has %s, and %s counts pages of the size named before it: list %s too"
                        % (entry.label, told(entry.line, size), count, size)
                    )

    @staticmethod
    def _check_length(wish, state):
        for entry in state.configuration.entries:
            length = len(str(wish.applied(entry.line)))
            if wish.present and length >= COMMAND_LINE_SIZE:
                message = "would make the command line of %r %d characters long: the kernel keeps %d" % (
                    entry.label,
                    length,
                    COMMAND_LINE_SIZE - 1,
                )
                raise InvalidInput([Problem("parameters", " ".join(wish.keys), message)])

    def batches(self, actions):
        changes = [action for action in actions if action.field == "boot_configuration"]
        return [batch for batch in (changes, [action for action in actions if action not in changes]) if batch]

    def apply(self, host, batch):
        if batch[0].field == "boot_configuration":
            find_boot_loader(host).write(host, batch[0].data)
        else:
            desired, keys = batch[0].data
            self._record(host, desired, keys)
        return [Result(action, DONE) for action in batch]

    def _record(self, host, desired, keys):
        asked = self._asked(host)
        boot_id = host.files.read(BOOT_ID)
        asked.update({key: {"values": list(desired.values(key)), "boot_id": boot_id} for key in keys})
        host.files.make_directory(STATE_DIRECTORY, 0o700)
        host.files.replace(RECORD, json.dumps(asked, indent=2, sort_keys=True) + "\n", 0o600)

    def pending(self, desired, state):
        lacking = state.configuration.lacking(desired) if state.loader else ()
        desired = self._settled(desired, state)
        unmet = self._unmet(desired, state)
        missed = [key for key in unmet if key not in lacking and self._was_asked(key, desired, state)]
        if missed:
            raise VerificationFailed(self._told_missed(missed, desired, state))
        return [
            Pending(
                key,
                "kernel_command_line",
                told(state.running, key) or None,
                desired.wants(key) or None,
                BOOT,
                "reboot needed because %s" % _reason(key, desired, state.running),
            )
            for key in unmet
        ]

    @staticmethod
    def _told_missed(keys, desired, state):
        return (
            "the last boot did not take %s, which the boot configuration has had since before it: %s. No further "
            "reboot is asked for. Look at which entry was booted, by which boot loader (%s), then reboot by hand, or "
            "remove %s to have a reboot asked for again"
            % (
                ", ".join(desired.wants(key) or "the removal of %s" % key for key in keys),
                "; ".join(_reason(key, desired, state.running) for key in keys),
                told(state.running, "BOOT_IMAGE") or "%s names no BOOT_IMAGE: not started by GRUB?" % RUNNING,
                RECORD,
            )
        )

    @staticmethod
    def _was_asked(key, desired, state):
        entry = state.asked.get(key, {})
        return (
            entry.get("values") == list(desired.values(key))
            and UNKNOWN not in (state.boot_id, entry.get("boot_id"))
            and entry["boot_id"] != state.boot_id
        )

    def notes(self, desired, state):
        if not desired.keys:
            return []
        if state.loader is None:
            return ["no boot loader that kvm.vnic can configure was found; the running kernel was started as wished"]
        if state.running is UNKNOWN:
            return ["%s cannot be read: whether a reboot is needed is unknown" % RUNNING]
        return [
            "%s cannot be read without running it: whether kernels installed later get the arguments is unknown" % place
            for place, line in state.configuration.inherited.items()
            if line is UNKNOWN
        ]

    def facts(self, outcome):
        reasons = [pending.reason.partition("because ")[2] for pending in outcome.pending]
        return {
            "reboot_needed": bool(reasons),
            "reboot_reasons": reasons,
            "boot_loader": outcome.after.loader or "unknown",
        }

    def undo(self, desired, before, actions):
        from .boot_parameters_undo import undo_boot_parameters  # a run that changes nothing does without

        return undo_boot_parameters(desired, before, actions)

    def show(self, state):
        return {
            "boot_entries": {
                "%d %s" % (index, entry.label): str(entry.line)
                for index, entry in enumerate(state.configuration.entries)
            },
            "new_kernels": {
                place: line if line is UNKNOWN else str(line) for place, line in state.configuration.inherited.items()
            },
        }
