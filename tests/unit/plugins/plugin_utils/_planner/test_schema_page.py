# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/inventory.md is the schema's reference: nothing of the one is missing in the other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.kvm.vnic.plugins.module_utils._model.errors import InvalidInput
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner import nodes, profiles, rules, schema
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.complaint import complaint
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.plain import plain
from ansible_collections.kvm.vnic.plugins.plugin_utils._planner.validator import validate

ROOT = Path(__file__).resolve().parents[5]
PAGE = (ROOT / "docs/inventory.md").read_text(encoding="utf-8")
RECORDS = {
    "": schema.INTENT, "Networks": schema.NETWORK, "An uplink": schema.UPLINK, "A switch": schema.SWITCH,
    "Guests": schema.GUEST, "An interface": schema.INTERFACE, "Profiles": schema.PROFILE,
}  # fmt: skip


def rows():
    """The cells of every table's rows by their first cell, without its backquotes."""
    found = {}
    for line in PAGE.splitlines():
        if line.startswith(("| `", "| rule |")):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            found.setdefault(cells[0].strip("` "), []).append(cells)
    return found


@pytest.mark.parametrize(
    ("record", "key"),
    [(name, key) for name, record in RECORDS.items() for key in record.keys],
    ids=lambda item: item or "vnic",
)
def test_every_key_is_described(record, key):
    """With its range, its words and its default."""
    spec = RECORDS[record].keys[key]
    described = [" | ".join(cells) for cells in rows()[RECORDS[record].prefix + key]]
    if isinstance(spec.node, (nodes.Whole, nodes.Choice)):
        described = [text for text in described if spec.node.allowed() in text]
    if isinstance(spec.node, nodes.Items) and isinstance(spec.node.item, nodes.Choice):
        described = [text for text in described if spec.node.item.allowed() in text]
    if spec.required:
        described = [text for text in described if "required" in text]
    elif spec.default is not None:
        default = {True: "`true`", False: "`false`"}.get(spec.default) if isinstance(spec.default, bool) else None
        default = default or {"[]": "`[]`", "{}": "`{}`"}.get(str(spec.default)) or str(spec.default)
        described = [text for text in described if default in text]
    assert described, (record, key)


def test_every_variable_exists():
    """Those that are not the planner's are read by roles or playbooks."""
    told = {name for name in rows() if name.startswith("vnic_") and ":" not in name}
    planners = {"vnic_" + key for key in schema.INTENT.keys}
    used = set()
    for folder in ("roles", "playbooks"):
        for path in (ROOT / folder).rglob("*.yml"):
            used.update(re.findall(r"\bvnic_[a-z_]+\b", path.read_text(encoding="utf-8")))
    assert planners <= told
    assert told - planners <= used and used <= told


def test_every_profile_is_described():
    """In the table of attachments, and in that of the other rules, one column for each profile."""
    for name, entry in profiles.BUILT_IN.items():
        stated = entry["rules"]
        (row,) = [cells for cells in rows()[name] if len(cells) > 4]
        assert row[1:4] == [
            ", ".join(stated["attachments"]["value"]),
            stated["model"]["value"],
            stated["backend"]["value"],
        ]
    names = rows()["rule"][0][1:]
    assert names == ["`%s`" % name for name in profiles.BUILT_IN]
    for rule in schema.RULES.keys:
        if rule not in ("attachments", "model", "backend"):
            told = next(cells for cells in rows()[rule] if len(cells) == len(names) + 1)[1:]
            assert told == [cell(profiles.BUILT_IN[name.strip("`")]["rules"][rule]) for name in names]


def cell(rule):
    """A rule's value, with its premise where it has one."""
    value = "`{cap: %d}`" % rule["value"]["cap"] if isinstance(rule["value"], dict) else str(rule["value"])
    return value if rule["premise"] == "none" else "%s, if `%s`" % (value, rule["premise"])


def test_every_rule_is_described():
    for rule, key in schema.RULES.keys.items():
        if rule in ("attachments", "model", "backend"):
            continue
        node, premise = (key.node.keys[name].node for name in ("value", "premise"))
        described = [" | ".join(cells) for cells in rows()[rule]]
        assert any(node.allowed() in text for text in described), rule
        assert any(all("`%s`" % word in text for word in premise.words[1:]) for text in described), rule


def test_every_premise_is_described():
    for premise, sentence in rules.PREMISES.items():
        assert sentence in " ".join(" ".join(cells) for cells in rows()[premise])


def test_requirements_are_described_as_they_act():
    for requirement, excluded in profiles.REQUIREMENTS.items():
        (row,) = rows()["requires: [%s]" % requirement]
        assert bool(row[1]) == ("sriov" in excluded or requirement == "host_access")
        assert bool(row[2]) == ("macvtap" in excluded)


def examples():
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]


def test_examples_are_valid():
    for example in examples():
        known = {key[5:]: value for key, value in example.items() if key[5:] in schema.INTENT.keys}
        validate(plain(known))


def test_the_errors_shown_are_those_that_come():
    intent = plain({key[5:]: value for key, value in examples()[0].items()})
    intent["networks"]["prod"]["vlan"] = 5000
    intent["networks"]["prod"]["uplinks"][0]["num_vfs"] = intent["networks"]["prod"]["uplinks"][0].pop("vfs")
    intent["guests"][0]["interfaces"][0]["network"] = "prd"
    intent["guests"][0]["interfaces"][1]["requires"] = ["migrate"]
    with pytest.raises(InvalidInput) as caught:
        validate(intent)
    (shown,) = re.findall(r"```text\n(.*?)\n```", PAGE, re.S)
    told = complaint(caught.value, "kvm.vnic.plan", "hv1").split("\n")
    assert sorted(shown.split("\n")) == sorted(told)


def traps():
    """The rows of the table of unquoted values."""
    table = PAGE.split("| written | YAML reads | write |\n|---|---|---|\n")[1].split("\n\n")[0]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]


@pytest.mark.parametrize(("written", "read", "instead"), traps())
def test_yaml_reads_what_the_page_says(written, read, instead):
    (value,) = yaml.safe_load(written).values()
    if read.startswith("the number "):
        assert value == float(read.split()[-1])
    else:
        assert {"true": "bool", "false": "bool", "null": "NoneType", "a date": "date"}[read] == type(value).__name__
    if '"' in instead:
        assert isinstance(next(iter(yaml.safe_load(instead).values())), str)
