# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the benchmarks: the package beside this file."""

from __future__ import annotations

import sys

from vnic_bench.main import main

sys.exit(main(sys.argv[1:]))
