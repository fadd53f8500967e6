#!/usr/bin/env bash
# Build what is missing of: base (Debian), host, and the registry with the stand-in images in it. Called by ensure.sh.
set -euo pipefail
. "$(dirname "$0")/common.sh"
name_images

# Image as hosts pull it = recipe. Versions differ in content, so a change of version is a real transfer.
STAND_INS=(
  "library/nginx:1.27-alpine=nginx"
  "acme/api:v1.5=api" "acme/api:v1.6=api"
  "demo/web:1=web" "demo/web:2=web"
  "demo/broken:1=broken" "demo/sick:1=sick"
)

WORK="$(mktemp -d "$FLEET_CACHE/build.XXXXXX")"
FILLING=""
clean_up() {
  [ -z "$FILLING" ] || docker rm -f -v "$FILLING" >/dev/null 2>&1 || true
  rm -rf "$WORK"
}
trap clean_up EXIT

have() { docker image inspect "$1" >/dev/null 2>&1; }

# Where this machine's own apt gets the suite from; never written down, every machine has its own.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' |
    awk -v suite="$FLEET_SUITE" '$2 == suite && $3 == "main" { print $1; exit }'
}

apt_proxy() { apt-config shell proxy Acquire::http::Proxy | sed -n "s/^proxy='\(.*\)'$/\1/p"; }

build_base() {
  have "$BASE_IMAGE" && return
  local mirror proxy
  [ "$(id -u)" -eq 0 ] || die "building the images needs root (debootstrap)"
  mirror="$(debian_mirror)"; proxy="$(apt_proxy)"
  [ -n "$mirror" ] || die "apt has no source for Debian '$FLEET_SUITE' main"
  say "building the base system"
  http_proxy="$proxy" debootstrap --variant=minbase --include=ca-certificates "$FLEET_SUITE" "$WORK/base" "$mirror" >"$WORK/debootstrap.log" 2>&1 ||
    { tail -n 20 "$WORK/debootstrap.log" >&2; die "debootstrap failed"; }
  # Nobody reads manuals on these hosts: less to build, less to pull.
  cat >"$WORK/base/etc/dpkg/dpkg.cfg.d/fleet" <<'C'
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
C
  rm -rf "$WORK"/base/usr/share/{doc,man,locale}/* "$WORK"/base/var/cache/apt/*.bin "$WORK"/base/var/cache/apt/archives/*.deb
  tar -C "$WORK/base" -c . | docker import --change 'CMD ["/bin/bash"]' - "$BASE_IMAGE" >/dev/null
  rm -rf "$WORK/base"
}

build_image() { # tag folder options...
  local tag="$1" folder="$2"; shift 2
  docker build -q "$@" -t "$tag" "$folder" >"$WORK/build.log" 2>&1 || { cat "$WORK/build.log" >&2; die "building $tag failed"; }
}

# On the network of the machine itself, since a build only needs what apt here already reaches.
build_debian_image() { # tag folder
  local proxy; proxy="$(apt_proxy)"
  build_image "$1" "$2" --network host --build-arg "BASE=$BASE_IMAGE" ${proxy:+--build-arg "http_proxy=$proxy"}
}

build_host() {
  have "$HOST_IMAGE" && return
  say "building the host"
  cp -r "$FLEET_DIR/images/host" "$WORK/host"
  cp "$FLEET_KEYS/ca.crt" "$FLEET_KEYS/id_fleet.pub" "$WORK/host/"
  # Node and npm of this machine, for components whose build steps or command want them (recipe 03).
  mkdir -p "$WORK/host/node/bin" "$WORK/host/node/lib/node_modules"
  cp "$(node -p process.execPath)" "$WORK/host/node/bin/node"
  cp -r "$(npm root --global 2>/dev/null)/npm" "$WORK/host/node/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$WORK/host/node/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$WORK/host/node/bin/npx"
  build_debian_image "$HOST_IMAGE" "$WORK/host"
}

build_stand_in() { # recipe version tag
  local context="$WORK/$1-$2"
  mkdir -p "$context"
  (cd "$FLEET_DIR/images/stand-ins" && GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0 \
    go build -trimpath -ldflags "-s -w -X main.version=$2" -o "$context/server" "./$1")
  cp "$FLEET_DIR/images/stand-ins/Dockerfile" "$context/"
  build_image "$3" "$context"
}

# Docker answers for a registry on loopback without asking for its certificate's name.
push_to() { # registry image, which is then forgotten here: only the registry is to have it
  docker tag "$2" "$1/$2"
  docker push -q "$1/$2" >/dev/null
  docker rmi "$1/$2" "$2" >/dev/null
}

build_registry() {
  have "$REGISTRY_IMAGE" && return
  local registry entry image recipe
  say "building the registry"
  cp -r "$FLEET_DIR/images/registry" "$WORK/registry"
  cp "$FLEET_KEYS/registry.crt" "$FLEET_KEYS/registry.key" "$WORK/registry/"
  build_debian_image maestro-fleet/registry:empty "$WORK/registry"
  FILLING="$(docker run -d --label "$FLEET_LABEL=build" -p 127.0.0.1::443 maestro-fleet/registry:empty)"
  registry="$(docker port "$FILLING" 443/tcp | head -n 1)"

  say "building postgres"
  build_debian_image library/postgres:16 "$FLEET_DIR/images/postgres"
  push_to "$registry" library/postgres:16
  say "building the small images"
  for entry in "${STAND_INS[@]}"; do
    image="${entry%%=*}"; recipe="${entry##*=}"
    build_stand_in "$recipe" "${image##*:}" "$image"
    push_to "$registry" "$image"
  done
  docker stop -t 5 "$FILLING" >/dev/null
  docker commit "$FILLING" "$REGISTRY_IMAGE" >/dev/null
  docker rm -v "$FILLING" >/dev/null
  FILLING=""
}

# Images of older recipes go, unless a running fleet still stands on them.
remove_older() { # repository current
  docker image ls --format '{{.Repository}}:{{.Tag}}' "$1" | { grep -vxF "$2" || true; } |
    while read -r old; do docker rmi "$old" >/dev/null 2>&1 || true; done
}

build_base
build_host
build_registry
remove_older maestro-fleet/host "$HOST_IMAGE"
remove_older maestro-fleet/registry "$REGISTRY_IMAGE"
remove_older maestro-fleet/base "$BASE_IMAGE"
