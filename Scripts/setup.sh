#!/bin/sh
# Installs what building and testing on the host needs beyond Swift: Debian packages, by name.
# Does nothing when they are there. ESPALIER_SETUP=no leaves the machine alone.
#
#   usage: Scripts/setup.sh
set -eu
cd "$(dirname "$0")/.."

[ "${ESPALIER_SETUP:-yes}" != no ] || exit 0
if ! command -v swift >/dev/null; then
  echo "setup: no swift on PATH; install Swift 6.3 or later (swift.org/install)" >&2
  exit 69
fi
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
case $version in
  '' | [0-5].* | 6.[0-2])
    echo "setup: swift on PATH is version ${version:-unknown}; Espalier needs 6.3 or later" >&2
    exit 69
    ;;
esac
# build-essential: the C library's and C++ library's headers and the linker's start files.
# git: the package manager fetches dependencies with it. libflatbuffers-dev: the model file.
# libopenblas-dev: matrix products and factorisations of the converter.
Scripts/apt-install.sh build-essential ca-certificates git libflatbuffers-dev libopenblas-dev
