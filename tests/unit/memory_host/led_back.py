# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of a module and its way back, as a checkpoint takes it."""

from __future__ import annotations

import json

from ansible_collections.kvm.vnic.plugins.module_utils._model.consent import Consent

from .module import run_module


def way_back(resource, params, host, consent=()):
    """The Undo that the journal gets before the first write, through the journal's JSON."""
    desired = resource.consented(resource.validate(params, host), Consent(consent))
    before = resource.observe(host, desired)
    actions = tuple(resource.plan(desired, before))
    undo = resource.undo(desired, before, actions)
    if undo.params is not None:
        assert json.loads(json.dumps(undo.params)) == undo.params
    return undo


def lead_back(main, host, undo):
    """Converge to the former state; the result of the module."""
    assert undo.params is not None
    result = run_module(main, host, dict(undo.params, allow_disruption=list(undo.consents)))
    assert not result["failed"], result
    again = run_module(main, host, dict(undo.params, allow_disruption=list(undo.consents)))
    assert not again["failed"] and not again["changed"], again
    return result
