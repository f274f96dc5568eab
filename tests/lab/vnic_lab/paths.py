# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps what it makes: images in the user's cache, running machines in the checkout's ``.lab``."""

from __future__ import annotations

import os
from pathlib import Path

LAB_SOURCES = Path(__file__).resolve().parents[1]
CHECKOUT = LAB_SOURCES.parents[1]


def cache() -> Path:
    """``$KVM_VNIC_CACHE``, else ``$XDG_CACHE_HOME/kvm-vnic``, else ``~/.cache/kvm-vnic``."""
    stated = os.environ.get("KVM_VNIC_CACHE")
    if stated:
        return Path(stated).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "kvm-vnic"


def state() -> Path:
    """The running lab's directory: git-ignored, one a checkout."""
    return CHECKOUT / ".lab"
