# SPDX-License-Identifier: GPL-3.0-or-later
"""What every boot loader answers, and which one a host has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed, Unsupported, VerificationFailed, VnicError

ENTRIES = "/boot/loader/entries"

_GENERATORS = (("grub-mkconfig", "/boot/grub"), ("grub2-mkconfig", "/boot/grub2"))
_BLSCFG = re.compile(r"^\s*blscfg\b", re.MULTILINE)

_NONE = (
    "found no boot loader to configure (neither grub-mkconfig with /boot/grub, nor grub2-mkconfig with /boot/grub2, "
    "nor entries in %s)" % ENTRIES
)

# Hosts where somebody else writes what GRUB or the entries hold, known by a file, and the way to change it there.
_ELSEWHERE = (
    ("/run/ostree-booted", "rpm-ostree kargs --append-if-missing=ARGUMENT"),
    ("/etc/kernel/proxmox-boot-uuids", "/etc/kernel/cmdline, then proxmox-boot-tool refresh"),
    ("/etc/zipl.conf", "grubby --update-kernel=ALL --args=ARGUMENT, then zipl"),
)


@dataclass(frozen=True)
class BootConfiguration:
    """``entries``: a BootEntry for each kernel that can be booted; ``inherited``: ``{place: command line, or
    unknown}`` that new kernels get. ``own``: the DropIn in a file of ours, None where the loader reads none;
    ``own_text``: of that file, None where it is not there; ``others``: the command lines of ordinary and of recovery
    entries, or unknown, that all but our file give."""

    entries: tuple
    inherited: dict
    own: object = None
    own_text: object = None
    others: tuple = ()

    def lacking(self, wish):
        """The names that an entry, or a kernel installed later, would not get as wished."""
        lines = [entry.line for entry in self.entries] + list(self.inherited.values())
        found = {key for line in lines if line for key in wish.lacking(line)}
        found |= {item.key for item in wish.released if self._is_held(item.key)}
        return tuple(key for key in wish.keys if key in found or not self.entries)

    def _is_held(self, key):
        """Whether our file speaks of the name, or the entries still have what it said once."""
        if self.own is not None and key in self.own.keys:
            return True
        if UNKNOWN in self.others or not self.others:
            return False
        given = [line.values(key) for line in self.others]
        found = [entry.line.values(key) for entry in self.entries]
        return any(values and values not in given for values in found) or bool(given[0]) and given[0] not in found


class FileSwap:
    """Files replaced one after another, and all put back when a later step fails."""

    def __init__(self, files):
        self._files = files
        self._before = []

    def remember(self, path):
        """Note a file that a program is about to change. Returns its real path and its permissions, or None where it
        is new."""
        real = self._files.real_path(path)
        status = self._files.stat(real)
        mode = status["mode"] & 0o7777 if status else None
        self._before.append((real, self._files.content(real), mode))
        return real, mode

    def replace(self, path, text, mode=0o644):
        """Put ``text`` in place, or with None remove the file; permissions stay as they are, ``mode`` is for a new
        file."""
        real, old_mode = self.remember(path)
        if self._before[-1][1] == text:
            return
        if text is None:
            self._files.remove(real)
        else:
            self._files.replace(real, text, mode if old_mode is None else old_mode)

    def undo(self):
        """Put everything back, newest first; a sentence that tells how it went."""
        lost = []
        for path, before, mode in reversed(self._before):
            try:
                if self._files.content(path) == before:
                    continue
                if before is None:
                    self._files.remove(path)
                else:
                    self._files.replace(path, before, mode)
            except ApplyFailed as error:
                lost.append(str(error))
        paths = ", ".join(dict.fromkeys(path for path, _before, _mode in self._before))
        if lost:
            return "PUTTING BACK FAILED (%s): look at %s before the next boot" % ("; ".join(lost), paths)
        return "all files were put back as they were (%s)" % (paths or "none had been touched")


class BootLoader:
    """``name``: for the user; :meth:`read` gives a BootConfiguration; :meth:`write` makes it as wished, or puts back
    all and raises."""

    name = ""

    def read(self, host):
        raise NotImplementedError

    def change(self, host, wish, swap):
        """Do what :meth:`write` promises, through ``swap``, without minding failure."""
        raise NotImplementedError

    def write(self, host, wish):
        swap = FileSwap(host.files)
        try:
            self.change(host, wish, swap)
        except VnicError as error:
            told = swap.undo()
            if isinstance(error, ApplyFailed):
                raise type(error)(error.command, "%s; %s" % (error.cause, told)) from None
            raise type(error)("%s; %s" % (error, told)) from None


def check_configuration(configuration, wish, maker):
    """Raise VerificationFailed when ``configuration`` is not as wished."""
    if not configuration.entries:
        raise VerificationFailed("%s found no kernel to boot" % maker)
    for place, line in [(entry.label, entry.line) for entry in configuration.entries] + list(
        configuration.inherited.items()
    ):
        lacking = wish.lacking(line) if line else ()
        if lacking:
            key = lacking[0]
            raise VerificationFailed(
                "%s made %r with %s where %s was wished: something that it reads later sets it again, look for it there"
                % (maker, place, told(line, key) or "no %s" % key, wish.wants(key) or "no %s" % key)
            )


def told(line, key):
    """The arguments of one name in ``line``, as text."""
    return " ".join(str(argument) for argument in line.arguments if argument.key == key)


def generator(host):
    """``(program, its directory)`` of GRUB's configuration, or None."""
    for tool, directory in _GENERATORS:
        if host.commands.find(tool) and host.files.exists(directory):
            return tool, directory
    return None


def entry_files(host):
    return ["%s/%s" % (ENTRIES, name) for name in host.files.listdir(ENTRIES) if name.endswith(".conf")]


def takes_entries(host):
    """Whether the kernels to boot are those of the Boot Loader Specification's files."""
    if not entry_files(host):
        return False
    grub = generator(host)
    return grub is None or bool(_BLSCFG.search(host.files.content("%s/grub.cfg" % grub[1]) or ""))


def managed_elsewhere(host):
    """How kernel arguments are changed on a host whose boot configuration is generated by something we don't drive;
    else None."""
    for path, way in _ELSEWHERE:
        if host.files.exists(path):
            return way
    return None


def unsupported(host, wish):
    """The error for a host with none of the boot loaders we know, telling what to do by hand."""
    todo = []
    if wish.present:
        todo.append("add by hand: %s" % " ".join(str(argument) for argument in wish.present))
    if wish.absent or wish.absent_values:
        todo.append("take out by hand: %s" % " ".join(str(argument) for argument in wish.absent + wish.absent_values))
    way = managed_elsewhere(host)
    found = "the kernel's arguments are kept by another tool here (%s)" % way if way else _NONE
    return Unsupported("%s; %s" % (found, "; ".join(todo)))
