#!/bin/sh
# Builds with the one set of flags that every other script shares, so that nothing is built twice.
# The check refuses any import that the manifest's table does not allow.
#
#   usage: Scripts/build.sh [OPTION of `swift build` ...]
set -eu
exec swift build -c release --explicit-target-dependency-import-check error "$@"
