#!/usr/bin/env bash
# Builds another revision beside the working tree and compares what both do: pruned ONNX files byte by
# byte, packed models' outputs bit by bit, and on request speed and conversion
# (Scripts/compare-builds.py, which lists the options). Exit 1 where anything differs.
#
#   usage: Scripts/compare-builds.sh REV [OPTION of compare-builds.py ...]
#
# REV's files are in .build-compare/, and stay for the next time. The working tree's command must have
# been built before; `make compare-builds REV=...` does that.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; }
revision=$(git rev-parse --verify "$1^{commit}")
shift
[ -x .build/release/espalier ] || { echo "compare-builds: no .build/release/espalier; make build" >&2; exit 66; }

other=.build-compare/$revision
if [ ! -x "$other/.build/release/espalier" ]; then
  echo "compare-builds: building ${revision:0:12} in $other" >&2
  rm -rf "$other"
  mkdir -p "$other/.build"
  git archive "$revision" | tar -x -C "$other"
  # Spares the download of the dependencies.
  for part in checkouts repositories artifacts workspace-state.json; do
    [ ! -e ".build/$part" ] || cp -r ".build/$part" "$other/.build"
  done
  [ ! -f Package.resolved ] || cp Package.resolved "$other"
  (cd "$other" && Scripts/build.sh --product espalier >&2)
fi
exec python3 Scripts/compare-builds.py "$other/.build/release/espalier" .build/release/espalier "$@"
