#!/usr/bin/env bash
# Builds the fuzzed loader and runtime for aarch64, OUTPUT/fuzz-model: as boards get it, Embedded Swift and
# Debian's cross compiler, with memory that ends at forbidden pages and undefined behaviour a trap.
#
#   usage: Tests/Fuzz/build-neon.sh OUTPUT
set -euo pipefail
cd "$(dirname "$0")/../.."

Scripts/setup-board.sh
gnu=aarch64-linux-gnu
mkdir -p "$1"
output=$(realpath "$1")
include=$(dirname "$(echo '#include <stdlib.h>' | $gnu-gcc -E -x c - |
  awk -F '"' '/^# 1 ".*\/stdlib\.h"/ && !n++ { print $2 }')")
version=$($gnu-gcc -dumpversion)
rm -rf "$output/objects" "$output/modules"
mkdir -p "$output/objects" "$output/modules"

common=(--target=$gnu -O2 -fno-math-errno -fPIC -DESP_MEMORY_GUARDED -DFUZZ_WITHOUT_SANITIZER
  -ISources/ModelFile/Bridge/include -Iruntime/Kernels/include -Iruntime/Executor/C/include)
checked=(-fsanitize=undefined -fsanitize-trap=undefined -fno-sanitize=pointer-overflow)
c() {  # c FLAGS ... -- SOURCES ...
  local flags=()
  while [ "$1" != -- ]; do flags+=("$1"); shift; done
  shift
  for source; do printf '%s\0%s\0' "$source" "$output/objects/$(tr / - <<<"$source").o"; done |
    xargs -0 -P "$(nproc)" -n 2 sh -c \
      'exec clang '"${common[*]} ${flags[*]}"' -c "$0" -o "$1"'
}
cxx=(-isystem "$include/c++/$version" -isystem "$include/c++/$version/$gnu" -isystem "$include")
c "${checked[@]}" -isystem "$include" -std=gnu17 -- $(find runtime/Kernels -name '*.c')
c -isystem "$include" -std=gnu17 -- Sources/ModelFile/Bridge/*.c Tests/Fuzz/Common/*.c Tests/Fuzz/Model/*.c
c "${checked[@]}" "${cxx[@]}" -std=c++20 -- Sources/ModelFile/Bridge/*.cpp Tests/Fuzz/Model/*.cpp

maps=(-Xcc "-fmodule-map-file=$PWD/Tests/Fuzz/Model/module.modulemap")
for pair in CEspalierModelFile:Sources/ModelFile/Bridge/include \
  CEspalierKernels:runtime/Kernels/include CEspalierMemory:runtime/Executor/C/include; do
  name=${pair%%:*}
  mkdir -p "$output/modules/$name"
  printf 'module %s {\n  header "%s"\n  export *\n}\n' "$name" "$PWD/${pair#*:}/$name.h" \
    >"$output/modules/$name/module.modulemap"
  maps+=(-Xcc "-fmodule-map-file=$output/modules/$name/module.modulemap")
done
swift() {  # swift MODULE SOURCES ...
  swiftc -target aarch64-none-none-elf -enable-experimental-feature Embedded -wmo -Osize \
    -parse-as-library -swift-version 6 -enable-upcoming-feature ExistentialAny \
    -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -package-name espalier -suppress-warnings \
    -Xcc -fPIC -Xcc -isystem -Xcc "$include" -Xcc -DESP_MEMORY_GUARDED \
    -I "$output/modules" "${maps[@]}" -module-name "$1" -emit-module \
    -emit-module-path "$output/modules/$1.swiftmodule" -c "${@:2}" -o "$output/objects/$1.o"
}
sources() { find "$@" -name '*.swift' | LC_ALL=C sort; }
swift EspalierModelFile $(sources Sources/ModelFile)
swift EspalierExecutor $(sources runtime/Executor) Tests/Fuzz/Model/Session+Guarded.swift
swift EspalierFuzz Tests/Fuzz/Model/{Target,Work}.swift
$gnu-g++ -static-pie "$output"/objects/*.o -lm -pthread -o "$output/fuzz-model"
