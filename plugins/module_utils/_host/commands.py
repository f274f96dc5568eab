# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to other programs: found on a fixed path, in the C locale, without a shell, bounded in time."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from .._model.errors import ApplyFailed, InFlight, Unsupported
from .files import error_name

PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
ENVIRONMENT = {"LC_ALL": "C", "PATH": ":".join(PATH)}


@dataclass(frozen=True)
class Completed:
    """What a program answered: exit code and decoded streams."""

    code: int
    output: str
    errors: str


class Commands:
    def find(self, tool):
        """The absolute path of ``tool``, or None."""
        for directory in PATH:
            path = os.path.join(directory, tool)
            if os.access(path, os.X_OK) and not os.path.isdir(path):
                return path
        return None

    def run(self, argv, stdin="", timeout=60.0, check=True):
        """Run ``argv`` and return :class:`Completed`.

        Raises :class:`Unsupported` when the program is not there, :class:`ApplyFailed` when it cannot be started or, if
        ``check``, exits with another code than 0, and :class:`InFlight` when it neither ends nor dies in its time.
        """
        path = self.find(argv[0])
        if path is None:
            raise Unsupported("%s is not installed on this host (looked in %s)" % (argv[0], ", ".join(PATH)))
        shown = " ".join(argv)
        try:
            process = subprocess.Popen(  # pylint: disable=ansible-bad-function
                [path] + list(argv[1:]),
                env=ENVIRONMENT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                close_fds=True,
            )
        except OSError as error:
            raise ApplyFailed(shown, "it could not be started: " + error_name(error)) from None
        try:
            output, errors = process.communicate(stdin.encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            try:
                process.communicate(timeout=2)
            except subprocess.TimeoutExpired:
                raise InFlight(shown, "neither ended nor died within %g s" % timeout) from None
            raise ApplyFailed(shown, "did not end within %g s and was killed" % timeout) from None
        done = Completed(process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))
        if check and done.code:
            raise ApplyFailed(shown, (done.errors or done.output).strip() or "exit code %d" % done.code)
        return done
