# SPDX-License-Identifier: GPL-3.0-or-later
"""From the settings of the whole switch to those wished."""

from __future__ import annotations

from .._model.action import NOW, Action
from .._model.ovs_offload import KEY
from .._model.ovs_value import key_setting, word
from .ovs_step import REMOVE, Step

SWITCH = "Open vSwitch"  # a name that no bridge can have
HW_OFFLOAD = "hw_offload"


def plan_switch(desired, state, effect):
    """Off is to be without the key, which is its default: what was on is led back to what a new database has."""
    if desired.hw_offload is None or desired.hw_offload == state.hw_offload:
        return
    if desired.hw_offload:
        step = Step(sets=(("Open_vSwitch", ".", key_setting("other_config", KEY, "true")),))
    else:
        step = Step(commands=((REMOVE, ("remove", "Open_vSwitch", ".", "other_config", word(KEY))),))
    yield Action(SWITCH, HW_OFFLOAD, state.hw_offload, desired.hw_offload, "differs", effect, data=step)


def restart_left(actions):
    """A sentence where ovs-vswitchd may have to be started anew. Its manual asks for that after any change
    (ovs-vswitchd.conf.db(5), hw-offload); it takes up at once that offload is on, and until it ends nothing turns that off
    (lib/netdev-offload.c, netdev_set_flow_api_enabled). Nobody tells which of both it runs with."""
    if any((action.target, action.field, action.effect) == (SWITCH, HW_OFFLOAD, NOW) for action in actions):
        yield (
            "hw_offload is written, and ovs-vswitchd is sure to go by it from its next start only; restart it when it suits, "
            "for a restart interrupts every port, so that none is made here"
        )


def stays_until_restart(action):
    """What leading back ``action`` does not reach, because ovs-vswitchd has taken it up by then."""
    if action.after and action.effect == NOW:
        yield "ovs-vswitchd goes on handing flows to cards until it starts anew: nothing else makes it stop"
