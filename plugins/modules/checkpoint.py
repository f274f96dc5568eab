#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: checkpoint
short_description: Have the host undo a run by itself unless it is confirmed
description:
  - What is not confirmed is undone. V(opened) hands out the token of a run. The first module of the run that has something to
    change has the host guard the run before it does, in a service of its own that no lost connection ends. V(confirmed)
    keeps what the run changed. When that does not come in time, because the run failed or cut itself off, the host leads
    back everything that the run changed, and the next run tells of it.
  - A module is part of the run when its parameter O(kvm.vnic.bridge#module:checkpoint) has the token that V(opened)
    returned. From the first change to the end of the run no other run changes the host.
  - A run in which nothing is to be changed starts no service and writes nothing that outlives a boot. There is nothing to
    confirm or undo then, and V(confirmed) and V(undone) say so.
  - V(undone) undoes the run now, or later one that was confirmed.
  - What was there before is led back to, not the single writes reversed. What others changed meanwhile elsewhere stays.
    What cannot be led back is told, for example VFs that had to be made anew. See C(docs/checkpoint.md).
author:
  - kvm.vnic contributors (@kvm-vnic)
version_added: 0.1.0
extends_documentation_fragment:
  - kvm.vnic._attributes.actiongroup_vnic
attributes:
  check_mode:
    description: Nothing is opened, confirmed or undone in check mode, and RV(run) is empty. RV(told) says so.
    support: partial
    details:
      - Modules that get the empty RV(run) are then part of no run, and change nothing either.
  diff_mode:
    description: Nothing of its own changes that could be shown.
    support: none
  platform:
    description: The systems on which the module runs. They need systemd.
    platforms: linux
    support: full
options:
  state:
    description:
      - V(opened) hands out a token, and notes it in C(/run/kvm-vnic/opened). It fails while another run is guarded, and names
        that with its age. A run before that was cut off, because the host was started anew or its service was killed, is
        undone first. RV(former) tells how the run before ended unless it was confirmed.
      - Only the token that was handed out last can begin a run, and none after a boot. The modules refuse any other and
        change nothing.
      - V(confirmed) keeps what the run O(run) changed. It fails when that run has ended, and tells what was undone and
        why. Prove first, over a new connection, that the host and its guests answer.
      - V(undone) undoes the run O(run) and waits for it. It fails with RV(ignore:error_kind) V(undo_failed) when not
        everything could be led back.
    type: str
    choices: [opened, confirmed, undone]
    required: true
  confirm_within:
    description:
      - Seconds from the end of the run's last step in which V(confirmed) must come, from 10 to 86400. A step that still
        runs is waited for.
      - They are counted from the first change on, by a clock that nobody sets. Only for O(state=opened).
    type: int
    default: 600
  run:
    description:
      - The token that O(state=opened) returned in RV(run). V(confirmed) needs it.
      - Without it, V(undone) undoes the last run that was confirmed and changed something, unless that was undone already;
        or first the last run of all, where that one was cut off or could not be undone.
      - Only these two can be named. What was built on an older run would lose its ground.
    type: str
    default: ''
  reason:
    description:
      - Why the run is undone, at most 200 characters. It is told by the host's service and by the next run. Only for
        O(state=undone).
    type: str
    default: ''
seealso:
  - name: The playbook roll_back
    description: Undoes the last confirmed run of each host.
    link: https://github.com/kvm-vnic/kvm.vnic/blob/main/playbooks/roll_back.yml
"""

EXAMPLES = r"""
- name: Get a token for a run that the host undoes unless it is confirmed within five minutes of its last step
  kvm.vnic.checkpoint:
    state: opened
    confirm_within: 300
  register: checkpoint

- name: A step of the run, guarded from here on if it has something to change
  kvm.vnic.bridge:
    bridges:
      - name: br0
        ports: [ens3]
    checkpoint: "{{ checkpoint.run }}"

- name: A connection that was made before proves nothing
  ansible.builtin.meta: reset_connection

- name: Keep it
  kvm.vnic.checkpoint:
    state: confirmed
    run: "{{ checkpoint.run }}"

- name: Undo what was confirmed last
  kvm.vnic.checkpoint:
    state: undone
    reason: the guests lost packets
"""

RETURN = r"""
changed:
  description:
    - Whether anything was undone, for O(state=opened) an interrupted run. Opening and confirming change nothing but what is
      noted of the run.
  returned: success
  type: bool
run:
  description: The token of the run. Empty in check mode, and where no run was named and there was none to undo.
  returned: success
  type: str
  sample: c3ab8ff13720e8ad
former:
  description:
    - How the run before ended, for O(state=opened) and in check mode; of the run itself for O(state=undone).
    - Empty where it was confirmed or changed nothing, or where there was none.
  returned: success
  type: dict
  contains:
    run:
      description: Its token.
      type: str
    state:
      description:
        - V(undone) or V(undo_failed). V(interrupted) for one that nobody guards and that is not undone yet, which only
          check mode sees. V(unreadable) where the record could not be read, which was set aside then.
      type: str
    opened:
      description: When it was opened, by the host's clock.
      type: str
    why:
      description: Why it was undone.
      type: str
    told:
      description: What was led back and what was not, line by line.
      type: list
      elements: str
    text:
      description: All but the lines in one sentence.
      type: str
  sample:
    run: c3ab8ff13720e8ad
    state: undone
    opened: "2026-11-27T07:49:39Z"
    why: it was not confirmed within 600 s of its last step
    told: ["bridge: br0 is absent again"]
    text: the run c3ab8ff13720e8ad, opened at 2026-11-27T07:49:39Z, was undone, because it was not confirmed within 600 s of its last step
told:
  description:
    - What was undone and what was not, line by line. Of a run that changed nothing, that there was nothing to confirm or
      undo. In check mode, that nothing was done.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.kvm.vnic.plugins.module_utils._module.checkpoint import run_checkpoint


def main():
    run_checkpoint()


if __name__ == "__main__":
    main()
