# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs the playbooks besides ansible-playbook: ansible-runner, ansible-pull, and images built for them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
import yaml

from ansible_collections.kvm.vnic.tests.unit.playbooks.stubbed import ROOT, Fleet

CHANGED = {"domain_interface": {"changed": True}}


def test_ansible_runner_gets_every_hosts_outcome(tmp_path):
    """As data, in the run's last event."""
    fleet = Fleet(tmp_path, {"hv1": CHANGED, "hv2": {"host_info": "lost"}})
    private = tmp_path / "private"
    (private / "inventory").mkdir(parents=True)
    (private / "inventory/hosts.yml").write_text(fleet.inventory.read_text())
    run = fleet.run("ansible-runner", "run", private, "--playbook", "kvm.vnic.site", "--ident", "it", "--quiet")
    events = [json.loads(path.read_text()) for path in (private / "artifacts/it/job_events").glob("*.json")]
    (last,) = [event["event_data"] for event in events if event["event"] == "playbook_on_stats"]
    states = {host: told["state"] for host, told in last["artifact_data"]["kvm_vnic_hosts"].items()}
    assert states == {"hv1": "changed", "hv2": "unknown"}, run.text
    assert (private / "artifacts/it/rc").read_text() == "4"


def test_ansible_pull_does_its_own_host(tmp_path):
    """From a repository with the inventory of the whole fleet and a playbook of one line."""
    fleet = Fleet(tmp_path, {"localhost": CHANGED, "hv2": CHANGED})
    repository = tmp_path / "repository"
    repository.mkdir()
    fleet.inventory.rename(repository / "hosts.yml")
    (repository / "local.yml").write_text("- import_playbook: kvm.vnic.site\n")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-C", str(repository)]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "fleet"]):
        subprocess.run(git + words, check=True)
    pull = ["ansible-pull", "--url", repository, "--directory", tmp_path / "checkout", "--inventory", "hosts.yml"]
    run = fleet.run(*pull)
    assert run.code == 0 and run.states() == {"localhost": "changed"}, run.text
    assert run.calls("hv2") == [] and "web-hv2" not in run.text


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """What ``ansible-builder create`` makes of the definition and the collection's tarball; no image is built of it."""
    there = tmp_path_factory.mktemp("image")
    shutil.copy(ROOT / "execution-environment.yml", there)
    for command in (
        ["ansible-galaxy", "collection", "build", "--output-path", there, ROOT],
        ["ansible-builder", "create", "--context", there / "context", "--output-filename", "Containerfile"],
    ):
        subprocess.run(command, cwd=there, check=True, capture_output=True)
    return there / "context"


def test_the_images_context_installs_this_collection(context, tmp_path):
    """As the image's build would: with its requirements, in its folder, and from no server."""
    command = ["ansible-galaxy", "collection", "install", "--offline", "-r", "requirements.yml", "-p", str(tmp_path)]
    elsewhere = {
        name: value for name, value in os.environ.items() if name not in ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH")
    }
    elsewhere.update(ANSIBLE_HOME=str(tmp_path / "home"), ANSIBLE_COLLECTIONS_PATH=str(tmp_path))
    subprocess.run(command, cwd=context / "_build", env=elsewhere, check=True, capture_output=True)
    installed = tmp_path / "ansible_collections/kvm/vnic"
    assert (installed / "playbooks/site.yml").exists() and (installed / "plugins/modules/sriov.py").exists()
    assert "ansible-galaxy collection install" in (context / "Containerfile").read_text()


def test_the_image_has_what_the_collection_asks_for(context):
    made = (context / "Containerfile").read_text()
    definition = yaml.safe_load((ROOT / "execution-environment.yml").read_text())
    least = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"].removesuffix(".0")
    assert definition["dependencies"]["ansible_core"]["package_pip"].startswith("ansible-core" + least + ",")
    assert definition["dependencies"]["ansible_core"]["package_pip"] in made and "ansible-runner" in made
    assert "openssh-clients" in (context / "_build/bindep.txt").read_text()
