# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options that the modules which manage a resource share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  allow_disruption:
    description:
      - Consent to single disruptive steps, each by the name that its refusal printed, for example V(vf_count:enp59s0f0).
      - There is no consent to everything.
    type: list
    elements: str
    default: []
  checkpoint:
    description:
      - The RV(kvm.vnic.checkpoint#module:run) that M(kvm.vnic.checkpoint) returned when it opened a checkpoint. What the module changes
        is then part of that run, confirmed or undone with it.
      - The first module of the run that has something to change has the host guard the run before it writes. Where that cannot
        be had, nothing is written.
      - Nothing is written when that run has ended, confirmed or undone, or when another was opened after it.
      - Without it, the module runs by itself, and fails while another run is guarded.
    type: str
    default: ""
"""

    PURGE = r"""
options:
  purge:
    description: Whether things of this kind that the collection made and that are not listed are removed. Things made by others are never removed.
    type: bool
    default: false
"""
