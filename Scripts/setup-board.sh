#!/bin/sh
# Installs what building for an aarch64 board and running the result here needs: Debian's cross
# compiler with its C library, and the user-mode emulator. Does nothing when they are there.
#
#   usage: Scripts/setup-board.sh
set -eu
cd "$(dirname "$0")/.."

[ "${ESPALIER_SETUP:-yes}" != no ] || exit 0
Scripts/setup.sh
Scripts/apt-install.sh gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross \
  qemu-user-static
