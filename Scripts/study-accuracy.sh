#!/bin/sh
# Accuracy after pruning without fine-tuning, over seeds: Scripts/study-accuracy.py says how.
#
#   usage: Scripts/study-accuracy.sh [--quick] [--seeds N]
#   tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
[ -x "$espalier" ] || { echo "study-accuracy: no $espalier; build it first" >&2; exit 66; }
python=$(Scripts/oracle-env.sh)
exec "$python" Scripts/study-accuracy.py "$@"
