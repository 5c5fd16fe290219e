#!/usr/bin/env bash
# Fuzzes what reads files: `model` loads, binds and runs packed models, `importer` reads ONNX and lowers
# it. Both under the address sanitizer, by libFuzzer, with mutations that know the file. See
# docs/fuzzing.md.
#
#   usage: Scripts/fuzz.sh model|importer [OPTION ...]
#     --quick            a minute, without ONNX's operator cases as seeds
#     --seconds N        how long (600)
#     --executions N     how many instead
#     --workers N        processes beside each other (1)
#     --seed N           of the first worker (1)
#     --corpus FOLDER    what earlier runs found and this one adds to
#                        ($XDG_CACHE_HOME/espalier/fuzz/TARGET)
#     --neon             the aarch64 build of the model's under the emulator instead: every seed, and as
#                        many mutations of each as --executions says (2)
#
# Exits 1 where something crashed, hung or leaked, where nothing was executed, or where a step, a packing
# or an operator was in no seed; 77 where clang has no libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n 's/^# \{0,1\}//; 6,15p' "$0" >&2; exit 64; }
[ $# -gt 0 ] || usage
target=$1
shift
case $target in model | importer) ;; *) usage ;; esac
seconds=600 executions= workers=1 seed=1 neon= cases=all
corpus=${XDG_CACHE_HOME:-$HOME/.cache}/espalier/fuzz/$target
while [ $# -gt 0 ]; do
  case $1 in
    --quick) seconds=60 cases= ;;
    --seconds) seconds=${2:?} && shift ;;
    --executions) executions=${2:?} && shift ;;
    --workers) workers=${2:?} && shift ;;
    --seed) seed=${2:?} && shift ;;
    --corpus) corpus=${2:?} && shift ;;
    --neon) neon=yes ;;
    *) usage ;;
  esac
  shift
done

output=.build/fuzz
start=$SECONDS
if [ -n "$neon" ]; then
  [ "$target" = model ] || { echo "fuzz: --neon is of the model's target" >&2; exit 64; }
  Tests/Fuzz/build-neon.sh "$output/neon"
  Scripts/build.sh --product FuzzSeeds >"$output/seeds.log" 2>&1 || { cat "$output/seeds.log"; exit 1; }
  Tests/Fuzz/seeds.sh "$output/seeds"
  find "$output/seeds/model" "$corpus" -type f 2>/dev/null | LC_ALL=C sort >"$output/neon/files"
  ESPALIER_FUZZ_TALLY=$output/neon/tally "${QEMU:-qemu-aarch64-static}" "$output/neon/fuzz-model" \
    "${executions:-2}" "$seed" "$output/neon/files"
  cat "$output/neon/tally" | awk 'NF == 2 { printf "%-10s %12d\n", $1, $2 }
    $1 == "set" { split("scalar NEON AVX2 AVX-512", set, " "); printf "%-10s %12d\n", "on " set[$2 + 1], $3 }'
  exec .build/release/FuzzSeeds report model "$output/seeds/model" "$output/neon/tally"
fi
Tests/Fuzz/build.sh "$target" "$output/$target"
echo "built in $((SECONDS - start)) s"
Scripts/build.sh --product FuzzSeeds >"$output/seeds.log" 2>&1 || { cat "$output/seeds.log"; exit 1; }
seeds=$output/seeds${cases:+-$cases}
Tests/Fuzz/seeds.sh "$seeds" $cases
mkdir -p "$corpus"
found=$output/$target/found
rm -rf "$found"
mkdir -p "$found"
echo "seeds: $(find "$seeds/$target" -type f | wc -l) files;" \
  "corpus: $(find "$corpus" -type f | wc -l) files of earlier runs"

# Memory that is let go stays poisoned for a while; stacks of allocations cost a tenth of the time.
export ASAN_OPTIONS=quarantine_size_mb=8:malloc_context_size=0:max_malloc_fill_size=0
limit=(-max_total_time="$seconds")
[ -z "$executions" ] || limit=(-runs="$(((executions + workers - 1) / workers))")
pids=()
for ((worker = 0; worker < workers; worker++)); do
  ESPALIER_FUZZ_TALLY=$output/$target/tally.$worker \
    "$output/$target/fuzz-$target" -seed="$((seed + worker))" "${limit[@]}" -max_len=16384 \
    -len_control=0 -entropic=0 -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 \
    -artifact_prefix="$found/" "$corpus" "$seeds/$target" \
    >"$output/$target/log.$worker" 2>&1 &
  pids+=("$!")
done
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
failed=0 worker=0
for pid in "${pids[@]}"; do
  log=$output/$target/log.$worker
  if ! wait "$pid"; then
    failed=1
    echo "worker $worker, seed $((seed + worker)): found something"
    grep -vE '^#|NEW_FUNC' "$log" | head -n 60
  fi
  awk -v seed="$((seed + worker))" '
    / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1) } }
    /number_of_executed_units/ { n = $2 }
    /average_exec_per_sec/ { rate = $2 }
    END { printf "seed %d: %d executions, %d a second, %d edges, %d features\n", seed, n, rate, cov, ft }
  ' "$log"
  worker=$((worker + 1))
done
trap - EXIT

tallies=()
for ((worker = 0; worker < workers; worker++)); do
  [ ! -f "$output/$target/tally.$worker" ] || tallies+=("$output/$target/tally.$worker")
done
[ ${#tallies[@]} -gt 0 ] || { echo "nothing was executed"; exit 1; }
awk 'NF == 2 { if (!($1 in sum)) names[++n] = $1; sum[$1] += $2 }
  NF == 3 && $1 == "set" { split("scalar NEON AVX2 AVX-512", set, " "); sets[$2] += $3 }
  END {
    for (i = 1; i <= n; i++) printf "%-10s %12d\n", names[i], sum[names[i]]
    for (i = 0; i < 4; i++) if (i in sets) printf "%-10s %12d\n", "on " set[i + 1], sets[i]
    exit sum["executed"] == 0
  }' "${tallies[@]}" || { echo "nothing was executed"; failed=1; }
.build/release/FuzzSeeds report "$target" "$seeds/$target" "${tallies[@]}" || {
  echo "what is MISSING above was in no seed, or never run"
  failed=1
}
count=$(find "$found" -type f | wc -l)
echo "found: $count crashes, hangs and leaks"
[ "$count" -eq 0 ] || { ls "$found"; failed=1; }
exit "$failed"
