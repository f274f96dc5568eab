# SPDX-License-Identifier: GPL-3.0-or-later
"""House rules that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from importlib import import_module
from pathlib import Path
from unittest import mock

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

ROOT = Path(__file__).resolve().parents[2]
LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
KIB = 1024
# Each with a class of one letter, so that this file passes its own test.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"(?<![\w.-])/[w]ork/",
            r"\.[l]ibrary/",
            r"shared/[r]eference",
            r"notes/[b]rief",
            r"(?<!\w)/[r]oot/\.(?:pyenv|cache|ansible)",
            r"(?<!\w)/[h]ome/(?!<)\w",
            r"\b[p]ypi\.org",
            r"[p]ythonhosted\.org",
            r"\b[r]egistry\.\w",
            r"\b[g]alaxy\.ansible\.com",
            r"\b[n]pmjs\.",
            r"[c]rates\.io",
            r"[p]roxy\.golang\.org",
            r"\b(?:deb|security|ftp\.\w+)\.[d]ebian\.org",
            r"[a]rchive\.ubuntu\.com",
            r"\b(?:docker|quay|ghcr)\.[i]o\b",
        ]
    )
)


def files():
    """Return the repository's files, committed or not."""
    command = ["git", "-c", "safe.directory=%s" % ROOT, "-C", str(ROOT)]
    listed = subprocess.run(
        command + ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        check=True,
        stdout=subprocess.PIPE,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def text(path):
    return path.read_bytes().decode("utf-8", "replace")


def is_code(path):
    return path.suffix in (".py", ".c", ".sh", ".toml") or path.name == "Makefile" or text(path).startswith("#!")


def shown(paths):
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def logic_size(path):
    """Bytes of a file, without an Ansible plugin's documentation."""
    source = path.read_bytes()
    if path.suffix != ".py":
        return len(source)
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in (
            "DOCUMENTATION",
            "EXAMPLES",
            "RETURN",
        ):
            lines[node.lineno - 1 : node.end_lineno] = [b""] * (node.end_lineno - node.lineno + 1)
    return sum(map(len, lines))


def modules():
    return sorted(path.stem for path in (ROOT / "plugins/modules").glob("[!_]*.py"))


def test_files_are_small():
    assert shown(path for path in files() if is_code(path) and logic_size(path) > 20 * KIB) == []


def test_every_code_file_names_the_licence():
    missing = [
        path
        for path in files()
        if is_code(path) and path.stat().st_size and LICENCE not in "\n".join(text(path).splitlines()[:3])
    ]
    assert shown(missing) == []


def test_modules_carry_copyright_and_licence():
    wanted = [
        "# Copyright (c) 2026, kvm.vnic contributors",
        "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    ]
    assert [
        name
        for name in modules()
        if not set(wanted) <= set(text(ROOT / "plugins/modules" / (name + ".py")).splitlines()[:6])
    ] == []


def test_python_files_postpone_annotations():
    missing = [
        path
        for path in files()
        if path.suffix == ".py" and path.stat().st_size and "from __future__ import annotations" not in text(path)
    ]
    assert shown(missing) == []


def test_package_markers_are_empty():
    assert (
        shown(
            path
            for path in files()
            if path.name == "__init__.py" and path.relative_to(ROOT).parts[0] == "plugins" and path.stat().st_size
        )
        == []
    )


def test_module_main_only_wires():
    long = {}
    for name in modules():
        tree = ast.parse(text(ROOT / "plugins/modules" / (name + ".py")))
        mains = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main"]
        lines = mains[0].end_lineno - mains[0].lineno + 1 if mains else None
        if lines is None or lines > 25:
            long[name] = lines
    assert long == {}


def test_nothing_names_a_machine_or_a_package_registry():
    found = [
        "%s: %s" % (path.relative_to(ROOT), match.group())
        for path in files()
        for match in FORBIDDEN.finditer(text(path))
    ]
    assert found == []


class Asked(Exception):
    pass


def parameters(name):
    """Of a module, as it tells Ansible when it begins."""
    module = import_module("ansible_collections.kvm.vnic.plugins.modules." + name)
    with mock.patch.object(AnsibleModule, "__init__", side_effect=Asked) as begun, pytest.raises(Asked):
        module.main()
    return set(begun.call_args.kwargs["argument_spec"])


def test_action_groups_have_every_module_and_every_one_that_changes_a_host():
    runtime = yaml.safe_load(text(ROOT / "meta/runtime.yml"))
    changing = [name for name in modules() if "checkpoint" in parameters(name)]
    assert runtime["action_groups"] == {"vnic": modules(), "changing": changing}
    assert set(modules()) - set(changing) == {"audit_info", "checkpoint", "host_info"}


def load_role(role):
    specs, defaults = role / "meta/argument_specs.yml", role / "defaults/main.yml"
    specs = yaml.safe_load(text(specs))["argument_specs"] if specs.exists() else {}
    return specs, (yaml.safe_load(text(defaults)) or {}) if defaults.exists() else {}


def role_offences(role):
    """Return where the argument specs of ``role``, which document and check, differ from its defaults, which act."""
    specs, defaults = load_role(role)
    options = {name: option for spec in specs.values() for name, option in (spec.get("options") or {}).items()}
    found = [] if "main" in specs else ["main: no argument specs"]
    found += ["%s: not in the argument specs" % name for name in defaults if name not in options]
    for name, option in options.items():
        if not name.startswith(("vnic_", role.name + "_")):
            found.append("%s: neither the collection's vnic_… nor the role's own %s_…" % (name, role.name))
        templated = "{{" in str(defaults.get(name, ""))
        if name in defaults and not templated and option.get("default") != defaults[name]:
            found.append("%s: the specs say %r, the defaults %r" % (name, option.get("default"), defaults[name]))
        if name not in defaults and "default" in option:
            found.append("%s: the specs promise a default that nothing sets" % name)
        if name in defaults and option.get("required"):
            found.append("%s: required, and has a default" % name)
    return found


def roles():
    return sorted(path for path in (ROOT / "roles").glob("*") if path.is_dir() and path.name != "__pycache__")


def test_role_defaults_are_as_documented():
    assert {role.name: role_offences(role) for role in roles() if role_offences(role)} == {}


def test_roles_agree_on_collection_wide_input():
    """The same ``vnic_…`` has the same type in every role."""
    kinds = {}
    for role in roles():
        for spec in load_role(role)[0].values():
            for name, option in (spec.get("options") or {}).items():
                kinds.setdefault(name, set()).add((option.get("type", "str"), option.get("elements")))
    assert {name: kind for name, kind in kinds.items() if len(kind) > 1} == {}


def test_a_wrong_role_is_found(tmp_path):
    role = tmp_path / "bridge"
    (role / "meta").mkdir(parents=True)
    (role / "defaults").mkdir()
    options = {
        "bridge_same": {"default": 1},
        "bridge_other": {"default": 1},
        "bridge_promised": {"default": 1},
        "bridge_forced": {"required": True},
        "other_role": {},
        "vnic_networks": {},
    }
    (role / "meta/argument_specs.yml").write_text(yaml.safe_dump({"argument_specs": {"main": {"options": options}}}))
    (role / "defaults/main.yml").write_text(
        yaml.safe_dump({"bridge_same": 1, "bridge_other": 2, "bridge_forced": None, "bridge_secret": 3})
    )
    assert sorted(line.split(":")[0] for line in role_offences(role)) == [
        "bridge_forced",
        "bridge_other",
        "bridge_promised",
        "bridge_secret",
        "other_role",
    ]


def test_every_tool_is_of_one_version():
    """What builds and tests this is what it was when it last passed; who builds releases has no service to pin."""
    lines = [line.strip() for path in sorted((ROOT / "tests").glob("requirements*.txt")) for line in path.open()]
    tools = [line for line in lines if line and not line.startswith("#")]
    assert len(tools) > 50 and [line for line in tools if not re.match(r"[\w.-]+(\[\w,-]+\])?==[^\s=]+", line)] == []
    assert [path for path in files() if ".github" in path.parts or path.name.startswith(".gitlab-ci")] == []
