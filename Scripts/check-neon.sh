#!/usr/bin/env bash
# Runs the checks of every kernel variant for aarch64, NEON and scalar, under the user-mode emulator.
#
#   usage: Scripts/check-neon.sh [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."

compiler=${CC:-aarch64-linux-gnu-gcc}
emulator=${QEMU:-qemu-aarch64-static}
seed=${1:-1}
output=.build/neon
# Kernels are written for the toolchain's clang; Debian's cross compiler gives libc and links.
include=$(dirname "$(echo '#include <stdlib.h>' | "$compiler" -E -x c - |
  awk -F '"' '/^# 1 ".*\/stdlib\.h"/ && !n++ { print $2 }')")
rm -rf "$output"  # objects of files that are gone would be linked
mkdir -p "$output"
find runtime/Kernels Tests/Kernels/Checks Tests/Emulated -name '*.c' | while read -r source; do
  echo "$source $output/$(echo "$source" | tr / -).o"
done | xargs -P "$(nproc)" -n 2 sh -c \
  'clang --target=aarch64-linux-gnu -isystem "'"$include"'" -std=gnu17 -O3 -fno-math-errno \
    -Iruntime/Kernels/include -ITests/Kernels/Checks/include -c "$0" -o "$1"'
"$compiler" -static "$output"/*.o -lm -pthread -o "$output/check-kernels"
# The checks first try their guard pages; the emulator has its say about that, twice.
"$emulator" "$output/check-kernels" "$seed" scalar neon \
  2> >(grep -v 'uncaught target signal 11' >&2)
