# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB with a generated grub.cfg: Debian, Ubuntu, SUSE and older RHEL."""

from __future__ import annotations

from .._model import grub_defaults
from .._model.action import UNKNOWN
from .._model.errors import ApplyFailed, Conflict
from .._model.grub_config import boot_entries
from .._model.grub_drop_in import PATH as OWN
from .._model.grub_drop_in import DropIn
from .boot_loader import BootConfiguration, BootLoader, check_configuration

DEFAULTS = "/etc/default/grub"
DIRECTORY = "/etc/default/grub.d"
TIMEOUT = 300.0  # grub-mkconfig may look at every disk for other systems


class Grub(BootLoader):
    """``tool``: the generator; ``directory``: where its grub.cfg is."""

    name = "grub"

    def __init__(self, tool, directory):
        self._tool = tool
        self._config = directory + "/grub.cfg"

    def read(self, host):
        drop_ins = self._has_drop_ins(host)
        sources = read_sources(host, drop_ins)
        line = grub_defaults.command_line(evaluated(sources))
        entries = boot_entries(host.files.content(self._config) or "")
        inherited = {"; ".join(sources) or DEFAULTS: line}
        if not drop_ins:
            return BootConfiguration(entries, inherited)
        others = both_lines(evaluated({path: text for path, text in sources.items() if path != OWN}))
        return BootConfiguration(entries, inherited, own_file(sources), sources.get(OWN), others)

    def _has_drop_ins(self, host):
        """Only Debian's and Ubuntu's grub-mkconfig reads the directory."""
        return DIRECTORY.lstrip("/").partition("/")[2] + "/" in (
            host.files.content(host.commands.find(self._tool)) or ""
        )

    def change(self, host, wish, swap):
        drop_ins = self._has_drop_ins(host)
        sources = read_sources(host, drop_ins)
        missing = not_given(evaluated(sources), wish)
        ours = own_file(sources)
        held = [item.key for item in wish.released if item.key in ours.keys]
        if drop_ins and (missing.keys or held):
            others = evaluated({path: text for path, text in sources.items() if path != OWN})
            # what is ours already is said anew along with it, so that it has the order of the wish
            said = wish.only(missing.keys + tuple(ours.keys))
            own = ours.wishing(said, grub_defaults.command_line(others))
            host.files.make_directory(DIRECTORY)
            swap.replace(OWN, own.text() if own else None)
        elif missing.keys:
            edit_defaults(host, missing, swap, "")
        text = self._generate(host)
        check_configuration(BootConfiguration(boot_entries(text), {}), wish, self._tool)
        swap.replace(self._config, text, 0o600)

    def _generate(self, host):
        """A new grub.cfg, made beside the one in use so that nobody can boot from half of it."""
        aside = self._config + ".kvm-vnic"
        try:
            host.commands.run([self._tool, "-o", aside], timeout=TIMEOUT)
            text = host.files.content(aside)
        finally:
            for left in (aside, aside + ".new"):
                if host.files.exists(left):
                    host.files.remove(left)
        if not text:
            raise ApplyFailed("%s -o %s" % (self._tool, aside), "it wrote nothing")
        return text


def read_sources(host, drop_ins):
    """``{path: text}`` of what the generator sources, in its order."""
    paths = [DEFAULTS]
    if drop_ins:
        paths += [
            "%s/%s" % (DIRECTORY, name)
            for name in host.files.listdir(DIRECTORY)
            if name.endswith(".cfg") and not name.startswith(".")
        ]
    texts = {path: host.files.content(path) for path in paths}
    return {path: text for path, text in texts.items() if text is not None}


def own_file(sources):
    """What our own file says, nothing when it is not there or not ours any more."""
    try:
        return DropIn.parse(sources[OWN])
    except (KeyError, ValueError):
        return DropIn()


def evaluated(sources):
    """GRUB's variables after sourcing all of ``sources``. Raises Conflict for a file that is no shell file."""
    values = dict.fromkeys(grub_defaults.VARIABLES, "")
    for path, text in sources.items():
        own = own_file({path: text})
        try:
            values = own.evaluate(values) if own.text() == text else grub_defaults.evaluate(text, values)
        except grub_defaults.Garbled as error:
            raise Conflict("%s is garbled: it %s. Mend it first; nothing was written" % (path, error)) from None
    return values


def both_lines(values):
    """The command lines of ordinary and of recovery entries, or unknown."""
    return tuple(
        grub_defaults.command_line(values, second) for second in (grub_defaults.DEFAULT, grub_defaults.RECOVERY)
    )


def not_given(values, wish):
    """The part of ``wish`` that GRUB's variables do not give every entry already; all of it where they are unknown."""
    lines = both_lines(values)
    if UNKNOWN in lines:
        return wish
    return wish.only([key for line in lines for key in wish.lacking(line)])


def edit_defaults(host, wish, swap, otherwise=None):
    """Change ``/etc/default/grub`` itself; ``otherwise``: the text to begin with where there is no such file, None
    for leaving it so."""
    text = host.files.content(DEFAULTS)
    text = otherwise if text is None else text
    if text is None:
        return
    try:
        swap.replace(DEFAULTS, grub_defaults.rewritten(text, wish))
    except grub_defaults.Garbled as error:
        raise Conflict("%s is garbled: it %s. Mend it first" % (DEFAULTS, error)) from None
    except ValueError as error:
        raise Conflict("%s cannot be edited safely: %s" % (DEFAULTS, error)) from None
