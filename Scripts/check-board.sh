#!/usr/bin/env bash
# Builds the board program and runs the digits network with it under the emulator: its outputs must
# be the host's within 1e-6 of their range, dense and packed as blocks, and `bench` must report.
#
#   usage: Scripts/check-board.sh      tool: ${ESPALIER:-.build/release/espalier}
set -euo pipefail
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
emulator=${QEMU:-qemu-aarch64-static}
board=$(Scripts/build-board.sh aarch64 | tail -n 1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The first image alone: the network takes one. A .npy of version 1 has a header of 10 + n bytes.
header() { od -An -tu1 -j8 -N2 "$1" | awk '{ print 10 + $1 + 256 * $2 }'; }
images=Examples/digits/images.npy
start=$(header "$images")
{
  header=$(printf "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 8, 8), }")
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "$header"
  dd if="$images" bs=1 skip="$start" count=256 status=none
} >"$work/image.npy"
floats() { od -An -v -tf4 -w4 -j"$(header "$1")" "$1"; }

"$espalier" prune Examples/digits/digits.onnx -o "$work/blocks.onnx" --pattern block:16x8 \
  --sparsity 0.7 --no-refit --force >"$work/log"
"$espalier" convert Examples/digits/digits.onnx -o "$work/dense.esp" --pattern dense >"$work/log"
"$espalier" convert "$work/blocks.onnx" -o "$work/blocks.esp" >"$work/log"
for model in dense blocks; do
  "$espalier" run "$work/$model.esp" --input "image=$work/image.npy" -o "$work/host" >"$work/log"
  for isa in neon scalar; do
    rm -rf "$work/board"
    "$emulator" "$board" run "$work/$model.esp" --input "image=$work/image.npy" \
      -o "$work/board" --isa "$isa"
    paste <(floats "$work/host/logits.npy") <(floats "$work/board/logits.npy") |
      awk -v name="$model on $isa" '
        NF != 2 { print "check-board: " name ": the outputs differ in length"; bad = 1; exit 1 }
        NR == 1 { low = high = $1 }
        { d = $1 - $2; if (d < 0) d = -d; if (!(d <= most)) most = d }
        { if ($1 < low) low = $1; if ($1 > high) high = $1 }
        END {
          if (bad) exit 1
          range = high - low
          if (NR != 10 || !(range > 0) || !(most <= 1e-6 * range)) {
            printf "check-board: %s: %d outputs, off by %g of a range of %g\n", name, NR, most, range
            exit 1
          }
          printf "%-16s %d outputs, off by %.1e of their range\n", name, NR, most / range
        }'
  done
done
"$emulator" "$board" bench "$work/blocks.esp" --json | grep -q '"schema":"espalier.bench/1"'
status=0
"$emulator" "$board" bench "$work/blocks.esp" --isa avx2 >"$work/log" 2>&1 || status=$?
[ "$status" -eq 69 ] || { echo "check-board: kernels the board lacks gave exit $status, not 69"; exit 1; }
echo "bench reports; $board is $(stat -c %s "$board") bytes"
