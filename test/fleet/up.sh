#!/usr/bin/env bash
# Start hosts and wait until systemd and Docker answer in each. Hosts that are up already are left alone.
# usage: up.sh N            hosts h1..hN, at .11, .12, ...
#        up.sh NAME...      hosts of these names, at .11, .12, ... in this order
# Prints "gateway ADDRESS" (this machine, as the hosts see it), then "NAME ADDRESS" for each host.
set -euo pipefail
. "$(dirname "$0")/common.sh"
: "${FLEET_READY_SECONDS:=90}"

[ $# -gt 0 ] || die "usage: up.sh N | up.sh NAME..."
if [[ $# -eq 1 && "$1" =~ ^[0-9]+$ ]]; then
  mapfile -t HOSTS < <(seq -f 'h%g' "$1")
else
  HOSTS=("$@")
fi
"$FLEET_DIR/ensure.sh"
name_images
LABELS=(--label "$FLEET_LABEL=$FLEET_PREFIX" --label "$FLEET_LABEL.owner=$FLEET_OWNER")

network_exists() { docker network inspect "$FLEET_NET" >/dev/null 2>&1; }

create_network() {
  network_exists && return
  local third
  if [ "$FLEET_SUBNET" != auto ]; then
    docker network create "${LABELS[@]}" --subnet "$FLEET_SUBNET" "$FLEET_NET" >/dev/null
    return
  fi
  # Docker refuses a subnet that overlaps with another network's, so fleets cannot take the same one.
  for third in $(seq 0 255); do
    docker network create "${LABELS[@]}" --subnet "10.77.$third.0/24" "$FLEET_NET" >/dev/null 2>&1 && return
    network_exists && return
  done
  die "no /24 of 10.77.0.0/16 is free (or Docker refuses networks: try docker network create)"
}

exists() { docker container inspect "$1" >/dev/null 2>&1; }

start_registry() {
  local name="${FLEET_PREFIX}_registry" # no host can have this name: ids hold no underscore
  exists "$name" && { docker start "$name" >/dev/null; return; }
  docker run -d --name "$name" "${LABELS[@]}" --network "$FLEET_NET" --ip "$BASE.2" "$REGISTRY_IMAGE" >/dev/null
}

# SYS_ADMIN and NET_ADMIN are what systemd and a nested dockerd need, SYS_PTRACE is for docker exec into containers whose
# process is not root; --privileged would also ask for capabilities that a small VM may not have. route_localnet lets nat rules serve a published port on the host's 127.0.0.1;
# /proc/sys is read-only inside.
start_host() { # id address
  local name="$FLEET_PREFIX-$1" registry names=()
  exists "$name" && { docker start "$name" >/dev/null; return; }
  for registry in "${FLEET_REGISTRY_NAMES[@]}"; do names+=(--add-host "$registry:$BASE.2"); done
  docker volume create "${LABELS[@]}" "$name-docker" >/dev/null
  docker run -d --name "$name" --hostname "$1" "${LABELS[@]}" --label "$FLEET_LABEL.host=$1" \
    --network "$FLEET_NET" --network-alias "$1" --ip "$2" "${names[@]}" \
    --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --cgroupns=private --sysctl net.ipv4.conf.all.route_localnet=1 \
    --tmpfs /run --tmpfs /run/lock --tmpfs /tmp:exec,mode=1777 \
    -v "$name-docker:/var/lib/docker" -v "$FLEET_BUNDLES:/opt/maestro-worker-bundles:ro" "$HOST_IMAGE" >/dev/null
}

address_of() { # id position
  if [[ "$1" =~ ^h([0-9]+)$ ]]; then echo "$BASE.$((10 + BASH_REMATCH[1]))"; else echo "$BASE.$((10 + $2))"; fi
}

bring_up() { # id address
  start_host "$1" "$2"
  docker exec "$FLEET_PREFIX-$1" fleet-ready "$FLEET_READY_SECONDS" >&2
}

write_ssh_config() {
  mkdir -p "$FLEET_STATE"
  {
    printf 'Host *\n  User root\n  IdentityFile %s/id_fleet\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n' "$FLEET_KEYS"
    printf 'Host %s\n  HostName %s\n' "${ADDRESSES[@]}"
  } >"$FLEET_STATE/ssh_config"
}

create_network
BASE="$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' "$FLEET_NET")"
BASE="${BASE%.*}"
start_registry

ADDRESSES=()
JOBS=()
for i in "${!HOSTS[@]}"; do
  address="$(address_of "${HOSTS[$i]}" $((i + 1)))"
  ADDRESSES+=("${HOSTS[$i]}" "$address")
  bring_up "${HOSTS[$i]}" "$address" &
  JOBS+=($!)
done
failed=0
for job in "${JOBS[@]}"; do wait "$job" || failed=1; done
[ "$failed" -eq 0 ] || die "not every host came up"
write_ssh_config
echo "gateway $BASE.1"
printf '%s %s\n' "${ADDRESSES[@]}"
