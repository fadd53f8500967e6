"""Everything on a host that a schedule may have left there, as one JSON object. usage: host-report.py SINCE (seconds)"""
import hashlib
import json
import os
import pwd
import subprocess
import sys
import time

SINCE = float(sys.argv[1])
ROOTS = ("/srv/real", "/opt/real-built", "/opt/maestro", "/etc/maestro/units", "/etc/systemd/system")
LEDGER = "/srv/ledger"
JOURNAL = "/var/lib/maestro"


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout


def lines(text):
    return [line for line in text.split("\n") if line]


def containers():
    ids = lines(run("docker", "ps", "--all", "--quiet", "--no-trunc"))
    found = json.loads(run("docker", "inspect", *ids)) if ids else []
    return [{
        "id": c["Id"], "name": c["Name"][1:], "image": c["Config"]["Image"], "env": c["Config"]["Env"] or [], "running": c["State"]["Running"] and not c["State"]["Restarting"],
        "started_at": c["State"]["StartedAt"], "labels": c["Config"]["Labels"] or {}, "networks": sorted(c["NetworkSettings"]["Networks"]),
    } for c in found]


def networks():
    return sorted(lines(run("docker", "network", "ls", "--format", "{{.Name}}")))


def events():
    """From the follower's file, which outlives the daemon, and from the daemon itself, which may know more by now."""
    asked = run("docker", "events", "--since", str(SINCE), "--until", str(time.time()), "--filter", "type=container", "--format", "{{json .}}")
    with open(f"{LEDGER}/docker") as followed:
        told = lines(followed.read()) + lines(asked)
    found = {}
    for line in told:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # cut off where the follower was stopped
        if event["timeNano"] / 1e9 >= SINCE:
            found[(event["Actor"]["ID"], event["Action"], event["timeNano"])] = event
    return [{"id": id, "action": action, "name": e["Actor"]["Attributes"].get("name", ""), "attempt": e["Actor"]["Attributes"].get("maestro.attempt", "")} for (id, action, _), e in sorted(found.items(), key=lambda item: item[0][2])]


def units():
    found = {}
    for name in sorted(os.listdir("/etc/systemd/system")):
        if name.startswith("real-") and name.endswith(".service"):
            shown = run("systemctl", "show", "--property=ActiveState,SubState,MainPID,UnitFileState,NeedDaemonReload,Environment,ExecStart", name)
            found[name] = dict(line.split("=", 1) for line in lines(shown))
    return found


def one_file(path):
    status = os.lstat(path)
    shape = {"mode": oct(status.st_mode), "uid": status.st_uid, "inode": status.st_ino, "changed": status.st_mtime_ns}
    if os.path.islink(path):
        return {**shape, "link": os.readlink(path)}
    if os.path.isfile(path):
        with open(path, "rb") as opened:
            content = opened.read()
        return {**shape, "sha256": hashlib.sha256(content).hexdigest(), "text": content.decode("utf8", "replace") if len(content) < 4096 and path.startswith("/srv/") else ""}
    return shape


def files():
    found = {}
    for root in ROOTS:
        if os.path.lexists(root):
            found[root] = one_file(root)
        if not os.path.islink(root):
            for folder, folders, names in os.walk(root):
                for name in folders + names:
                    path = os.path.join(folder, name)
                    found[path] = one_file(path)
    return found


def journal():
    paths = [os.path.join(folder, name) for folder, _, names in os.walk(JOURNAL) for name in names]
    placements = []
    for path in paths:
        if "/placements/" in path and path.endswith(".json"):
            with open(path) as opened:
                record = json.load(opened)
            placements.append({"deploy_id": record["deploy_id"], "component": record["component"], "attempt": (record["attempt"] or {}).get("state")})
    return {"placements": placements, "paths": sorted(paths)}


def counted():
    found = {}
    for name in ("unit", "built", "builds"):
        with open(f"{LEDGER}/{name}") as opened:
            found[name] = lines(opened.read())
    return found


def build_processes():
    try:
        uid = pwd.getpwnam("maestro-build").pw_uid
    except KeyError:
        return []
    found = []
    for pid in os.listdir("/proc"):
        try:
            if pid.isdigit() and os.stat(f"/proc/{pid}").st_uid == uid:
                found.append(pid)
        except FileNotFoundError:
            pass
    return found


print(json.dumps({"containers": containers(), "networks": networks(), "events": events(), "units": units(), "files": files(), "journal": journal(), "counted": counted(), "build_processes": build_processes()}))
