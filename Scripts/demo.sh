#!/usr/bin/env bash
# The main job on real models. First the digits network, really trained: pruned in three patterns,
# packed, checked against its graph, scored on held-out images, timed (Examples/digits/Demo, the Swift
# API). Then ResNet-50 with random weights: dense against blocks at 70 %, layer by layer (the command).
#
#   usage: Scripts/demo.sh      built before by `make demo`; files stay in .build/demo
set -euo pipefail
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
output=.build/demo
mkdir -p "$output"

echo "== Digits: a small convolutional network, pruned without any training afterwards"
echo
.build/release/DigitsDemo Examples/digits "$output"

echo
echo "== ResNet-50: the same in the command's words (random weights: for latency only)"
echo
show() {
  echo "  espalier $*" | sed "s|$output/||g"
  "$espalier" "$@"
}
show zoo resnet50 -o "$output/resnet50.onnx" >"$output/zoo.log"
show convert "$output/resnet50.onnx" -o "$output/dense.esp" --pattern dense >"$output/dense.log"
show prune "$output/resnet50.onnx" -o "$output/pruned.onnx" --pattern block:16x8 --sparsity 0.7 \
  --scope layer --no-refit --force \
  >"$output/prune.log"
show convert "$output/pruned.onnx" -o "$output/sparse.esp" >"$output/sparse.log"
head -qn 1 "$output"/{zoo,dense,prune,sparse}.log

# In turns, so that a machine that slows down slows both.
for round in 1 2 3; do
  for model in dense sparse; do
    "$espalier" bench "$output/$model.esp" --threads 1 --json >"$output/$model.$round.json"
  done
done

# The reports of one model, as "name kernel encoding density macs median_ns" of the middle round.
middle() {  # middle MODEL: the report with the median of the three medians
  for round in 1 2 3; do
    sed -n "s|.*\"median_ns\":\([0-9]*\),\"p90_ns\".*|\1 $output/$1.$round.json|p" \
      "$output/$1.$round.json"
  done | sort -n | sed -n '2s/.* //p'
}
dense=$(middle dense) sparse=$(middle sparse)
layers() {
  sed 's/.*"layers":\[//; s/},{/}\n{/g' "$1" | sed -nE \
    's/.*"name":"(([^"\\]|\\.)*)","op":"([^"]*)","kernel":"([^"]*)","encoding":("([^"]*)"|null),"density":([^,]*),"macs":([0-9]*),.*"median_ns":([0-9]*).*/\1\t\3\t\6\t\7\t\8\t\9/p'
}
total() { sed -n 's/.*"median_ns":\([0-9]*\),"p90_ns".*/\1/p' "$1"; }
bytes() { sed -n 's/.*"file_bytes":\([0-9]*\).*/\1/p' "$1"; }
isa=$(sed -n 's/.*"isa":"\([^"]*\)".*/\1/p' "$dense")

echo
{
  layers "$dense" | sed 's/^/dense\t/'
  layers "$sparse" | sed 's/^/sparse\t/'
} | awk -F '\t' '
  BEGIN {
    form = "%-34s %-12s %8s %9s %9s %9s %9s\n"
    printf form, "layer", "encoding", "kept", "MMACs", "dense ms", "ms", "speed-up"
    rule = sprintf("%96s", ""); gsub(/ /, "-", rule); print rule
  }
  $1 == "dense" { time[$2] += $7; rows++ }
  $1 == "sparse" {
    name = length($2) > 34 ? "..." substr($2, length($2) - 30) : $2
    kept = $5 == "null" ? "" : sprintf("%.0f %%", 100 * $5)
    macs = $6 + 0 > 0 ? sprintf("%.1f", $6 / 1e6) : ""
    before = ($2 in time) ? sprintf("%.3f", time[$2] / 1e6) : ""
    ratio = ($2 in time) && $7 + 0 > 0 ? sprintf("%.2fx", time[$2] / $7) : ""
    printf form, name, $4, kept, macs, before, sprintf("%.3f", $7 / 1e6), ratio
  }
  END { if (!rows) { print "demo.sh: no layers in the reports of bench" > "/dev/stderr"; exit 70 } }'
echo
awk -v dense="$(total "$dense")" -v sparse="$(total "$sparse")" -v isa="$isa" \
  -v dense_bytes="$(bytes "$dense")" -v sparse_bytes="$(bytes "$sparse")" 'BEGIN {
    printf "ResNet-50, one thread, %s\n", isa
    printf "  dense             %8.2f ms  %6.1f MB\n", dense / 1e6, dense_bytes / 1e6
    printf "  block:16x8, 70 %%  %8.2f ms  %6.1f MB   %.2fx faster\n", \
      sparse / 1e6, sparse_bytes / 1e6, dense / sparse
  }'
echo
echo "The files are in $output."
