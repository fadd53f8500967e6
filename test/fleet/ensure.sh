#!/usr/bin/env bash
# Make this machine able to run a fleet: packages, a Docker daemon, the images. Does nothing when all is there.
set -euo pipefail
. "$(dirname "$0")/common.sh"

# command:package pairs; the daemon is looked at apart, because a machine may have another Docker than Debian's.
NEEDED=(debootstrap:debootstrap go:golang-go openssl:openssl ssh-keygen:openssh-client iptables:iptables ip:iproute2 flock:util-linux)

install_missing() {
  local pair missing=()
  for pair in "${NEEDED[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  if ! docker version >/dev/null 2>&1; then
    command -v docker >/dev/null && command -v dockerd >/dev/null || missing+=(docker.io containerd runc)
  fi
  [ "${#missing[@]}" -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ] || [ "${ID:-}" != debian ]; then
    die "needs ${missing[*]}: run as root on Debian to have them installed, or install them yourself"
  fi
  say "installing ${missing[*]}"
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

start_daemon() {
  docker version >/dev/null 2>&1 && return
  [ "$(id -u)" -eq 0 ] || die "no Docker daemon answers, and only root can start one"
  say "starting the Docker daemon, log in $FLEET_CACHE/dockerd.log"
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    # A session of its own, so that it outlives the script that needed it first; 9 is the lock's descriptor.
    setsid nohup dockerd >>"$FLEET_CACHE/dockerd.log" 2>&1 </dev/null 9>&- &
  fi
  for _ in $(seq 150); do
    docker version >/dev/null 2>&1 && return
    sleep 0.2
  done
  tail -n 20 "$FLEET_CACHE/dockerd.log" >&2 || true
  die "the Docker daemon does not answer"
}

# One CA for the registry that stands in for the public ones, one ssh key for the tools the bench compares with.
make_keys() {
  [ -s "$FLEET_KEYS/registry.crt" ] && [ -s "$FLEET_KEYS/id_fleet.pub" ] && return
  install -d -m 700 "$FLEET_KEYS"
  cd "$FLEET_KEYS"
  [ -s id_fleet ] || ssh-keygen -q -t ed25519 -N '' -C fleet -f id_fleet
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=fleet test CA' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' -keyout ca.key -out ca.crt 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=registry.fleet' \
    -keyout registry.key -out registry.csr 2>/dev/null
  openssl x509 -req -in registry.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out registry.crt \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$(printf 'DNS:%s,' "${FLEET_REGISTRY_NAMES[@]}" | sed 's/,$//')") 2>/dev/null
  rm -f registry.csr
  cd - >/dev/null
}

install_missing
mkdir -p "$FLEET_CACHE" "$FLEET_BUNDLES"
# Jest runs test files at the same time: one of them builds, the others wait for it.
exec 9>"$FLEET_CACHE/lock"
flock 9
start_daemon
make_keys
name_images
if ! docker image inspect "$HOST_IMAGE" "$REGISTRY_IMAGE" >/dev/null 2>&1; then
  "$FLEET_DIR/build-images.sh"
fi
