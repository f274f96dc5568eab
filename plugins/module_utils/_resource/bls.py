# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot Loader Specification entries, one file a kernel: RHEL, Fedora and their relatives.

The entries are edited here and not by grubby: it rewrites them in place without syncing them, splits values at
blanks, and its first releases matched
parts of names (``--remove-args=iommu`` also hit ``intel_iommu=on``).
"""

from __future__ import annotations

from .._model import loader_entry
from .._model.action import UNKNOWN
from .._model.errors import Unsupported
from .._model.grub_config import BootEntry
from .._model.grub_defaults import command_line
from .._model.kernel_command_line import CommandLine
from .boot_loader import BootConfiguration, BootLoader, check_configuration, entry_files
from .grub import DEFAULTS, edit_defaults, evaluated, read_sources

KERNEL_INSTALL = "/etc/kernel/cmdline"  # kernel-install(8): the arguments of new entries
ENVIRONMENTS = ("/boot/grub2/grubenv", "/boot/grub/grubenv")
SHARED = "kernelopts"  # RHEL 8: entries say ``options $kernelopts``


class Bls(BootLoader):
    name = "bls"

    def read(self, host):
        path, environment = _environment(host)
        texts = {path: host.files.content(path) or "" for path in entry_files(host)}
        entries = tuple(
            BootEntry(path.rpartition("/")[2], loader_entry.options(text, environment)) for path, text in texts.items()
        )
        inherited = {}
        if any(SHARED in loader_entry.variables(text) for text in texts.values()) and SHARED in environment:
            inherited[path] = CommandLine.parse(environment[SHARED])
        text = host.files.content(KERNEL_INSTALL)
        if text is not None:
            inherited[KERNEL_INSTALL] = CommandLine.parse(" ".join(text.splitlines()))
        sources = read_sources(host, False)
        if sources:
            inherited[DEFAULTS] = command_line(evaluated(sources))
        return BootConfiguration(entries, inherited)

    def change(self, host, wish, swap):
        path, environment = _environment(host)
        if path in self.read(host).inherited and wish.lacking(CommandLine.parse(environment[SHARED])):
            self._share(host, wish, swap, path, environment)
        environment = _environment(host)[1]
        for entry in entry_files(host):
            text = host.files.content(entry) or ""
            lacking = wish.lacking(loader_entry.options(text, environment))
            if lacking:
                swap.replace(entry, loader_entry.rewritten(text, wish.only(lacking)))
        text = host.files.content(KERNEL_INSTALL)
        line = CommandLine.parse(" ".join((text or "").splitlines()))
        if text is not None and wish.lacking(line):
            swap.replace(KERNEL_INSTALL, str(wish.applied(line)) + "\n")
        line = command_line(evaluated(read_sources(host, False)))
        edit_defaults(host, wish if line is UNKNOWN else wish.only(wish.lacking(line)), swap)
        check_configuration(self.read(host), wish, "editing the boot entries")

    @staticmethod
    def _share(host, wish, swap, path, environment):
        """Change what the entries take from GRUB's environment block, by GRUB's own tool."""
        tool = next((name for name in ("grub2-editenv", "grub-editenv") if host.commands.find(name)), None)
        line = wish.applied(CommandLine.parse(environment[SHARED]))
        if tool is None:
            raise Unsupported(
                "the boot entries take their arguments from %s, and grub2-editenv is not installed: set there %s=%s"
                % (path, SHARED, line)
            )
        swap.remember(path)
        host.commands.run([tool, path, "set", "%s=%s" % (SHARED, line)])


def _environment(host):
    """``(path, {name: value})`` of GRUB's environment block; ``(None, {})`` where there is none."""
    for path in ENVIRONMENTS:
        text = host.files.content(path)
        if text is not None:
            return path, loader_entry.grub_environment(text)
    return None, {}
