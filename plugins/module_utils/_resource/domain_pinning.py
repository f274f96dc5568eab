# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the threads of libvirt's guests run and where their memory lies."""

from __future__ import annotations

from .._model.action import DONE, FAILED, UNKNOWN, Result
from .._model.domain_pinning_wish import PinningWishes, parse_pinning
from .._model.domain_pins_edit import edited
from .._model.errors import InvalidInput, Unsupported, VnicError
from .._model.fields import Problems
from .domain_pinning_checks import emulator_cpus, missing, refusals
from .domain_pinning_plan import LIVE, PERSISTENT, PIN_WORKER, REDEFINE, definitions, plans_of
from .domain_pinning_state import read_state
from .resource import Resource


class DomainPinning(Resource):
    kind = "domain_pinning"

    def validate(self, params, host):
        problems = Problems().at("domains")
        guests = parse_pinning(params["domains"] or (), problems)
        problems.raise_if_any()
        return PinningWishes(guests)

    def patient(self, params):
        """Which worker of vhost serves a NIC shows once the guest's driver runs."""
        domains = [
            dict(domain, vhost=[dict(worker, required=False) for worker in domain.get("vhost") or ()])
            for domain in params.get("domains") or ()
        ]
        return dict(params, domains=domains)

    def observe(self, host, desired):
        return read_state(host, desired)

    def missing(self, desired, state):
        return missing(desired, state)

    def plan(self, desired, state):
        problems = refusals(desired, state)
        if problems:
            raise InvalidInput(problems)
        plans = plans_of(desired, state)
        unclear = [sentence for plan in plans for sentence in plan.unclear]
        if unclear:
            raise Unsupported("refused, nothing was written: " + "; ".join(unclear))
        return definitions(plans) + [action for plan in plans for action in plan.live]

    def pending(self, desired, state):
        return [pending for plan in plans_of(desired, state) for pending in plan.pending]

    def notes(self, desired, state):
        left = [sentence for plan in plans_of(desired, state) for sentence in plan.left]
        return left + [
            note for wish, pinned in zip(desired.guests, state.guests) for note in _notes(wish, pinned, state)
        ]

    def apply(self, host, batch):
        results, done = [], {}
        for action in batch:
            step = action.data
            if id(step) not in done:
                try:
                    _carry_out(host, step)
                    done[id(step)] = ""
                except VnicError as error:
                    done[id(step)] = str(error)
            results.append(Result(action, FAILED if done[id(step)] else DONE, done[id(step)]))
        return results

    def undo(self, desired, before, actions):
        from .domain_pinning_undo import undo_of  # only a run that changes something needs it

        return undo_of(before, actions)

    def facts(self, outcome):
        return {"domains": [_facts(pinned) for pinned in outcome.after.guests]}

    def show(self, state):
        return {
            pinned.name: {
                "persistent": _definition(pinned.persistent),
                "live": _definition(pinned.live),
                "vhost": _workers(pinned),
            }
            for pinned in state.guests
        }


def _carry_out(host, step):
    uuid = step.guest.uuid
    if step.verb == REDEFINE:
        host.libvirt.redefine(uuid, step.guest.persistent.text, lambda text: edited(text, step.arguments))
    elif step.verb == PIN_WORKER:
        host.threads.pin(*step.arguments)
    else:
        scopes = {"live": step.scope == LIVE, "config": step.scope == PERSISTENT}
        getattr(host.libvirt, step.verb)(uuid, *step.arguments, **scopes)
    for thread, cpus in step.keep:
        # new CPUs for the control group spread its threads anew: before Linux 6.2 all of them, since then those whose
        # own choice does not fit (kernel/cgroup/cpuset.c, update_tasks_cpumask; kernel/sched/core.c, user_cpus_ptr)
        if host.threads.allowed(thread) != cpus:
            host.threads.pin(thread, cpus)


def _notes(wish, pinned, state):
    if wish.vhost and pinned.live is None:
        yield (
            "guest %s is off: its vhost workers are made at its start and take over the emulator's CPUs; run this again "
            "then, to pin each" % pinned.name
        )
    pins = pinned.live or pinned.persistent
    if wish.memory is not None and pins.memnodes:
        cells = ", ".join(pins.memnodes)
        yield "guest %s has a memory policy of its own for its cells %s, which is left alone" % (pinned.name, cells)
    if pinned.live is None or pinned.workers.workers is UNKNOWN:
        return
    emulator = emulator_cpus(wish, pinned, state)
    for worker in pinned.workers.workers:
        cpus = worker.thread.cpus
        if wish.emulator and cpus is not UNKNOWN and not cpus <= emulator:
            yield "vhost worker %d of guest %s runs on %s, outside the emulator's CPUs %s" % (
                worker.thread.tid,
                pinned.name,
                cpus,
                emulator,
            )


def _text(cpus):
    return None if cpus is None else str(cpus)


def _by_number(pins):
    return {str(number): str(cpus) for number, cpus in sorted(pins.items())}


def _definition(pins):
    """What is pinned; None for what may run anywhere."""
    if pins is None:
        return None
    memory = pins.memory
    return {
        "vcpus": _by_number(pins.vcpu_pins),
        "vcpu_default": _text(pins.cpuset),
        "emulator": _text(pins.emulator),
        "iothreads": _by_number(pins.iothread_pins),
        "memory": None if memory is None else {"mode": memory.mode, "nodes": str(memory.nodes)},
        "hugepages": {"size_kib": pins.hugepages[0] or None} if pins.hugepages else None,
    }


def _workers(pinned):
    if pinned.workers.workers is UNKNOWN:
        return UNKNOWN
    return [worker.to_dict() for worker in pinned.workers.workers]


def _facts(pinned):
    """Each vCPU by its number, with the CPUs that it may run on; null for everywhere."""
    pins = pinned.live or pinned.persistent
    cpus = {str(number): _text(pins.cpus_of(pins.vcpu_pins.get(number))) for number in range(pins.vcpus)}
    return dict(
        _definition(pins),
        name=pinned.name,
        uuid=pinned.guest.uuid,
        running=pinned.live is not None,
        vcpus=cpus,
        emulator=_text(pins.cpus_of(pins.emulator)),
        vhost=_workers(pinned),
    )
