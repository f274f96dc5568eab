# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import guest_domain
import guest_reports
import pytest

NIC = {"name": "eth0", "mac": "52:54:00:00:00:01", "carrier": 1, "addresses": ["10.0.0.2/24"]}


def report(number, *nics):
    return {"report": number, "nics": list(nics), "ping": None}


@pytest.fixture
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(guest_reports, "LOGS", tmp_path)
    return tmp_path


def test_a_new_guest_has_no_nic_and_eight_free_root_ports():
    domain = ET.fromstring(guest_domain.domain_xml("g 1&2", 2, 256, [], None))
    assert domain.findall(".//interface") == []
    assert len(domain.findall("devices/controller[@model='pcie-root-port']")) == 8
    # Its own devices leave them free.
    serial = domain.find("devices/controller[@type='virtio-serial']")
    assert serial.find("address").get("bus") == "0x00"
    # Port 0 is for consoles; each more costs the guest's boot two queues.
    assert serial.get("ports") == "2"
    assert domain.findtext("name") == "g 1&2" and domain.findtext("vcpu") == "2"
    assert domain.get("type") == "kvm" and domain.find("cpu").get("mode") == "host-passthrough"


def test_addresses_and_ping_are_on_the_kernel_command_line():
    xml = guest_domain.domain_xml("g", 1, 256, ["0,10.0.0.2/24", "52:54:00:00:00:01,10.0.1.2/24"], "10.0.0.1")
    words = ET.fromstring(xml).findtext("os/cmdline").split()
    assert words[-3:] == ["vnic.nic=0,10.0.0.2/24", "vnic.nic=52:54:00:00:00:01,10.0.1.2/24", "vnic.ping=10.0.0.1"]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("0,10.0.0.2/24", "0,10.0.0.2/24"),
        ("52:54:00:AA:0B:01,10.0.0.2/24", "52:54:00:aa:0b:01,10.0.0.2/24"),
        ("12,fd00::2/64", "12,fd00::2/64"),
        ("0,10.0.0.2/24,52:54:00:AA:0B:02", "0,10.0.0.2/24,52:54:00:aa:0b:02"),
    ],
)
def test_nic_addresses(text, spec):
    assert guest_domain.nic_spec(text) == spec


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0,",
        "0,10.0.0.2",
        "52:54:00:aa:0b,10.0.0.2/24",
        "0,1.2.3.4/24 init=x",
        "0,1.2.3.4/24,",
        "0,1.2.3.4/24,52:54:00:aa:0b:02,1",
    ],
)
def test_what_is_no_nic_address_is_refused(text):
    with pytest.raises(ValueError, match="neither MAC,ADDRESS/PREFIX nor INDEX,ADDRESS/PREFIX"):
        guest_domain.nic_spec(text)


def test_half_lines_and_noise_are_no_reports():
    text = '[ 1.0] kernel: {"x":1}\n{"report":1,"nics":[]}\r\n{"report":2,"ni'
    assert guest_reports.reports(text) == [{"report": 1, "nics": []}]


def test_the_last_report_is_the_latest(logs):
    log = logs / "g.log"
    assert guest_reports.latest("g", 0, lambda _report: True) is None
    log.write_text(json.dumps(report(1)) + "\n" + json.dumps(report(2)) + "\n")
    assert guest_reports.latest("g", 0, lambda _report: True)["report"] == 2


def test_waiting_takes_only_what_is_written_from_now_on(logs):
    log = logs / "g.log"
    log.write_text(json.dumps(report(1)) + "\n")
    assert guest_reports.latest("g", 0.1, lambda _report: True) is None


def test_waiting_sees_a_report_that_is_being_written(logs, monkeypatch):
    log = logs / "g.log"
    line = json.dumps(report(2))
    log.write_text(json.dumps(report(1)) + "\n" + line[:9])

    def append(_seconds):
        with log.open("a") as out:
            out.write(line[9:] + "\n")

    monkeypatch.setattr(guest_reports.time, "sleep", append)
    assert guest_reports.latest("g", 5, lambda _report: True)["report"] == 2


def test_waiting_survives_a_log_that_starts_anew(logs, monkeypatch):
    log = logs / "g.log"
    log.write_text((json.dumps(report(1)) + "\n") * 5)
    monkeypatch.setattr(guest_reports.time, "sleep", lambda _s: log.write_text(json.dumps(report(7)) + "\n"))
    assert guest_reports.latest("g", 5, lambda _report: True)["report"] == 7


@pytest.mark.parametrize(
    ("nics", "good"),
    [
        ([NIC], True),
        ([], False),
        ([NIC, NIC], False),
        ([{**NIC, "carrier": 0}], False),
        ([{**NIC, "addresses": []}], False),
    ],
)
def test_a_nic_is_up_with_carrier_and_address(nics, good):
    assert guest_reports.has_nics(1)(report(1, *nics)) is good
