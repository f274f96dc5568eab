# SPDX-License-Identifier: GPL-3.0-or-later
"""The default entry of a generated grub.cfg: which arguments GRUB would give the kernel."""

from __future__ import annotations

import re


class GrubConfigError(ValueError):
    """The text is not a grub.cfg with a usable default entry."""


def default_arguments(text: str) -> str:
    """Arguments of the default entry's ``linux`` line, without the kernel's path.

    The default is what ``set default=`` says when it is an index ("0", also "1>0") or an entry's id or title;
    GRUB's own ``${saved_entry}`` counts as the first entry.
    """
    entry = _entry(_entries(text), _default(text))
    for words in entry["lines"]:
        if words and words[0] in ("linux", "linux16", "linuxefi") and len(words) > 1:
            return " ".join(words[2:])
    raise GrubConfigError(f"entry {entry['title']!r} has no linux line")


def _default(text: str) -> str:
    # Inside 00_header's if/else chains the last plain assignment is the configured one.
    found = "0"
    for line in text.splitlines():
        match = re.match(r'\s*set default=(?:"([^"]*)"|(\S*))\s*$', line)
        if match:
            value = match.group(1) if match.group(1) is not None else match.group(2)
            if "$" not in value:
                found = value
    return found


def _words(line: str) -> list[str]:
    """Split as GRUB does, quotes removed; backslashes only quote the next character."""
    words: list[str] = []
    current, quote, started, escaped = "", "", False, False
    for char in line:
        if escaped:
            current, escaped = current + char, False
        elif char == "\\" and quote != "'":
            started = escaped = True
        elif quote:
            if char == quote:
                quote = ""
            else:
                current += char
        elif char in "'\"":
            quote, started = char, True
        elif char.isspace():
            if started or current:
                words.append(current)
            current, started = "", False
        else:
            current += char
    if started or current:
        words.append(current)
    return words


def _entries(text: str) -> list[dict]:
    """Top-level entries; a submenu has its own under "entries"."""
    top: list[dict] = []
    stack: list[dict] = []
    blocks: list[str] = []
    for line in text.splitlines():
        words = _words(line.strip())
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("menuentry", "submenu") and words[-1] == "{":
            identity = ""
            for option in ("--id", "$menuentry_id_option"):
                if option in words:
                    identity = words[words.index(option) + 1]
            entry = {"title": words[1], "id": identity, "lines": [], "entries": []}
            (stack[-1]["entries"] if stack else top).append(entry)
            stack.append(entry)
            blocks.append("entry")
        elif words[-1] == "{":
            blocks.append("other")
        elif words[0] == "}" and blocks:
            if blocks.pop() == "entry":
                stack.pop()
        elif stack:
            stack[-1]["lines"].append(words)
    return top


def _entry(entries: list[dict], default: str) -> dict:
    found: dict | None = None
    for part in default.split(">"):
        found = None
        for index, entry in enumerate(entries):
            if part in (str(index), entry["id"], entry["title"]) and part != "":
                found = entry
                break
        if found is None:
            raise GrubConfigError(f"no entry {default!r}")
        entries = found["entries"]
    # A submenu as the default means its first entry.
    while found is not None and found["entries"] and not found["lines"]:
        found = found["entries"][0]
    if found is None:
        raise GrubConfigError("no entry at all")
    return found
