# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest
from vnic_lab import machine, paths


def options(argv, name):
    return [value for flag, value in zip(argv, argv[1:]) if flag == "-" + name]


def argv_of(number=1, hosts=1, **others):
    version = others.pop("version", (10, 0))
    values = {"cpus": 8, "memory_mib": 4096, "ssh_port": 2222, "cables": machine.cables(number, hosts, [7001, 7002])}
    one = machine.Machine(number, **{**values, **others})
    return machine.command(
        one,
        kernel="/i/vmlinuz",
        initrd="/i/initrd",
        disk="/s/disk.qcow2",
        serial_log="/s/serial.log",
        pid_file="/s/qemu.pid",
        version=version,
    )


def test_every_pci_device_names_its_bus():
    devices = [value for value in options(argv_of(), "device") if not value.startswith("intel-iommu")]
    assert len(devices) == 7
    assert [value for value in devices if ",bus=" not in value] == []


def test_never_kvm_and_36_address_bits():
    argv = argv_of()
    assert options(argv, "accel") == ["tcg,thread=multi"]
    assert options(argv, "cpu") == ["max,+svm,phys-bits=36"]
    assert "-nographic" not in argv and "-daemonize" in argv


def test_the_kernel_is_booted_with_what_grub_would_give_it():
    settings = (paths.LAB_SOURCES / "image/overlay/etc/default/grub").read_text(encoding="utf-8")
    values = re.findall(r'^GRUB_CMDLINE_LINUX(?:_DEFAULT)?="(.*)"$', settings, re.MULTILINE)
    given = machine.DEFAULT_APPEND.removeprefix(machine.ROOT_ARGUMENTS).split()
    assert sorted(given) == sorted(" ".join(values).split())


def test_nodes_halve_processors_and_memory():
    argv = argv_of(cpus=6, memory_mib=3072)
    assert options(argv, "numa") == ["node,nodeid=0,cpus=0-2,memdev=m0", "node,nodeid=1,cpus=3-5,memdev=m1"]
    assert options(argv, "smp") == ["6,sockets=2,cores=3,threads=1"]
    assert all(value.endswith("size=1536M") for value in options(argv, "object"))
    assert options(argv, "m") == ["3072M"]


def test_second_igb_port_is_behind_the_root_on_node_1():
    devices = options(argv_of(), "device")
    assert "pxb-pcie,id=pxb1,bus_nr=64,numa_node=1,bus=pcie.0" in devices
    assert "pcie-root-port,id=rp1,bus=pxb1,slot=2" in devices
    assert [value for value in devices if value.startswith("igb,netdev=n1,bus=rp1,")]


def test_alone_the_ports_are_on_hubs_of_their_own():
    netdevs = options(argv_of(), "netdev")
    assert "hubport,id=n0,hubid=0" in netdevs and "hubport,id=n1,hubid=1" in netdevs


@pytest.mark.parametrize(("version", "reconnect"), [((8, 2), "reconnect=1"), ((9, 2), "reconnect-ms=1000")])
def test_two_are_cabled_port_by_port_and_the_second_one_reconnects(version, reconnect):
    first = [value for value in options(argv_of(1, 2, version=version), "netdev") if value.startswith("stream")]
    second = [value for value in options(argv_of(2, 2, version=version), "netdev") if value.startswith("stream")]
    where = "addr.type=inet,addr.host=127.0.0.1,addr.port="
    assert first == [f"stream,id=n{port},server=on,{where}{7001 + port}" for port in (0, 1)]
    assert second == [f"stream,id=n{port},server=off,{reconnect},{where}{7001 + port}" for port in (0, 1)]


def test_no_mac_and_no_machine_id_occurs_twice():
    macs = re.findall(r"mac=([0-9a-f:]{17})", " ".join(argv_of(1, 2) + argv_of(2, 2)))
    assert len(macs) == 6 and len(set(macs)) == 6
    ids = [re.search(r"machine_id=(\w+)", " ".join(argv_of(number, 2))).group(1) for number in (1, 2)]
    assert ids[0] != ids[1] and all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)


def test_everything_listens_on_the_loopback_interface():
    assert "user,id=mgmt,hostfwd=tcp:127.0.0.1:2222-:22" in options(argv_of(), "netdev")


def test_kernel_arguments_are_replaced_whole():
    assert options(argv_of(append="root=/dev/vda ro isolcpus=3"), "append") == ["root=/dev/vda ro isolcpus=3"]


def test_commas_in_paths_are_doubled():
    one = machine.Machine(1, 8, 4096, 2222, machine.cables(1, 1, []))
    argv = machine.command(one, kernel="k", initrd="i", disk="/a,b/d", serial_log="/a,b/s", pid_file="/a,b/p")
    assert options(argv, "drive")[0].startswith("file=/a,,b/d,")
    assert options(argv, "serial") == ["file:/a,,b/s"]
    assert options(argv, "pidfile") == ["/a,b/p"]


@pytest.mark.parametrize(("text", "mib"), [("4G", 4096), ("3g", 3072), ("2048M", 2048), ("4096", 4096)])
def test_memory_sizes(text, mib):
    assert machine.parse_memory(text) == mib


@pytest.mark.parametrize("text", ["", "G", "4T", "4.5G", "-4G", "four"])
def test_memory_that_is_no_size_is_named(text):
    with pytest.raises(ValueError, match="LAB_MEMORY="):
        machine.parse_memory(text)


@pytest.mark.parametrize(
    ("cpus", "mib", "named"), [(2, 4096, "LAB_CPUS=2"), (7, 4096, "LAB_CPUS=7"), (8, 1024, "LAB_MEMORY=1024")]
)
def test_sizes_that_do_not_halve_are_refused(cpus, mib, named):
    with pytest.raises(ValueError, match=named):
        machine.check_size(cpus, mib)
