# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import yaml
from vnic_lab import inventory

HOSTS = [inventory.Endpoint("lab1", 40001), inventory.Endpoint("lab2", 40002)]
KEY = Path('/tmp/a "quoted" {{ place }}/id_ed25519')


def test_inventory_has_one_group_of_literal_values():
    text = inventory.ansible_inventory(HOSTS, Path("/cache/id_ed25519"))
    group = yaml.safe_load(text)["hypervisors"]
    assert group["hosts"] == {"lab1": {"ansible_port": 40001}, "lab2": {"ansible_port": 40002}}
    values = group["vars"]
    assert values["ansible_host"] == "127.0.0.1" and values["ansible_user"] == "root"
    assert values["ansible_ssh_private_key_file"] == "/cache/id_ed25519"
    assert values["ansible_python_interpreter"] == "/usr/bin/python3"
    for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null"):
        assert "-o " + option in values["ansible_ssh_common_args"]
    assert "ControlPersist" in values["ansible_ssh_args"] and "-C" not in values["ansible_ssh_args"].split()
    # Ansible puts its own ConnectTimeout before ours.
    assert values["ansible_ssh_timeout"] == 60
    assert "{{" not in text


def test_paths_are_quoted_for_yaml():
    values = yaml.safe_load(inventory.ansible_inventory(HOSTS, KEY))["hypervisors"]["vars"]
    assert values["ansible_ssh_private_key_file"] == str(KEY)


def test_ssh_config_has_a_block_for_each_host():
    text = inventory.ssh_config(HOSTS, Path("/cache dir/id_ed25519"))
    assert text.count("Host lab") == 2 and text.count("  HostName 127.0.0.1\n") == 2
    assert "  Port 40002\n" in text
    assert text.count('  IdentityFile "/cache dir/id_ed25519"\n') == 2
