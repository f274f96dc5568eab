# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch's database, through ``ovs-vsctl``: tables read in one call, changes made in one transaction."""

from __future__ import annotations

import json

from .._model.action import UNKNOWN
from .._model.errors import AppliedUnverified, ApplyFailed, InFlight, Unsupported
from .._model.ovs_value import decode, key_setting, setting, word

# Where the distributions' packages keep these (ovsdb-server(1), ovs-vswitchd(8)); /var/run is /run.
DIRECTORY = "/run/openvswitch"
SOCKET = DIRECTORY + "/db.sock"
SWITCH_PID = DIRECTORY + "/ovs-vswitchd.pid"
SERVICE = "openvswitch-switch on Debian and Ubuntu, openvswitch elsewhere"

RUNNING, STOPPED, NOT_RUNNING = "running", "stopped by a signal", "not running"

READ_SECONDS = 10
WRITE_SECONDS = 10.0
SECONDS_A_COMMAND = 0.1  # a port that is made waits for the kernel; 200 take a few seconds
_ALARM = (-14, 142)  # what --timeout ends with: SIGALRM (ovs-vsctl(8)), with or without a shell between
# EX_DATAERR: committed, and ovs-vswitchd could not set a bridge or port up (NEWS of Open vSwitch, "ovs-vsctl: Exit with
# error code"). 3.1.0 and 3.5.0 of Debian say so on standard error and exit with 0, so that both are looked at.
_NOT_APPLIED = 65
_ERROR_WORDS = "Error detected while setting up"
_NO_CONNECTION = "database connection failed"


class NotRunning(Unsupported):
    """There is no server behind the database's socket: starting the service mends it."""


class Ovs:
    def __init__(self, commands, files):
        self._commands = commands
        self._files = files

    def installed(self):
        return self._commands.find("ovs-vsctl") is not None

    def unavailable(self):
        """Why the database cannot be asked now, what an earlier step may mend: a sentence, or None.

        A socket without a server behind it is found by asking only: see :meth:`tables`.
        """
        if not self.installed():
            return "ovs-vsctl is not installed on this host: install Open vSwitch (openvswitch-switch or openvswitch)"
        if self._files.exists(SOCKET) or self._files.exists(DIRECTORY) and self._files.list_or(DIRECTORY) is UNKNOWN:
            return None
        return "ovsdb-server is not running (there is no %s): start its service, %s" % (SOCKET, SERVICE)

    def switch_state(self):
        """Of ovs-vswitchd, by its own file: ``running``, ``stopped by a signal``, ``not running``, or UNKNOWN."""
        if not self._files.exists(SWITCH_PID):
            known = not self._files.exists(DIRECTORY) or self._files.list_or(DIRECTORY) is not UNKNOWN
            return NOT_RUNNING if known else UNKNOWN
        pid = self._files.read_or(SWITCH_PID)
        if pid is UNKNOWN:
            return UNKNOWN
        pid = pid.strip()
        if not pid.isdigit() or self._files.read_or("/proc/%s/comm" % pid, "").strip() != "ovs-vswitchd":
            return NOT_RUNNING
        after_name = self._files.read_or("/proc/%s/stat" % pid, "").rpartition(")")[2].split()  # proc(5)
        return STOPPED if after_name[:1] == ["T"] else RUNNING

    def tables(self, columns, timeout=READ_SECONDS):
        """``{table: [row]}`` for ``columns``, ``{table: (column, …)}``: everything in one call, of one moment.

        A row is ``{column: value}`` in the values of :func:`decode`. Raises Unsupported when the database does not
        answer, ApplyFailed when it refuses.
        """
        argv = ["ovs-vsctl", "--timeout=%d" % timeout, "--no-wait", "--format=json"]
        for table, names in columns.items():
            argv += ["--", "--columns=%s" % ",".join(names), "list", table]
        done = self._run(argv, timeout)
        if done.code in _ALARM:
            raise Unsupported(
                "ovsdb-server does not answer at %s within %d s: is the service (%s) well?" % (SOCKET, timeout, SERVICE)
            )
        if done.code:
            self._refused(argv, done)
        try:
            printed = [
                json.loads(line) for line in done.output.split("\n") if line
            ]  # strings may hold other ends of lines
            return {
                table: [dict(zip(answer["headings"], map(decode, row))) for row in answer["data"]]
                for table, answer in zip(columns, printed)
            }
        except (ValueError, KeyError, TypeError) as error:
            raise ApplyFailed("ovs-vsctl list", "what it printed is not understood: %s" % error) from None

    def transact(self, commands, wait=True, interfaces=()):
        """Make all ``commands``, each a list of words, in one transaction: all are done or none.

        ``wait``: until ovs-vswitchd has applied them; then it is asked whether one of ``interfaces`` (names) is in error,
        because ovs-vsctl looks at those only that it added itself. Raises :class:`AppliedUnverified` when they were committed and
        ovs-vswitchd reports an error or does not answer in time; ApplyFailed when nothing was committed.
        """
        seconds = int(WRITE_SECONDS + SECONDS_A_COMMAND * len(commands))
        argv = ["ovs-vsctl", "--timeout=%d" % seconds] + ([] if wait else ["--no-wait"])
        for command in commands:
            argv += ["--"] + list(command)
        shown = "ovs-vsctl (%d commands in one transaction)" % len(commands)
        done = self._run(argv, seconds)
        said = " ".join(done.errors.split())
        if done.code in _ALARM:
            self._timed_out(shown, seconds)
        if done.code == _NOT_APPLIED or (not done.code and _ERROR_WORDS in said):
            raise AppliedUnverified(shown, said, self.switch_state(), self.interface_errors())
        if done.code:
            self._refused([shown], done)
        if wait and interfaces:
            errors = {name: error for name, error in self.interface_errors().items() if name in interfaces}
            if errors:
                raise AppliedUnverified(shown, said, self.switch_state(), errors)

    def set_bridge(self, bridge, column, value, wait=True):
        """Set one column of the table Bridge in one transaction; None or an empty tuple clears it."""
        self.transact([["set", "Bridge", bridge, setting(column, value)]], wait)

    def set_bridge_key(self, bridge, column, key, value, wait=True):
        """Set one key of a bridge's ``external_ids`` or ``other_config``; None removes it."""
        if value is None:
            self.transact([["remove", "Bridge", bridge, column, word(key)]], wait)
        else:
            self.transact([["set", "Bridge", bridge, key_setting(column, key, value)]], wait)

    def interface_errors(self):
        """``{interface: what ovs-vswitchd said of it}``, or empty where it cannot be told."""
        try:
            rows = self.tables({"Interface": ("name", "error")})["Interface"]
        except (ApplyFailed, Unsupported):
            return {}
        return {row["name"]: row["error"] for row in rows if isinstance(row["error"], str) and row["error"]}

    def _run(self, argv, timeout):
        return self._commands.run(argv, timeout=timeout + 5.0, check=False)

    def _timed_out(self, shown, seconds):
        """ovs-vsctl counts next_cfg up with what it commits, and ovs-vswitchd lets cur_cfg follow
        (ovs-vswitchd.conf.db(5), table Open_vSwitch)."""
        try:
            row = self.tables({"Open_vSwitch": ("next_cfg", "cur_cfg")})["Open_vSwitch"][0]
        except (ApplyFailed, Unsupported, IndexError):
            raise InFlight(
                shown,
                "no answer within %d s, and ovsdb-server does not tell what became of it (%s)" % (seconds, SOCKET),
            ) from None
        if row["next_cfg"] != row["cur_cfg"]:
            said = "ovs-vswitchd did not apply it within %d s" % seconds
            raise AppliedUnverified(shown, said, self.switch_state(), self.interface_errors())
        raise ApplyFailed(shown, "did not end within %d s; run again to converge" % seconds)

    @staticmethod
    def _refused(argv, done):
        said = " ".join((done.errors or done.output).split()) or "exit code %d" % done.code
        if _NO_CONNECTION in said:
            raise NotRunning("ovsdb-server is not running (%s): start its service, %s" % (said, SERVICE))
        raise ApplyFailed(" ".join(argv[:1]), said)
