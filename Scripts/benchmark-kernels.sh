#!/usr/bin/env bash
# Times the contraction kernels on one thread, beside the processor's measured multiply-add peak.
#
#   usage: Scripts/benchmark-kernels.sh [scalar|neon|avx2|avx512] [cold] [winograd | others | vectors] [FILTER]
set -euo pipefail
cd "$(dirname "$0")/.."

output=.build/benchmark-kernels
mkdir -p "$output"
find runtime/Kernels -name '*.c' > "$output/sources"
printf '%s\n' Tests/Kernels/Checks/{guarded,packing,running}.c Tests/Kernels/Benchmark/*.c \
  >> "$output/sources"
while read -r source; do
  echo "$source $output/$(echo "$source" | tr / -).o"
done < "$output/sources" | xargs -P "$(nproc)" -n 2 sh -c \
  'clang -std=gnu17 -O3 -fno-math-errno -Iruntime/Kernels/include \
    -ITests/Kernels/Checks/include -c "$0" -o "$1"'
sed 's|/|-|g; s|.*|'"$output"'/&.o|' "$output/sources" |
  xargs clang -lm -pthread -o "$output/benchmark"
"$output/benchmark" "$@"
