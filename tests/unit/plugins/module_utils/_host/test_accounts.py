# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import grp
import os
import pwd

from ansible_collections.kvm.vnic.plugins.module_utils._host.accounts import Accounts
from ansible_collections.kvm.vnic.plugins.module_utils._host.commands import Commands


def test_accounts_of_this_machine():
    accounts = Accounts(Commands())
    user, group = pwd.getpwuid(os.getuid()), grp.getgrgid(os.getgid())
    assert accounts.users([user.pw_name, str(user.pw_uid)]) == dict.fromkeys(
        [user.pw_name, str(user.pw_uid)], (user.pw_uid, user.pw_name)
    )
    assert accounts.groups([group.gr_name])[group.gr_name] == (group.gr_gid, group.gr_name)


def test_what_is_no_account_is_left_out():
    accounts = Accounts(Commands())
    odd = ["no-such-user-here", "-s", "--help", "", "$(id)", "root:x", "a\nb"]
    assert accounts.users(odd) == {} and accounts.groups(odd) == {}
    assert accounts.users([]) == {}
