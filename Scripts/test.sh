#!/usr/bin/env bash
# Runs every test, part by part: a part that fails does not stop the others, and fails the whole.
# The last line is "N passed, N failed": single tests, and one for each other part. What this machine
# cannot run or compare is never among them: a part that exits 77, each line "skipped: WHAT: REASON" that
# a part prints, and tests under a condition are rows of their own, counted in the line before the last.
# Nothing here needs Python but the pages of docs and the ONNX node cases, which the package index
# carries; without it they are skipped.
#
# What needs the host's build and what has compilers and emulators of its own run beside each other.
# A part's output is printed whole once it ends.
#
#   usage: Scripts/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/results"

# record STATUS NAME DETAIL [PASSED FAILED]: a row of the summary, and what it counts.
record() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4:-0}" "${5:-0}" >>"$work/results"; }
show() {  # show TITLE [FILE]: unmixed, whatever ends at the same time
  (
    flock 9
    printf '\n== %s\n' "$1"
    [ -z "${2:-}" ] || cat "$2"
  ) 9>"$work/lock"
}
skip() {  # skip NAME REASON
  show "$1: skipped: $2"
  record skipped "$1" "$2"
}
part() {  # part NAME COMMAND ...
  local name=$1 start=$SECONDS status=0 output left
  shift
  output=$(mktemp -p "$work")
  "$@" >"$output" 2>&1 || status=$?
  show "$name" "$output"
  while read -r left; do
    record skipped "$name: ${left%%: *}" "${left#*: }"
  done < <(sed -n 's/^skipped: //p' "$output")
  if [ "$status" -eq 77 ]; then
    grep -q '^skipped: ' "$output" || record skipped "$name" "$(tail -n 1 "$output")"
    return 0
  fi
  if [ "$status" -eq 0 ]; then
    record passed "$name" "$((SECONDS - start)) s" 1 0
  else
    record FAILED "$name" "exit $status after $((SECONDS - start)) s" 0 1
  fi
  return "$status"
}

tests() {
  local name="tests" start=$SECONDS status=0 good bad left
  swift test -c release --skip-build --disable-xctest >"$work/tests" 2>&1 || status=$?
  show "$name" "$work/tests"
  good=$(grep -E '^✔ Test .* passed after' "$work/tests" | grep -cvE '^✔ Test (run|case) ' || true)
  bad=$(grep -E '^✘ Test .* failed after' "$work/tests" | grep -cvE '^✘ Test (run|case) ' || true)
  left=$(grep -cE '^➜ Test .* skipped' "$work/tests" || true)
  # A test process that died has not named its last test, and has skipped those after it.
  [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  grep -qE '^. Test run with ' "$work/tests" || { bad=$((bad + 1)) status=1; }
  if [ "$status" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$good" -gt 0 ]; then
    record passed "$name" "$good tests, $((SECONDS - start)) s" "$good" 0
  else
    [ "$good" -gt 0 ] || bad=$((bad + 1))
    record FAILED "$name" "$bad of $((good + bad)) tests, exit $status, $((SECONDS - start)) s" \
      "$good" "$bad"
  fi
  [ "$left" -eq 0 ] || record skipped "$left tests" "named above, each with its condition"
}

# What the host's build is for. `built` says how it went.
host() {
  if ! part "build" Scripts/build.sh --build-tests; then
    echo no >"$work/built"
    record "not run" "what the build is for" "the build failed" 0 0
    return
  fi
  echo yes >"$work/built"
  tests
  part "imports between modules" Scripts/check-arrows.sh || true
  part "includes between kernels" Scripts/check-kernel-arrows.sh || true
  part "bad input at the command" Tests/Pipeline/bad-input.sh || true
  part "Swift in the documentation" Scripts/check-swift-in-docs.sh || true
  part "the runtime as a package's product" Scripts/check-runtime.sh || true
  part "fuzzing of packed models" Scripts/fuzz.sh model --quick || true
  part "fuzzing of ONNX" Scripts/fuzz.sh importer --quick || true
}

# What has other compilers, and then what runs the command beside them.
boards() {
  local reason tools=
  if part "board tools" Scripts/setup-board.sh; then
    tools=yes
    part "NEON kernels under the emulator" Scripts/check-neon.sh || true
    part "instructions of kernels" Scripts/count-instructions.sh || true
    if reason=$(Scripts/apt-install.sh llvm-19 2>&1); then
      part "cycles of NEON loops" Scripts/analyse-neon.sh || true
    else
      skip "cycles of NEON loops" "$(tail -n 1 <<<"$reason")"
    fi
    part "board program" Scripts/build-board.sh || tools=
  fi
  until [ -s "$work/built" ] || ! kill -0 "$host" 2>/dev/null; do sleep 1; done
  grep -qs yes "$work/built" || return 0
  [ -z "$tools" ] || part "digits on an emulated board" Scripts/check-board.sh || true
  if [ -z "$(cat "$work/cases")" ]; then
    part "ONNX node cases" Scripts/check-onnx-cases.sh || true
  else
    skip "ONNX node cases" "$(cat "$work/cases")"
  fi
}

Scripts/setup.sh
# The tests read ONNX's cases too where they are there.
if reason=$(Scripts/fetch-onnx-cases.sh 2>&1 >/dev/null); then reason=; fi
tail -n 1 <<<"$reason" >"$work/cases"
part "format" Scripts/lint.sh || true
if command -v python3 >/dev/null; then
  part "pages of docs" Scripts/write-pages.py --check || true
else
  skip "pages of docs" "no python3"
fi
host &
host=$!
boards &
boards=$!
wait "$host" || record FAILED "parts on the host" "ended with exit $?" 0 1
wait "$boards" || record FAILED "parts of the board" "ended with exit $?" 0 1

printf '\n== summary (%s s)\n' "$SECONDS"
awk -F '\t' '
  { printf "%-8s %-34s %s\n", $1, $2, $3; passed += $4; failed += $5 }
  $1 == "skipped" { skipped += $2 ~ /^[0-9]+ tests$/ ? $2 : 1 }
  END {
    if (skipped) printf "%d skipped, which are not among the passed\n", skipped
    printf "%d passed, %d failed\n", passed, failed
    exit failed > 0
  }
' "$work/results"
