#!/bin/sh
# Installs the Debian packages that are missing, by name; says nothing when all are there.
#
#   usage: Scripts/apt-install.sh PACKAGE ...
set -eu

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system; install the equivalents of: $*" >&2
  echo "setup: then run make with ESPALIER_SETUP=no" >&2
  exit 69
fi

missing=
for package in "$@"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: not root and no sudo; as root, run: apt-get install$missing" >&2
    exit 69
  fi
  root=sudo
fi
echo "setup: installing$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # lists of words on purpose
if ! $root apt-get -q update >"$log" 2>&1 || ! $root env DEBIAN_FRONTEND=noninteractive \
  apt-get -q -y --no-install-recommends install $missing >>"$log" 2>&1; then
  cat "$log" >&2
  echo "setup: apt-get could not install$missing; is there a network?" >&2
  exit 69
fi
