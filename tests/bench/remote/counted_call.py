# SPDX-License-Identifier: GPL-3.0-or-later
"""counted_call.py TOOL [ARGUMENT...]: notes the call, then becomes the tool."""

from __future__ import annotations

import json
import os
import sys

with open("/run/vnic-bench/calls", "a") as stream:
    stream.write(json.dumps(sys.argv[1:]) + "\n")
os.execv("/usr/bin/" + sys.argv[1], sys.argv[1:])
