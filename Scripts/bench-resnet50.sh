#!/bin/sh
# Times ResNet-50 (random weights) beside onnxruntime in one run: dense, blocks at 70 %, vector-wise
# 2:4. Needs Python with PyPI. The first figure to read is the last column: the ratio to onnxruntime.
#
#   usage: Scripts/bench-resnet50.sh [OPTION of bench-ort.py ...]   for example --threads 2
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
python=$(Scripts/oracle-env.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$espalier" zoo resnet50 -o "$work/dense.onnx" >/dev/null
"$espalier" convert "$work/dense.onnx" -o "$work/dense.esp" --pattern dense >/dev/null
prune() {  # prune NAME PATTERN SPARSITY
  "$espalier" prune "$work/dense.onnx" -o "$work/$1.onnx" --pattern "$2" --sparsity "$3" \
    --scope layer --no-refit --force >/dev/null  # of times alone, numbers drawn at random serve as well
  "$espalier" convert "$work/$1.onnx" -o "$work/$1.esp" >/dev/null
}
prune block-16x8-70 block:16x8 0.7
prune vector-2-4 vnm:8:2:4 0.5
"$python" Scripts/bench-ort.py "$work/dense.onnx" "$work/dense.esp" "$work/block-16x8-70.esp" \
  "$work/vector-2-4.esp" "$@"
