#!/bin/sh
# Runs the operator cases of onnx 1.23.2 on the reference evaluation, on the runtime and through
# `groups`, and each with an extent of 0 as well; writes docs/onnx-cases.md. Needs a network once, to fetch
# onnx. What passes and what fails: Scripts/check-onnx-cases.py.
#
#   usage: Scripts/check-onnx-cases.sh      tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
[ -x "$espalier" ] || { echo "check-onnx-cases: no $espalier; build it first" >&2; exit 66; }
cases=$(Scripts/fetch-onnx-cases.sh)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
python3 Scripts/check-onnx-cases.py "$espalier" "$cases" "$work/tables" || status=$?
# A broken driver writes no page.
[ "$status" -le 1 ] && python3 Scripts/write-pages.py onnx-cases "$work/tables"
exit "$status"
