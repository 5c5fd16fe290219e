#!/bin/sh
# Every classification and segmentation architecture in torchvision, and small exports of other
# frameworks, pruned by channels to half the MACs and checked: Scripts/check-channels.py says how.
#
#   usage: Scripts/check-channels.sh [--quick] [--exporter FORM] [--no-peer] [NAME ...]
#   tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
[ -x "$espalier" ] || { echo "check-channels: no $espalier; build it first" >&2; exit 66; }
python=$(Scripts/oracle-env.sh)
exec "$python" Scripts/check-channels.py "$@"
