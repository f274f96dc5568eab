# SPDX-License-Identifier: GPL-3.0-or-later
"""Running other programs: argument lists only, output kept for the error message."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class LabError(Exception):
    """Something the person at the keyboard has to know; printed without a traceback."""


def as_root(argv: Sequence[str]) -> list[str]:
    """The same command with root's rights: itself as root, through sudo otherwise."""
    if os.geteuid() == 0:
        return list(argv)
    if shutil.which("sudo") is None:
        raise LabError(f"needs root for {argv[0]}: run as root or install sudo")
    return ["sudo", "--", *argv]


def run(
    argv: Sequence[str], log: Path | None = None, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> str:
    """Run to the end and return standard output; LabError with the last lines of output when it fails.

    With ``log`` all output goes to that file (appended) and the result is empty. ``pass_fds``: descriptors that it inherits.
    """
    environment = {**os.environ, **env} if env else None
    try:
        if log is None:
            done = subprocess.run(
                list(argv),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                env=environment,
                pass_fds=pass_fds,
                check=False,
            )
            output, tail = done.stdout, done.stderr or done.stdout
        else:
            with log.open("ab") as sink:
                done = subprocess.run(
                    list(argv),
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    env=environment,
                    pass_fds=pass_fds,
                    check=False,
                )
            output, tail = "", log.read_text(errors="replace")
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: no such program") from None
    if done.returncode != 0:
        where = f" (all of it: {log})" if log else ""
        last = "\n".join(tail.splitlines()[-25:])
        raise LabError(f"{' '.join(argv)}\nfailed with exit status {done.returncode}{where}:\n{last}")
    return output
