# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis without deadlines: the tests share two cores with a booting lab. A run tries the examples of the run before,
so that what turns red is what was changed; ``make explore`` tries new ones."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("explore", deadline=None, print_blob=True)
hypothesis.settings.register_profile("kvm_vnic", deadline=None, derandomize=True)
hypothesis.settings.load_profile("kvm_vnic")
