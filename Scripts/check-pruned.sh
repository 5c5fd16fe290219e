#!/bin/sh
# Prunes torchvision's exports in every kind of pattern and checks the outcome with other people's
# tools: onnx.checker accepts the ONNX file that was written, and the packed model's outputs match
# onnxruntime's outputs for that file (largest error at most 5e-6 of the range). Exit 1 if any fails.
#
#   usage: Scripts/check-pruned.sh [MODEL ...]      tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
models=${ESPALIER_CACHE:-$HOME/.cache/espalier}/torchvision
[ -x "$espalier" ] || { echo "check-pruned: no $espalier; build it first" >&2; exit 66; }
[ $# -gt 0 ] || set -- resnet18 mobilenet_v2 resnext50_32x4d swin_t
python=$(Scripts/oracle-env.sh)
"$python" Scripts/export-torchvision.py --folder "$models" "$@" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
printf '%-18s %-14s %10s %6s  %s\n' model pattern error/range passed reason
for model in "$@"; do
  for pattern in block:16x8 block:8x1 vnm:8:2:4 vnm:4:1:4 nm:2:4 unstructured; do
    sparsity=
    case $pattern in block:* | unstructured) sparsity='--sparsity 0.7' ;; esac
    reason=
    # shellcheck disable=SC2086
    if "$espalier" prune "$models/$model.ts.onnx" -o "$work/p.onnx" --pattern "$pattern" $sparsity \
      --no-refit --force \
      >"$work/log" 2>&1 &&
      "$python" Scripts/run-onnxruntime.py "$work/p.onnx" "$models/$model.input.npy" \
        "$work/expected.npy" >"$work/log" 2>&1 &&
      "$espalier" convert "$work/p.onnx" -o "$work/p.esp" >"$work/log" 2>&1 &&
      "$espalier" run "$work/p.esp" --input "input=$models/$model.input.npy" -o "$work/out" \
        >"$work/log" 2>&1; then
      if error=$("$python" Scripts/compare-npy.py range "$work/expected.npy" \
        "$work/out/output.npy" 5e-6 2>&1); then
        printf '%-18s %-14s %10s %6s\n' "$model" "$pattern" "$error" yes
        continue
      fi
      reason="outputs differ: $(echo "$error" | tail -n 1)"
    else
      reason=$(tail -n 1 "$work/log")
    fi
    failures=$((failures + 1))
    printf '%-18s %-14s %10s %6s  %s\n' "$model" "$pattern" - NO "$reason"
  done
done
echo "$failures failed"
[ "$failures" -eq 0 ]
