#!/bin/sh
# Installs Maestro's host worker, or changes it to the version that this script names. Needs root, systemd, and curl or wget.
# The control plane that handed it out has filled in its address, the key of its releases and the SHA-256 of its archives.
# Everything is in a function that the last line calls: of a script that was cut on its way, nothing runs.
set -eu
umask 022

say() { printf '%s\n' "$*" >&2; }
die() { say "maestro: $1"; [ $# -lt 2 ] || say "  fix: $2"; exit 1; }

usage() {
  say 'usage: install.sh [--token TOKEN] [--name NAME] [--gateway URL] [--ca-digest sha256:...] [--url URL]'
  say '  --token      one-time enrollment token (or MAESTRO_ENROLL_TOKEN in the environment)'
  say '  --name       id of this node; the host name unless given'
  say '  --gateway    where the host worker connects to'
  say '  --ca-digest  digest of the certificate authority of the gateway'
  say '  --url        where to download from; the control plane that this script is from unless given'
}

# platform, file and SHA-256 of each archive
archives() {
  cat <<'ARCHIVES'
@MAESTRO_ARCHIVES@
ARCHIVES
}

needs() { command -v "$1" >/dev/null 2>&1 || die "$1 is not on this host" "$2"; }

fetch() { # url file
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --proto '=http,https' --connect-timeout 15 --max-time 900 --retry 2 --output "$2" -- "$1"
  else
    wget --quiet --tries 3 --timeout 60 --output-document "$2" -- "$1"
  fi
}

platform() {
  [ "$(uname -s)" = Linux ] || die "hosts run Linux, and this is $(uname -s)"
  case "$(uname -m)" in
    x86_64 | amd64) echo linux-x64 ;;
    aarch64 | arm64) echo linux-arm64 ;;
    *) die "there is no host bundle for $(uname -m)" ;;
  esac
}

main() {
  url='@MAESTRO_URL@'
  name='' gateway='' ca_digest=''
  while [ $# -gt 0 ]; do
    case "$1" in
      -h | --help) usage; exit 0 ;;
      --token | --name | --gateway | --ca-digest | --url) [ $# -ge 2 ] && [ -n "$2" ] || die "$1 needs a value" ;;
      *) usage; die "unknown option: $1" ;;
    esac
    case "$1" in
      --token) MAESTRO_ENROLL_TOKEN=$2 ;;
      --name) name=$2 ;;
      --gateway) gateway=$2 ;;
      --ca-digest) ca_digest=$2 ;;
      --url) url=${2%/} ;;
    esac
    shift 2
  done
  case "$url" in http://* | https://*) ;; *) die "--url is not an http or https address: $url" ;; esac

  [ "$(id -u)" = 0 ] || die 'this has to run as root' 'pipe the script into: sudo sh -s -- ...'
  [ -d /run/systemd/system ] || die 'systemd does not run this host' 'use a host that is booted with systemd'
  needs systemctl 'install systemd'
  for tool in tar gzip sha256sum mktemp; do needs "$tool" "install $tool"; done
  command -v curl >/dev/null 2>&1 || command -v wget >/dev/null 2>&1 || die 'neither curl nor wget is on this host' 'install one of them'

  platform=$(platform)
  set -- $(archives | grep "^$platform " || :)
  [ $# -eq 3 ] || die "this control plane has no host bundle for $platform" "build it on a machine of that kind: node scripts/build.mjs host-bundle"
  file=$2 sha256=$3

  # On the file system where it is going to stay.
  mkdir -p /opt/maestro-host
  work=$(mktemp -d /opt/maestro-host/.incoming-XXXXXXXX)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM

  say "downloading $file"
  fetch "$url/download/$file" "$work/archive" || die "$url/download/$file could not be downloaded" 'check that this host reaches the control plane'
  fetch "$url/download/$file.release.json" "$work/release.json" || die "$url/download/$file.release.json could not be downloaded" 'run the install command again'
  printf '%s  %s\n' "$sha256" "$work/archive" | sha256sum -c - >/dev/null 2>&1 ||
    die "the SHA-256 of $file is not the one that this script names; nothing was changed" 'fetch the script again; when it happens again, somebody is changing what you download'
  mkdir "$work/bundle"
  tar -xzf "$work/archive" -C "$work/bundle" --no-same-owner || die "$file cannot be unpacked" 'free space on the file system of /opt'
  rm "$work/archive"
  "$work/bundle/node" --version >/dev/null 2>&1 || die "the Node of the bundle does not run on this host" 'it needs glibc @MAESTRO_GLIBC@ or newer, libstdc++, and a file system of /opt that allows programs (no noexec)'

  [ -z "${MAESTRO_ENROLL_TOKEN:-}" ] || export MAESTRO_ENROLL_TOKEN
  "$work/bundle/bin/maestro-host" install --release "$work/release.json" --key '@MAESTRO_KEY@' --url "$url" \
    ${name:+--name "$name"} ${gateway:+--gateway "$gateway"} ${ca_digest:+--ca-digest "$ca_digest"}
}

main "$@"
