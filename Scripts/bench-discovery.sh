#!/bin/sh
# How long finding the coupling groups takes, as a graph grows: Scripts/bench-discovery.py says how.
#
#   usage: Scripts/bench-discovery.sh [--output FILE.md]   tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
[ -x "$espalier" ] || { echo "bench-discovery: no $espalier; build it first" >&2; exit 66; }
python=$(Scripts/oracle-env.sh)
exec "$python" Scripts/bench-discovery.py "$@"
