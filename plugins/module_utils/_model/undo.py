# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run's changes to one resource are led back: by converging to what was there. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Undo:
    params: dict = None      # parameters as the module would get them (plain JSON) whose convergence leads what the actions change back; None: nothing to lead back
    consents: tuple = ()     # consents that leading back needs for what the run itself made (never for what others may use by now)
    uncovered: tuple = ()    # sentences on what cannot be led back (points of no return), told to the user
