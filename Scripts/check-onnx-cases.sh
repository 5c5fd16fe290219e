#!/bin/sh
# Runs the ONNX node test cases that Scripts/select-onnx-cases.py selects on the reference evaluation
# and on the runtime, and writes docs/onnx-cases.md: the counts, and every case that does not pass with
# what the command says and the reason (onnx-cases-failing.txt). Exit 1 unless exactly the cases that
# are named there do not pass, on either, and there are no fewer than the page counted.
#
#   usage: Scripts/check-onnx-cases.sh      tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
reasons=Tests/Operators/onnx-cases-failing.txt
report=docs/onnx-cases.md
[ -x "$espalier" ] || { echo "check-onnx-cases: no $espalier; build it first" >&2; exit 66; }
cases=$(Scripts/fetch-onnx-cases.sh)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
list=$work/list
python3 Scripts/select-onnx-cases.py "$cases" >"$list"
# A selection that loses cases must not pass unseen.
counted=$(sed -n 's/^| reference *|.*| *\([0-9]*\) |$/\1/p' "$report")

# verify CASE [FLAG]: prints "passes", or the tool's last line of explanation made fit for a table.
verify() {
  status=0
  timeout 120 "$espalier" verify --case "$cases/$1" --atol 1e-5 ${2:+"$2"} \
    >"$work/stdout" 2>"$work/stderr" || status=$?
  if [ "$status" -eq 0 ]; then
    echo passes
    return
  fi
  reason=$(grep -v '^[[:space:]]*$' "$work/stderr" | tail -n 1)
  [ -n "$reason" ] || reason=$(grep -v '^[[:space:]]*$' "$work/stdout" | tail -n 1)
  printf 'exit %s: %s\n' "$status" "$reason" | sed -e "s|$cases/[^:]*: ||g" -e 's/|/\\|/g'
}

total=0 reference_passes=0 runtime_passes=0
: >"$work/unexpected"
while read -r name; do
  total=$((total + 1))
  reference=$(verify "$name")
  runtime=$(verify "$name" --runtime)
  [ "$reference" != passes ] || reference_passes=$((reference_passes + 1))
  [ "$runtime" != passes ] || runtime_passes=$((runtime_passes + 1))
  expected=passes
  ! grep -q "^$name " "$reasons" || expected=fails
  for result in "reference $reference" "runtime $runtime"; do
    got=fails
    [ "${result#* }" != passes ] || got=passes
    [ "$got" = "$expected" ] || echo "$name on the ${result%% *}: $got" >>"$work/unexpected"
  done
  [ "$reference$runtime" = passespasses ] ||
    echo "| \`$name\` | $reference | $runtime | $(sed -n "s/^$name //p" "$reasons") |" \
      >>"$work/rows"
  [ ! -t 2 ] || printf '\r%s cases' "$total" >&2
done <"$list"
while read -r name _; do
  [ "$name" = "#" ] || grep -qx "$name" "$list" ||
    echo "$name is expected to fail and is not a case" >>"$work/unexpected"
done <"$reasons"
[ "$total" -ge "$counted" ] ||
  echo "$total cases are selected, of $counted that $report counted" >>"$work/unexpected"
expected=$((total - $(grep -cv '^#' "$reasons")))
[ ! -t 2 ] || printf '\r' >&2

{
  echo "| Evaluation | Passing | Of |"
  echo "|---|--:|--:|"
  echo "| reference | $reference_passes | $total |"
  echo "| runtime | $runtime_passes | $total |"
  if [ -f "$work/rows" ]; then
    printf '\n## Cases that do not pass on both\n\n'
    echo "| Case | Reference | Runtime | Why |"
    echo "|---|---|---|---|"
    cat "$work/rows"
  fi
} >"$work/tables"
python3 Scripts/write-pages.py onnx-cases "$work/tables"

echo "reference $reference_passes of $total, runtime $runtime_passes of $total ($report)"
[ ! -s "$work/unexpected" ] || {
  echo "check-onnx-cases: $expected were expected to pass on both; against $reasons:" >&2
  cat "$work/unexpected" >&2
  exit 1
}
