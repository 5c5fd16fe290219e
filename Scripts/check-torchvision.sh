#!/bin/sh
# Converts and runs torchvision's models and compares with onnxruntime's outputs: the largest
# absolute error may be 1e-5 of the output's range. One row per model and exporter; exit 1 if any
# row fails. Exports what is not there yet (Scripts/export-torchvision.py). A run over all models
# writes docs/torchvision.md.
#
#   usage: Scripts/check-torchvision.sh [MODEL ...]      tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
models=${ESPALIER_CACHE:-$HOME/.cache/espalier}/torchvision
[ -x "$espalier" ] || { echo "check-torchvision: no $espalier; build it first" >&2; exit 66; }
limit=1e-5 report=
[ $# -gt 0 ] || report=docs/torchvision.md
[ $# -gt 0 ] || set -- resnet18 resnet50 mobilenet_v2 mobilenet_v3_large efficientnet_b0 \
  densenet121 googlenet shufflenet_v2_x1_0 regnet_y_400mf resnext50_32x4d squeezenet1_1 \
  vit_b_16 swin_t lraspp_mobilenet_v3_large
python=$(Scripts/oracle-env.sh)
"$python" Scripts/export-torchvision.py --folder "$models" "$@" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
row() {
  printf '%-28s %-8s %10s %6s  %s\n' "$@"
  printf '| %s | %s | %s | %s | %s |\n' "$@" >>"$table"
}
table=$(mktemp)
trap 'rm -rf "$work" "$table"' EXIT

row model exporter error/range passed reason
echo '|---|---|--:|---|---|' >>"$table"
for model in "$@"; do
  for exporter in ts dyn; do
    rm -rf "$work"/*
    if "$espalier" convert "$models/$model.$exporter.onnx" -o "$work/model.esp" \
      >"$work/log" 2>&1 &&
      "$espalier" run "$work/model.esp" --input "input=$models/$model.input.npy" \
        -o "$work/out" >"$work/log" 2>&1; then
      if error=$("$python" Scripts/compare-npy.py range \
        "$models/$model.$exporter.output.npy" "$work/out/output.npy" "$limit" 2>&1); then
        row "$model" "$exporter" "$error" yes ""
        continue
      fi
      reason="outputs differ: $(echo "$error" | tail -n 1)"
    else
      reason=$(tail -n 1 "$work/log")
    fi
    failures=$((failures + 1))
    row "$model" "$exporter" - NO "$reason"
  done
done
echo "$failures failed"
if [ -n "$report" ]; then
  {
    cat "$table"
    printf '\n| measured | |\n|---|---|\n| largest error / range | %s |\n' "$limit"
  } >"$work/tables"
  python3 Scripts/write-pages.py torchvision "$work/tables"
fi
[ "$failures" -eq 0 ]
