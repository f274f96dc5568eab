# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants of the kernel's command line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .kernel_command_line import Argument, CommandLine

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]*", re.ASCII)
_VALUE = re.compile(r"[ -~]+", re.ASCII)
# The shell, GRUB's script language and grubby's sed each read some of these as their own on the way to the kernel.
_UNSAFE = set("\"'\\$`;&|<>{}")
_LOADERS_OWN = ("BOOT_IMAGE", "root", "ro", "rw", "initrd")

# hugepages= counts pages of the size that the hugepagesz= before it names (mm/hugetlb.c, hugepages_setup): their
# order has a meaning.
ORDERED = ("hugepagesz", "hugepages")


def parse_parameter_name(text):
    """A kernel argument's name. Raises ValueError saying what is allowed."""
    if not isinstance(text, str) or not text:
        raise ValueError("is no kernel argument's name: it must be a non-empty string such as 'intel_iommu'")
    if "=" in text:
        raise ValueError(
            'holds a value: write name and value apart, as {name: %s, value: "%s"}' % tuple(text.split("=", 1))
        )
    if not _NAME.fullmatch(text):
        raise ValueError(
            "is no kernel argument's name: allowed are letters, digits, _ . : / + -, beginning with a letter or digit"
        )
    if text in ("True", "False"):
        raise ValueError("is what YAML makes of an unquoted on, off, yes or no: put the name in quotes")
    if text in _LOADERS_OWN:
        raise ValueError(
            "is written by the boot loader's own tools: change it where the root file system is configured"
        )
    return text


def parse_parameter_value(text):
    """A kernel argument's value. Raises ValueError saying what is allowed; None is for bare flags and never comes
    here."""
    if isinstance(text, bool) or text in ("True", "False"):
        raise ValueError(
            'is what YAML makes of an unquoted on, off, yes or no: put the value in quotes, for example value: "on"'
        )
    if not isinstance(text, str) or not text:
        raise ValueError("is no value: leave value out for an argument without one")
    if not _VALUE.fullmatch(text) or _UNSAFE & set(text):
        raise ValueError(
            "cannot travel through a boot loader unharmed: allowed are printable ASCII characters other than %s"
            % " ".join(sorted(_UNSAFE))
        )
    return text


@dataclass(frozen=True)
class BootWish:
    """``present``: arguments in the order they are to have; all arguments of their names are ours. ``absent``: names,
    every value of which goes;
    ``absent_values``: arguments of which only that value goes; ``released``: names of which only others say anything."""

    present: tuple = ()
    absent: tuple = ()
    absent_values: tuple = ()
    released: tuple = ()

    @property
    def keys(self):
        """Each name once, in the user's order; names as the kernel compares them."""
        items = self.present + self.absent + self.absent_values + self.released
        return tuple(dict.fromkeys(item.key for item in items))

    def values(self, key):
        return tuple(argument.value for argument in self.present if argument.key == key)

    def wants(self, key):
        """The arguments of one name, written out; ``""`` when it is to be gone."""
        return " ".join(str(argument) for argument in self.present if argument.key == key)

    def owns(self, argument):
        """Whether ``argument`` is to be replaced or removed."""
        if any(argument.key == item.key for item in self.present + self.absent):
            return True
        return any((argument.key, argument.value) == (item.key, item.value) for item in self.absent_values)

    def only(self, keys):
        """The part of the wish that speaks of ``keys``."""
        return BootWish(
            *(
                tuple(item for item in items if item.key in keys)
                for items in (self.present, self.absent, self.absent_values, self.released)
            )
        )

    def settled(self, others):
        """The wish with what is released as ``others``, a command line or unknown, have it; without that when unknown."""
        keys = {item.key for item in self.released}
        if not isinstance(others, CommandLine):
            return BootWish(self.present, self.absent, self.absent_values)
        found = tuple(argument for argument in others.arguments if argument.key in keys)
        gone = tuple(item for item in self.released if item.key not in {argument.key for argument in found})
        return BootWish(self.present + found, self.absent + gone, self.absent_values)

    def lacking(self, line):
        """The names of which ``line`` does not have exactly what is wished, in the user's order."""
        found = {key for key in self.keys if self._differs(key, line)}
        ordered = [item for item in self.present if item.key in ORDERED]
        keys = {item.key for item in ordered}
        if [item for item in line.arguments if item.key in keys] != ordered:
            found |= keys
        return tuple(key for key in self.keys if key in found)

    def _differs(self, key, line):
        present = line.values(key)
        if self.values(key):
            return present != self.values(key)
        if any(item.key == key for item in self.absent):
            return bool(present)
        return any(item.value in present for item in self.absent_values if item.key == key)

    def applied(self, line):
        """``line`` as wished: ours out wherever they stand, then in once, behind the others."""
        return line.without(self.owns).plus(self.present)

    def unmet(self, running):
        """The names that the running kernel was not given as wished. The same value given twice does no harm there."""
        return self.lacking(CommandLine(dict.fromkeys(running.arguments)))


__all__ = ["Argument", "BootWish", "ORDERED", "parse_parameter_name", "parse_parameter_value"]
