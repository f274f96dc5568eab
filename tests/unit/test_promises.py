# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/promises.md names no test and no step of a scenario that is not there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "promises.md"
REFERENCE = re.compile(r"`((?:molecule/)?\w+)(::|: )([^`]+)`")


class Loader(yaml.SafeLoader):
    """Reads playbooks as they are written, with whatever tags they have."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def rows(text):
    """``[(promise, what holds it)]`` of all tables."""
    found = []
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and cells[-1] != "held by" and set(cells[-1]) != {"-"}:
            found.append((cells[0], cells[-1]))
    return found


def functions(path):
    return [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def names(tree):
    """Of plays, tasks and blocks, to any depth."""
    if isinstance(tree, list):
        return [name for item in tree for name in names(item)]
    if isinstance(tree, dict):
        inner = [name for value in tree.values() for name in names(value)]
        return inner + ([tree["name"]] if isinstance(tree.get("name"), str) else [])
    return []


def steps(scenario):
    """Of what a run of the scenario does; values that look like names of tasks are no harm here."""
    files = list(scenario.glob("*.yml")) + list(scenario.glob("tasks/*.yml"))
    return {name for path in files for name in names(yaml.load(path.read_text(), Loader))}


def problem(place, separator, name):
    """Why a reference leads nowhere, or None."""
    if place.startswith("molecule/"):
        scenario = ROOT / place
        if not (scenario / "molecule.yml").is_file():
            return "no scenario"
        if separator == ": ":
            return None if name in steps(scenario) else "no such step"
        files = list(scenario.glob("tests/test_*.py"))
    elif separator == ": ":
        return "not the form file::test"
    else:
        files = list((ROOT / "tests" / "unit").rglob("test_%s.py" % place))
    found = [path for path in files if "test_" + name in functions(path)]
    return None if len(found) == 1 else "there are %d such tests in %d files" % (len(found), len(files))


def test_every_row_has_a_test_and_every_test_is_there():
    found = rows(PAGE.read_text())
    assert len(found) > 40
    wrong = {}
    for promise, held_by in found:
        references = REFERENCE.findall(held_by)
        if not references or REFERENCE.sub("", held_by).strip():
            wrong[promise] = "what holds it is not told by names of tests alone: " + held_by
        for reference in references:
            why = problem(*reference)
            if why:
                wrong["".join(reference)] = why
    assert wrong == {}


@pytest.mark.parametrize(
    "reference",
    [
        ("sriov", "::", "no_such_test"),
        ("no_such_file", "::", "counts"),
        ("sriov_input", ": ", "counts"),
        ("molecule/no_such", ": ", "Create"),
        ("molecule/sriov", ": ", "No such step"),
        ("molecule/sriov", "::", "no_such_test"),
        ("validator", "::", "of_another_file"),
    ],
)
def test_what_is_not_there_is_found(reference):
    assert problem(*reference)


def test_the_page_is_linked():
    assert "(docs/promises.md)" in (ROOT / "README.md").read_text()
