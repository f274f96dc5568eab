# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the archive."""

from __future__ import annotations


def main(arguments=None):
    """Returns the exit code."""
    raise NotImplementedError
