# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, kvm.vnic contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Attributes that the modules of this collection share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
notes:
  - A run that changes something is alone on its host. It first writes down in C(/var/lib/kvm-vnic/journal) what it is about to
    change; where it cannot, it changes nothing. A run that was cut off is told of by the next one, in RV(ignore:notes).
attributes:
  check_mode:
    description: Can run in C(check_mode) and return what would change without changing anything; dangers and bad input are refused all the same.
    support: full
  diff_mode:
    description: Returns details on what has changed (or would change) in diff mode.
    support: full
  platform:
    description: The systems on which the module runs.
    platforms: linux
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Reads only, so that check mode makes no difference.
    support: full
  diff_mode:
    description: Changes nothing, so that there is no difference to show.
    support: none
  platform:
    description: The systems on which the module runs.
    platforms: linux
    support: full
"""

    ACTIONGROUP_VNIC = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/kvm.vnic.vnic) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - kvm.vnic.vnic
"""
