# SPDX-License-Identifier: GPL-3.0-or-later
"""How the hosts of a fleet fared, told from the accounts that the playbook site keeps of them."""

from __future__ import annotations

from ...module_utils._model.display_text import display_text

_LONGEST = 400  # characters of a reason: all of it was shown when the host failed
_BEFORE = "before anything was changed"
_STAGES = {
    "asking": _BEFORE,
    "asked": _BEFORE,
    "planning": _BEFORE,
    "applying": "while the plan was applied",
    "verifying": "when the plan had been applied",
    "done": "after the host was verified",
}
_UNPROVEN = ("applying", "verifying")


def fleet_outcome(accounts):
    """``{hosts: {host: {state, where?, why?, changed?}}, lines: [text], stop: bool}`` of ``accounts``, in their order.

    ``accounts``: by host ``{stage, changed?, where?, why?}``; one with ``why`` failed, at the task ``where``. ``stop``:
    whether a host was changed and is not known to be as planned, so that no other should be changed likewise.
    Raises ValueError for a stage that there is not.
    """
    hosts = {host: _outcome(host, account) for host, account in accounts.items()}
    lines = ["%s: %s" % (display_text(host), _sentence(found)) for host, found in hosts.items()]
    left = [host for host, found in hosts.items() if found["state"] not in ("ok", "changed")]
    stop = any(_is_unproven(account) for account in accounts.values())
    if stop:
        lines.append("Stopped: no further host is changed while one is not known to be as planned.")
    if left:
        again = "Run this again to go on: hosts that are done report no change. For the others alone: --limit '%s'"
        lines.append(again % display_text(",".join(left)))
    return {"hosts": hosts, "lines": lines, "stop": stop}


def _is_unproven(account):
    """A step that was refused or failed tells of its host alone; one that succeeded and does not show, or that cost the
    connection, may do the same to the next host."""
    if "why" in account:
        return account["stage"] == "verifying"
    return account["stage"] in _UNPROVEN


def _outcome(host, account):
    stage = account.get("stage")
    if stage not in _STAGES:
        raise ValueError("%s: %r is no stage: allowed are %s" % (host, stage, ", ".join(_STAGES)))
    if "why" in account:
        where = "%s, at '%s'" % (_STAGES[stage], _shown(account.get("where", "")))
        return {
            "state": "failed",
            "where": where,
            "why": _shown(account["why"]),
            "changed": bool(account.get("changed")),
        }
    if stage == "done":
        return {"state": "changed" if account.get("changed") else "ok"}
    if stage == "asked":
        return {"state": "not begun"}
    if stage == "asking":
        return {"state": "unknown", "why": "not reached; nothing was changed"}
    more = {"applying": "; what was done is not known", "verifying": "; whether it shows is not known"}.get(stage, "")
    return {"state": "unknown", "why": "the connection was lost %s%s" % (_STAGES[stage], more)}


def _sentence(found):
    head = " ".join(found[key] for key in ("state", "where") if key in found)
    changed = " (and was changed before that)" if found.get("changed") else ""
    return head + changed + (": " + found["why"] if "why" in found else "")


def _shown(text):
    text = display_text(" ".join(str(text).split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
