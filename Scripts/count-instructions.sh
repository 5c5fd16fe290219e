#!/usr/bin/env bash
# Counts the instructions that kernels take for layers of real networks and compares them with
# Tests/Performance/instructions.txt: 2 % more fail, and so do 2 % less, rows that are gone and rows that
# the table does not have, which it must be told. Counts do not depend on what else the machine does.
#
#   usage: Scripts/count-instructions.sh [write]        write: the table anew
#
# Scalar, AVX2 and NEON kernels run under the user-mode emulator, AVX-512 on a processor that has it;
# elsewhere its rows are skipped and not written anew. Exit 77: skipped, since the table is of another
# compiler. Exit 69: no emulator here. Environment: CC (clang), QEMU_X86, QEMU.
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=${CC:-clang}
cross=aarch64-linux-gnu-gcc
x86=${QEMU_X86:-qemu-x86_64-static} arm=${QEMU:-qemu-aarch64-static}
benchmarks=Tests/Performance/KernelBenchmarks
table=Tests/Performance/instructions.txt
output=.build/count-instructions
for tool in "$x86" "$arm" "$cross"; do
  command -v "$tool" > /dev/null || {
    echo "count-instructions: no $tool; Scripts/setup-board.sh installs it" >&2
    exit 69
  }
done
arm_include=$(echo '#include <stdlib.h>' | "$cross" -E -x c - |
  awk -F '"' '/^# 1 ".*\/stdlib\.h"/ && !n++ { sub(/\/stdlib\.h$/, "", $2); print $2 }')

build() {  # build FOLDER FLAG ...: objects, kernels in a section of their own
  local folder=$output/$1
  shift
  mkdir -p "$folder"
  echo '#pragma clang section text="kernels"' > "$folder/section.h"
  {
    find runtime/Kernels -name '*.c' | sed "s|\$| -include $folder/section.h|"
    printf '%s\n' Tests/Kernels/Checks/{guarded,packing,running}.c $benchmarks/{Cases,Count}/*.c
  } | while read -r source flags; do
    echo "$source $folder/${source//\//-}.o $flags -Wall"
  done | xargs -P "$(nproc)" -L 1 bash -c '
    source=$0 object=$1; shift
    "'"$compiler"'" '"$*"' -std=gnu17 -O3 -fno-math-errno -Iruntime/Kernels/include \
      -ITests/Kernels/Checks -ITests/Kernels/Checks/include -I'"$benchmarks"'/Cases/include \
      "$@" -c "$source" -o "$object"'
}

# The emulator logs each run of a block of the kernels, and each block once. Sums what ran between
# count_begin and count_end, and puts it where the program could not.
count_log() {  # count_log LOG LINES
  awk '
    FNR == NR && /^IN: / { size = 0; next }
    FNR == NR && /^0x/ { if (!size++) { first = substr($1, 3); sub(/:$/, "", first) } next }
    FNR == NR && /^Trace / {
      if (size) { sub(/^0*/, "", first); length_of[first] = size; size = 0 }
      at = $4; sub(/^[^\/]*\/0*/, "", at); sub(/\/.*/, "", at)
      if ($NF == "count_begin") sum = 0
      else if ($NF == "count_end") counts[++done] = sum
      else sum += length_of[at]
      next
    }
    FNR != NR { split($0, part, " \\| "); sub(/ \| -1 \| /, " | " counts[++line] " | "); print }
  ' "$1" "$2"
}

rm -rf "$output"
mkdir -p "$output"
build arm --target=aarch64-linux-gnu -isystem "$arm_include"
"$cross" -static -u __start_kernels -u __stop_kernels "$output"/arm/*.o -lm -pthread -o "$output/count-arm"
build x86
"$compiler" "$output"/x86/*.o -lm -pthread -o "$output/count-x86"

section() { nm "$output/count-arm" | awk -v name="$1" '$3 == name { print "0x" $1 }'; }
range=$(section __start_kernels)..$(section __stop_kernels)
"$arm" -d in_asm,exec,nochain -dfilter "$range" -D "$output/log" "$output/count-arm" neon > "$output/lines"
{
  "$x86" -cpu max "$output/count-x86" scalar avx2
  count_log "$output/log" "$output/lines"
  "$output/count-x86" avx512 || [ $? -eq 69 ]
} > "$output/counted"
rm "$output/log"

# Of each task that was counted in part, the instructions of the whole.
awk -F ' \\| ' '{ printf "%s | %s | %s | %d | %.0f\n", $1, $2, $3, $4, $5 * $7 / $6 }' "$output/counted" \
  > "$output/now"
version=$("$compiler" --version | sed -n 's/.*clang version \([0-9.]*\).*/\1/p')

made=$(sed -n 's/^#.*clang \([0-9.]*\)$/\1/p' "$table")
if [ "${1:-}" = write ]; then
  # Rows of sets that this machine lacks are kept as they are, so they must be of the same compiler.
  if [ "$made" != "$version" ] && ! grep -q '^avx512 ' "$output/now"; then
    echo "count-instructions: $table is of clang $made, and this machine without AVX-512 cannot" \
      "count all of it anew with $version" >&2
    exit 69
  fi
  {
    echo "# instruction set | family | layer | task | instructions of a run; clang $version"
    cat "$output/now"
    awk -F ' \\| ' 'FNR == NR { here[$1] = 1; next } !/^#/ && !($1 in here)' "$output/now" "$table"
  } > "$output/table"
  mv "$output/table" "$table"
  exit
fi
[ -n "$made" ] || { echo "count-instructions: $table does not say which clang it is of" >&2; exit 65; }
if [ "$made" != "$version" ]; then
  echo "skipped: counts: $table is of clang $made, and this is clang $version"
  exit 77
fi
here=$(grep -o -m 1 -w avx512f /proc/cpuinfo || true)
awk -F ' \\| ' -v counts_avx512="$here" '
  /^#/ { next }
  { key = $1 " | " $2 " | " $3 " | " $4 }
  FNR == NR { old[key] = $5; next }
  { here[$1] = 1; seen[key] = 1; count++ }
  !(key in old) { print key ": not in the table"; news++; next }
  $5 > 1.02 * old[key] { printf "%s: %d instructions, %d before\n", key, $5, old[key]; more++ }
  $5 < 0.98 * old[key] { printf "%s: only %d instructions, %d before\n", key, $5, old[key]; less++ }
  END {
    for (key in old) {
      split(key, part, " \\| ")
      if (!(part[1] in here) && part[1] == "avx512" && counts_avx512 == "") left++
      else if (!(key in seen)) { print key ": gone, or not countable any more"; gone++ }
    }
    printf "%d counts: %d more than 2 %% above the table, %d below, %d not in it, %d gone\n",
      count, more, less, news, gone
    if (left) printf "skipped: avx512: this processor has none to count its %d rows with\n", left
    if (more || less || news || gone) print "where that is meant: Scripts/count-instructions.sh write"
    exit !count || more + less + news + gone > 0
  }
' "$table" "$output/now"
