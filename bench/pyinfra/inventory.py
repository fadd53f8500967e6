"""The hosts and their share of the workload, as bench/pyinfra/pyinfra.ts wrote them down."""

import json as _json
import os as _os

with open(_os.environ["BENCH_INVENTORY"], encoding="utf-8") as _file:
    _inventory = _json.load(_file)

fleet = [
    (
        entry["address"],
        {
            "ssh_user": "root",
            "ssh_key": _inventory["ssh_key"],
            "ssh_strict_host_key_checking": "no",
            "ssh_known_hosts_file": _os.devnull,
            "components": entry["components"],
        },
    )
    for entry in _inventory["hosts"]
]
