"""The workload as somebody who knows pyinfra would write it: config, then container or unit, then health, for each
component in order. Health is waited for where something changed. pyinfra does not replace a container whose image
differs, so the deploy asks for that itself."""

import os

from pyinfra import host
from pyinfra.facts.docker import DockerContainer
from pyinfra.operations import docker, files, server, systemd

HERE = os.path.dirname(os.path.abspath(__file__))
CONF = os.path.join(HERE, "..", "workload", "app.conf.j2")
UNIT = os.path.join(HERE, "unit.service.j2")


def wait_for_health(component, changed):
    url = f"http://127.0.0.1:{component['port']}{component['health']}"
    server.shell(
        name=f"health {component['name']}",
        commands=[f"for i in $(seq 400); do curl -fs -m 5 -o /dev/null {url} && exit 0; sleep 0.05; done; exit 1"],
        _if=changed,
    )


def deploy_container(component, conf):
    found = host.get_fact(DockerContainer, object_id=component["name"])
    other_image = bool(found) and found[0]["Config"]["Image"] != component["image"]
    container = docker.container(
        name=f"container {component['name']}",
        container=component["name"],
        image=component["image"],
        force=other_image,
        ports=[f"{component['port']}:8080"],
        env_vars=[f"NAME={component['name']}", "LEVEL=info"],
        volumes=[f"/etc/demo/{component['name']}.conf:/etc/app.conf:ro"],
        restart_policy="unless-stopped",
    )
    restart = server.shell(
        name=f"restart {component['name']}",
        commands=[f"docker restart -t 5 {component['name']}"],
        _if=lambda: conf.did_change() and not container.did_change(),
    )
    wait_for_health(component, lambda: container.did_change() or restart.did_change())


def deploy_unit(component, conf):
    unit = files.template(
        name=f"unit {component['name']}",
        src=UNIT,
        dest=f"/etc/systemd/system/{component['name']}.service",
        mode="644",
        component_id=component["name"],
        command=component["command"],
    )
    systemd.daemon_reload(name=f"reload for {component['name']}", _if=unit.did_change)
    service = systemd.service(name=f"service {component['name']}", service=f"{component['name']}.service", running=True, enabled=True)
    restart = server.shell(
        name=f"restart {component['name']}",
        commands=[f"systemctl restart {component['name']}.service"],
        _if=lambda: (conf.did_change() or unit.did_change()) and not service.did_change(),
    )
    wait_for_health(component, lambda: service.did_change() or restart.did_change())


files.directory(name="folder /etc/demo", path="/etc/demo", mode="755")
for each in host.data.components:
    rendered = files.template(
        name=f"config {each['name']}",
        src=CONF,
        dest=f"/etc/demo/{each['name']}.conf",
        mode="644",
        component_id=each["name"],
        host_id=each["host"],
        port=each["port"],
        level="info",
        note=each["note"],
    )
    (deploy_container if each["kind"] == "docker" else deploy_unit)(each, rendered)
