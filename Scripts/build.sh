#!/bin/sh
# Builds with the one set of flags that every other script shares, so that nothing is built twice:
# optimised, since the tests compute a lot; testable, since some look inside their module. The import
# check refuses what the manifest's table does not allow.
#
#   usage: Scripts/build.sh [OPTION of `swift build` ...]
set -eu
exec swift build -c release -Xswiftc -enable-testing \
  --explicit-target-dependency-import-check error "$@"
