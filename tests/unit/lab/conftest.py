# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab is no part of the collection: its sources are found by path."""

from __future__ import annotations

import sys
from pathlib import Path

LAB = Path(__file__).resolve().parents[2] / "lab"
sys.path[:0] = [str(LAB), str(LAB / "guest")]
