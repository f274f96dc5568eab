# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own file among those that grub-mkconfig sources: it takes arguments out of what the files before it gave and
puts ours in.

So nobody else's file is edited, what others add later still counts, and an argument that others set differently is
replaced, not doubled.
"""

from __future__ import annotations

from dataclasses import dataclass

from .action import UNKNOWN
from .grub_defaults import MAIN, VARIABLES
from .kernel_command_line import CommandLine

PATH = "/etc/default/grub.d/zz-kvm-vnic.cfg"  # sourced in the order of names

_OURS, _WITHOUT = "kvm_vnic_arguments='", "kvm_vnic_without='"

# The words are split as the kernel splits them: blanks inside double quotes do not.
_TEXT = """\
# Kept by the Ansible module kvm.vnic.boot_parameters: changes are lost at its next run.
# Takes the arguments named in the second list out of what the files before this one gave, and puts the first list in.
%(ours)s%(arguments)s'
%(without)s%(names)s'
kvm_vnic_others() {
  KVM_VNIC_TEXT="$1" KVM_VNIC_WITHOUT="$kvm_vnic_without" awk 'function keep(name, value) {
    name = value = word
    if (word ~ /^"/) { sub(/^"/, "", name); sub(/"$/, "", name); value = name }
    sub(/=.*/, "", name); gsub(/-/, "_", name)
    if (!sub(/^[^=]*=/, "", value)) value = ""
    if (value ~ /^".*"$/) value = substr(value, 2, length(value) - 2)
    if (word == "--") rest = 1
    if (rest || !((name in gone) || ((name "=" value) in gone))) printf " %%s", word
    word = ""
  }
  BEGIN {
    count = split(ENVIRON["KVM_VNIC_WITHOUT"], names, "\\n")
    for (i = 1; i <= count; i++) if (names[i] != "") gone[names[i]] = 1
    text = ENVIRON["KVM_VNIC_TEXT"]
    for (i = 1; i <= length(text); i++) {
      char = substr(text, i, 1)
      if (char == "\\"") quoted = !quoted
      if (quoted || char !~ /[ \\t\\n\\v\\f\\r]/) word = word char
      else if (word != "") keep()
    }
    if (word != "") keep()
  }'
}
%(assignments)s"""


@dataclass(frozen=True)
class DropIn:
    """``arguments``: what it adds, in order; ``without``: what else it takes out, as a name or ``name=value``, names
    as the kernel compares them."""

    arguments: tuple = ()
    without: tuple = ()

    def __bool__(self):
        return bool(self.arguments or self.without)

    def takes(self, argument):
        return argument.key in self._names or "%s=%s" % (argument.key, argument.value or "") in self.without

    @property
    def keys(self):
        """The names of which it says anything."""
        return self._names | {name.split("=", 1)[0] for name in self.without}

    @property
    def _names(self):
        return {argument.key for argument in self.arguments} | set(self.without)

    def text(self):
        names = list(dict.fromkeys([argument.key for argument in self.arguments] + list(self.without)))
        lines = []
        for name in VARIABLES:
            ours = "$kvm_vnic_arguments" if name == MAIN else ""
            lines.append('%s="%s$(kvm_vnic_others "$%s")"\n' % (name, ours, name))
        return _TEXT % {
            "ours": _OURS,
            "arguments": " ".join(str(argument) for argument in self.arguments),
            "without": _WITHOUT,
            "names": "\n".join(names),
            "assignments": "".join(lines),
        }

    @classmethod
    def parse(cls, text):
        """What an own file says. Raises ValueError when it is not as we write it."""
        arguments = _between(text, _OURS)
        names = _between(text, _WITHOUT)
        if arguments is None or names is None:
            raise ValueError("is not as kvm.vnic writes it")
        line = CommandLine.parse(arguments)
        ours = {argument.key for argument in line.arguments}
        return cls(line.arguments, tuple(name for name in names.split("\n") if name and name not in ours))

    def evaluate(self, values):
        """The variables after sourcing this file."""
        after = dict(values)
        for name in VARIABLES:
            if values[name] is not UNKNOWN:
                kept = CommandLine.parse(values[name]).without(self.takes)
                kept = CommandLine(self.arguments + kept.arguments, kept.init) if name == MAIN else kept
                after[name] = str(kept)
        return after

    def wishing(self, wish, others):
        """The file that adds ``wish`` to what this one does; ``others``: the command line that everybody else gives,
        or unknown."""
        released = {item.key for item in wish.released}
        keep = tuple(item for item in self.arguments if not wish.owns(item) and item.key not in released)
        present = {item.key for item in wish.present}
        dropped = {item.key for item in wish.absent} | released
        without = [name for name in self.without if name.split("=", 1)[0] not in present | dropped]
        wanted = [item.key for item in wish.absent] + ["%s=%s" % (item.key, item.value) for item in wish.absent_values]
        for name in wanted:
            probe = DropIn(without=(name,))
            if others is UNKNOWN or any(probe.takes(argument) for argument in others.arguments):
                without.append(name)
        return DropIn(keep + wish.present, tuple(dict.fromkeys(without)))


def _between(text, begin):
    at = text.find("\n" + begin)
    if at < 0:
        return None
    at += 1 + len(begin)
    end = text.find("'\n", at)
    return text[at:end] if end >= 0 else None
