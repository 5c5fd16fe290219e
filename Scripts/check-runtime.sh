#!/usr/bin/env bash
# Builds a package of its own that depends on the product EspalierRuntime alone (Examples/runtime), runs
# the digits network with it, and shows that nothing of the converter came along: no OpenBLAS among the
# libraries it needs, and no symbol of the converter, of SwiftProtobuf or of Yams in the program.
#
#   usage: Scripts/check-runtime.sh      tool: ${ESPALIER:-.build/release/espalier}
set -euo pipefail
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
build=.build/runtime
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

swift build -c release --package-path Examples/runtime --scratch-path "$build" \
  >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
program=$build/release/RunModel

# The first image of the digits. A .npy of version 1 has a header of 10 + n bytes.
images=Examples/digits/images.npy
start() { od -An -tu1 -j8 -N2 "$1" | awk '{ print 10 + $1 + 256 * $2 }'; }
{
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' \
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 8, 8), }"
  dd if="$images" bs=1 skip="$(start "$images")" count=256 status=none
} >"$work/image.npy"
floats() { od -An -v -tf4 -w4 -j"$(start "$1")" "$1"; }

"$espalier" convert Examples/digits/digits.onnx -o "$work/digits.esp" >"$work/log"
"$espalier" run "$work/digits.esp" --input "image=$work/image.npy" -o "$work/host" >"$work/log"
floats "$work/image.npy" | "$program" "$work/digits.esp" >"$work/outputs"
paste <(floats "$work/host/logits.npy") "$work/outputs" | awk '
  NF != 2 { exit 1 }
  { d = $1 - $2; if (d < 0) d = -d; if (!(d <= 1e-5)) exit 1; count++ }
  END { if (count != 10) exit 1 }' || {
  echo "check-runtime: the program's outputs are not those of espalier run" >&2
  paste <(floats "$work/host/logits.npy") "$work/outputs" >&2
  exit 1
}

libraries=$(ldd "$program")
if grep -iE 'openblas|lapack|protobuf|yaml|Foundation' <<<"$libraries" >&2; then
  echo "check-runtime: the program needs a library of the converter" >&2
  exit 1
fi
# What the converter's modules are called in symbols; the tool has them all, so the search works.
foreign='13EspalierGraph|12EspalierONNX|15EspalierPruning|16EspalierLowering|13SwiftProtobuf|4Yams'
[ "$(nm "$espalier" | grep -oE "$foreign" | sort -u | wc -l)" -eq 6 ] || {
  echo "check-runtime: the tool itself lacks what is searched for" >&2
  exit 70
}
# Into a file: a search that ends early would end nm by a signal, and pass.
nm "$program" >"$work/symbols"
grep -q 16EspalierExecutor "$work/symbols" || {
  echo "check-runtime: the program has no symbols to search" >&2
  exit 70
}
if grep -E "$foreign" "$work/symbols" >"$work/found"; then
  head -n 5 "$work/found" >&2
  echo "check-runtime: the program holds a part of the converter" >&2
  exit 1
fi
echo "10 outputs as by espalier run; $(stat -c %s "$program") bytes, $(grep -c '=>' <<<"$libraries") libraries, none of the converter's"
