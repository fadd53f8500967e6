#!/usr/bin/env bash
# Remove a fleet: hosts, registry, volumes, network. Images stay.
# usage: down.sh            the fleet of FLEET_PREFIX
#        down.sh --all      every fleet on this machine
set -euo pipefail
. "$(dirname "$0")/common.sh"

docker version >/dev/null 2>&1 || exit 0
FILTER="label=$FLEET_LABEL=$FLEET_PREFIX"
[ "${1:-}" = --all ] && FILTER="label=$FLEET_LABEL"

docker ps -aq --filter "$FILTER" | xargs -r docker rm -f -v >/dev/null
docker volume ls -q --filter "$FILTER" | xargs -r docker volume rm >/dev/null
docker network ls -q --filter "$FILTER" | xargs -r docker network rm >/dev/null
if [ "${1:-}" = --all ]; then rm -rf "$FLEET_CACHE/fleets"; else rm -rf "$FLEET_STATE"; fi
