#!/bin/sh
# Checks the zoo's architectures at their full size with other people's tools: onnx.checker accepts
# each file, and the packed model's outputs on random inputs match onnxruntime's (largest error at
# most 2e-5 of the range). Exit 1 if any fails.
#
#   usage: Scripts/check-zoo.sh [NAME ...]      tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
[ -x "$espalier" ] || { echo "check-zoo: no $espalier; build it first" >&2; exit 66; }
if [ $# -eq 0 ]; then
  names=$("$espalier" zoo list | awk 'NR > 2 { print $1 }')
  # shellcheck disable=SC2086
  set -- $names
  [ $# -eq 18 ] || { echo "check-zoo: the zoo lists $# networks where 18 are expected" >&2; exit 1; }
fi
python=$(Scripts/oracle-env.sh)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
printf '%-18s %-18s %10s %6s\n' network output error/range passed
for name in "$@"; do
  rm -rf "${work:?}"/*
  if ! { "$espalier" zoo "$name" -o "$work/model.onnx" &&
    "$python" Scripts/random-case.py "$work/model.onnx" "$work" --seed 1 &&
    "$espalier" convert "$work/model.onnx" -o "$work/model.esp" &&
    set -- "$work"/input.*.npy && inputs= &&
    for file in "$@"; do
      input=${file##*/input.}
      inputs="$inputs --input ${input%.npy}=$file"
    done &&
    # shellcheck disable=SC2086
    "$espalier" run "$work/model.esp" $inputs -o "$work/out"; } >"$work/log" 2>&1; then
    echo "$name: $(tail -n 1 "$work/log")"
    failures=$((failures + 1))
    continue
  fi
  for file in "$work"/output.*.npy; do
    output=${file##*/output.}
    passed=yes
    error=$("$python" Scripts/compare-npy.py range "$file" "$work/out/$output" 2e-5 2>&1) ||
      { passed=NO && failures=$((failures + 1)); }
    printf '%-18s %-18s %10s %6s\n' "$name" "${output%.npy}" "$error" "$passed"
  done
done
echo "$failures failed"
[ "$failures" -eq 0 ]
