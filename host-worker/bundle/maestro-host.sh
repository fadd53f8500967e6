#!/bin/sh
# Maestro on this host: install, upgrade, uninstall, verify, status, enroll.
set -eu
folder=$(CDPATH='' cd -- "$(dirname -- "$(readlink -f -- "$0")")/.." && pwd -P)
# Nothing that a shell has set for other Nodes acts on this one.
unset NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS
exec "$folder/node" "$folder/maestro-host.cjs" "$@"
