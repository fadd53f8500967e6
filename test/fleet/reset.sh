#!/usr/bin/env bash
# Take off every host of the fleet what was deployed on it, all hosts at once.
# usage: reset.sh [--images] [--worker]    also drop pulled images / the host worker and its state
set -euo pipefail
. "$(dirname "$0")/common.sh"

JOBS=()
for host in $(docker ps -q --filter "label=$FLEET_LABEL=$FLEET_PREFIX" --filter "label=$FLEET_LABEL.host"); do
  docker exec "$host" fleet-reset "$@" &
  JOBS+=($!)
done
failed=0
for job in "${JOBS[@]}"; do wait "$job" || failed=1; done
exit "$failed"
