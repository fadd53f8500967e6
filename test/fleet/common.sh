# Sourced by the fleet scripts: settings, names and the hashes the images are cached by.
# Every setting can be given from outside; several fleets live side by side when each has its own prefix.
: "${FLEET_PREFIX:=fleet}"        # containers are named <prefix>-<host id>
: "${FLEET_NET:=$FLEET_PREFIX}"   # Docker network of this fleet
: "${FLEET_SUBNET:=auto}"         # a /24 such as 10.77.0.0/24; auto takes the first free one in 10.77.0.0/16
: "${FLEET_OWNER:=}"              # set by the test API: who cleans up when this fleet is left behind

FLEET_DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
FLEET_CACHE="${MAESTRO_CACHE:-$HOME/.cache/maestro}/fleet"
FLEET_KEYS="$FLEET_CACHE/keys"
FLEET_BUNDLES="$FLEET_CACHE/worker-bundles"
FLEET_STATE="$FLEET_CACHE/fleets/$FLEET_PREFIX"
FLEET_LABEL=maestro.fleet
# Names under which a host meets the registry: the mirror, and the two public registries it stands in for.
FLEET_REGISTRY_NAMES=(registry.fleet registry-1.docker.io ghcr.io)

# shellcheck source=/dev/null
. /etc/os-release
FLEET_SUITE="${VERSION_CODENAME:-}"

say() { echo "fleet: $*" >&2; }
die() { say "$*"; exit 1; }

# Hash of folders, by content and path, so that a checkout elsewhere finds the same images.
recipe_hash() {
  (cd "$FLEET_DIR" && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c1-12
}

text_hash() { printf '%s' "$*" | sha256sum | cut -c1-12; }

# Sets the image names. An image's hash holds the hashes of all it is built from.
name_images() {
  local base keys
  base="$(text_hash "$FLEET_SUITE" "$(recipe_hash build-images.sh)")"
  keys="$(cat "$FLEET_KEYS/ca.crt" "$FLEET_KEYS/registry.crt" "$FLEET_KEYS/id_fleet.pub" 2>/dev/null | sha256sum)"
  BASE_IMAGE="maestro-fleet/base:$base"
  HOST_IMAGE="maestro-fleet/host:$(text_hash "$base" "$keys" "$(node --version)" "$(recipe_hash images/host)")"
  REGISTRY_IMAGE="maestro-fleet/registry:$(text_hash "$base" "$keys" "$(recipe_hash images/registry images/postgres images/stand-ins)")"
}
