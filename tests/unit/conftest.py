# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis without deadlines: the tests share two cores with a booting lab."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("kvm_vnic", deadline=None, print_blob=True)
hypothesis.settings.load_profile("kvm_vnic")
