# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that does the work: a shell script with one ``ip -batch`` for each kind, as one task.

What is there already is not made again, so that a second run is one that people would do.
"""

from __future__ import annotations

from . import wishes


def script(text):
    return [{"ansible.builtin.command": {"argv": ["sh", "-eu", "-s"], "stdin": text}}]


def _batch(lines):
    """One ``ip -batch`` over (link, command); a command with a link only while there is no such link."""
    shell = ["{"]
    for link, line in lines:
        shell.append(("[ -e /sys/class/net/%s ] || " % link if link else "") + "echo '%s'" % line)
    return "\n".join(shell + [":", "} | ip -batch -\n"])


def macvtaps_text(pfs):
    lines = [(None, "link set dev %s up" % pfs[0]["name"])]
    for link in wishes.macvtaps(pfs):
        line = "link add link %(lower)s name %(name)s address %(mac)s up type macvtap mode bridge" % link
        lines.append((link["name"], line))
    return _batch(lines)


def taps_text(_pfs):
    lines = [(wishes.BRIDGE, "link add name %s up type bridge" % wishes.BRIDGE)]
    for name in wishes.taps():
        lines += [
            (name, "tuntap add dev %s mode tap" % name),
            (name, "link set dev %s master %s up" % (name, wishes.BRIDGE)),
        ]
    return _batch(lines)


def vfs_text(pfs):
    shell, lines = [], []
    for pf in pfs:
        shell += [
            "ip link set dev %(name)s up",
            "echo 0 >/sys/class/net/%(name)s/device/sriov_drivers_autoprobe",
            "read -r count </sys/class/net/%(name)s/device/sriov_numvfs",
            '[ "$count" = %(total)d ] || echo %(total)d >/sys/class/net/%(name)s/device/sriov_numvfs',
        ]
        shell[-4:] = [line % pf for line in shell[-4:]]
    for vf in wishes.vfs(pfs):
        lines.append((None, "link set dev %(pf)s vf %(index)d mac %(mac)s vlan %(vlan)d trust on spoofchk off" % vf))
    return "\n".join(shell) + "\n" + _batch(lines)


def macvtaps(pfs):
    return script(macvtaps_text(pfs))


def taps(pfs):
    return script(taps_text(pfs))


def vfs(pfs):
    return script(vfs_text(pfs))


def links(pfs):
    """All three in one script."""
    return script(vfs_text(pfs) + macvtaps_text(pfs) + taps_text(pfs))


def _network(nic):
    words = ["model.type=virtio", "driver.name=vhost", "mac.address=" + nic["mac"], "alias.name=ua-" + nic["name"]]
    if "bridge" in nic:
        return ",".join(["type=bridge", "source=" + nic["bridge"]] + words)
    return ",".join(["type=direct", "source=" + nic["device"], "source.mode=bridge"] + words)


def guests(pfs, some=None):
    """virt-xml for each guest whose last NIC is not there; ``some``: for the first guests only."""
    lines = []
    for name, nics in list(wishes.guests(pfs).items())[:some]:
        networks = " ".join("--network " + _network(nic) for nic in nics)
        lines.append("virsh domiflist %s --inactive | grep -q %s ||" % (name, nics[-1]["mac"]))
        lines.append("    virt-xml %s --add-device %s" % (name, networks))
    return script("\n".join(lines) + "\n")


def edit(pfs):
    name, nics = list(wishes.guests(pfs, edited=True).items())[wishes.EDITED]
    return script("virt-xml %s --edit mac=%s --network mtu.size=%d\n" % (name, nics[0]["mac"], nics[0]["mtu"]))


def ovs_port_words(port):
    """One port's commands to ovs-vsctl; of a port that is there only the settings are written."""
    keys = ["external_ids:%s=%s" % pair for pair in sorted(port["external_ids"].items())]
    words = ["--may-exist", "add-port", wishes.OVS_BRIDGE, port["name"], "tag=%s" % port["tag"]] + keys
    return words + ["--", "set", "Interface", port["name"], "type=internal"]


def ovs_ports():
    argv = ["ovs-vsctl", "--may-exist", "add-br", wishes.OVS_BRIDGE]
    for port in wishes.ovs_ports():
        argv += ["--"] + ovs_port_words(port)
    return [{"ansible.builtin.command": {"argv": argv}}]


def ovs_flow_text(flow):
    return "table=%(table)d,priority=%(priority)d,%(match)s,actions=%(actions)s" % flow


def ovs_flows():
    argv = ["ovs-ofctl", "-O", "OpenFlow14", "--bundle", "add-flows", wishes.OVS_FLOW_BRIDGE, "-"]
    lines = "".join(ovs_flow_text(flow) + "\n" for flow in wishes.ovs_flows())
    return [{"ansible.builtin.command": {"argv": argv, "stdin": lines}}]
