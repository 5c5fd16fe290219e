#!/usr/bin/env bash
# Runs every test, part by part: a part that fails does not stop the others, and fails the whole.
# The last line is "N passed, N failed": single tests, and one for each other part. A part that this
# machine cannot run is named with the reason, and not counted. Nothing here needs Python but the
# pages of docs and the ONNX node cases, which the package index carries; without it they are skipped.
#
#   usage: Scripts/test.sh
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 rows=()

row() { rows+=("$(printf '%-8s %-34s %s' "$1" "$2" "$3")"); }
skip() {  # skip NAME REASON
  printf '\n== %s: skipped: %s\n' "$1" "$2"
  row skipped "$1" "$2"
}
part() {  # part NAME COMMAND ...
  local name=$1 start=$SECONDS status=0
  shift
  printf '\n== %s\n' "$name"
  "$@" || status=$?
  if [ "$status" -eq 0 ]; then
    row passed "$name" "$((SECONDS - start)) s"
    passed=$((passed + 1))
  else
    row FAILED "$name" "exit $status after $((SECONDS - start)) s"
    failed=$((failed + 1))
  fi
  return "$status"
}

tests() {
  local name="tests" start=$SECONDS status=0 good bad left
  printf '\n== %s\n' "$name"
  swift test -c release --skip-build --disable-xctest 2>&1 | tee "$work/tests" || status=$?
  good=$(grep -E '^✔ Test .* passed after' "$work/tests" | grep -cvE '^✔ Test (run|case) ' || true)
  bad=$(grep -E '^✘ Test .* failed after' "$work/tests" | grep -cvE '^✘ Test (run|case) ' || true)
  left=$(grep -cE '^➜ Test .* skipped' "$work/tests" || true)
  # A test process that died has not named its last test, and has skipped those after it.
  [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
  grep -qE '^. Test run with ' "$work/tests" || { bad=$((bad + 1)) status=1; }
  passed=$((passed + good)) failed=$((failed + bad))
  if [ "$status" -eq 0 ] && [ "$bad" -eq 0 ] && [ "$good" -gt 0 ]; then
    row passed "$name" "$good tests, $((SECONDS - start)) s"
  else
    [ "$good" -gt 0 ] || failed=$((failed + 1))
    row FAILED "$name" "$bad of $((good + bad)) tests, exit $status, $((SECONDS - start)) s"
  fi
  [ "$left" -eq 0 ] || row skipped "$left tests" "named above, each with its condition"
}

finish() {
  printf '\n== summary (%s s)\n' "$SECONDS"
  printf '%s\n' "${rows[@]}"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] || exit 1
  exit 0
}

Scripts/setup.sh
cases=
if reason=$(Scripts/fetch-onnx-cases.sh 2>&1 >/dev/null); then cases=yes; fi

part "format" Scripts/lint.sh || true
if command -v python3 >/dev/null; then
  part "pages of docs" Scripts/write-pages.py --check || true
else
  skip "pages of docs" "no python3"
fi
if ! part "build" Scripts/build.sh --build-tests; then
  row "not run" "everything else" "the build failed"
  finish
fi
part "imports between modules" Scripts/check-arrows.sh || true
tests
part "bad input at the command" Tests/Pipeline/bad-input.sh || true
if part "board tools" Scripts/setup-board.sh; then
  part "NEON kernels under the emulator" Scripts/check-neon.sh || true
  part "instructions of kernels" Scripts/count-instructions.sh || true
  if reason=$(Scripts/apt-install.sh llvm-19 2>&1); then
    part "cycles of NEON loops" Scripts/analyse-neon.sh || true
  else
    skip "cycles of NEON loops" "$(tail -n 1 <<<"$reason")"
  fi
  part "digits on an emulated board" Scripts/check-board.sh || true
fi
if [ -n "$cases" ]; then
  part "ONNX node cases" Scripts/check-onnx-cases.sh || true
else
  skip "ONNX node cases" "$(tail -n 1 <<<"$reason")"
fi
finish
