#!/usr/bin/env bash
# Builds a fuzzed program, OUTPUT/fuzz-TARGET: the modules it is about with the address sanitizer and
# libFuzzer's counters, by the compilers alone and apart from what every other script builds.
#
#   usage: Tests/Fuzz/build.sh TARGET OUTPUT       TARGET: model, importer
#
# Exits 77 where clang has no libFuzzer.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=$1
mkdir -p "$2"
output=$(realpath "$2")
program=$output/fuzz-$target
if ! reason=$(echo 'int LLVMFuzzerTestOneInput(const void *b, long n) { return 0; }' |
  clang -x c - -fsanitize=fuzzer,address -o "$output/probe" 2>&1); then
  echo "$reason" | tail -n 1 >&2
  echo "skipped: fuzzing: $(clang --version | head -n 1) links no libFuzzer"
  exit 77
fi
if [ -x "$program" ] && [ -z "$(find Sources/ModelFile runtime converter Tests/Fuzz \
  -newer "$program" -type f -print -quit)" ]; then
  exit 0
fi
rm -rf "$output/objects" "$output/modules"
mkdir -p "$output/objects" "$output/modules"

# Undefined behaviour ends in a trap.
checks=(-fsanitize=address,undefined -fsanitize-trap=undefined -fno-sanitize=pointer-overflow
  -fno-omit-frame-pointer)
counters=(-fsanitize-coverage=inline-8bit-counters,pc-table)
optimised=(-O2 -g1 -fno-math-errno)

c() {  # c FLAGS ... -- SOURCES ...
  local flags=()
  while [ "$1" != -- ]; do flags+=("$1"); shift; done
  shift
  for source; do printf '%s\0%s\0' "$source" "$output/objects/$(tr / - <<<"$source").o"; done |
    xargs -0 -P "$(nproc)" -n 2 sh -c \
      'source=$1 object=$2; shift 2; exec clang '"${flags[*]}"' -c "$source" -o "$object"' compile
}
module_map() {  # module_map NAME HEADER
  mkdir -p "$output/modules/$1"
  printf 'module %s {\n  header "%s"\n  export *\n}\n' "$1" "$PWD/$2" \
    >"$output/modules/$1/module.modulemap"
  includes+=(-Xcc "-fmodule-map-file=$output/modules/$1/module.modulemap")
}
swift() {  # swift MODULE FLAGS ... -- SOURCES ...
  local name=$1 flags=()
  shift
  while [ "$1" != -- ]; do flags+=("$1"); shift; done
  shift
  swiftc -swift-version 6 -enable-upcoming-feature ExistentialAny \
    -enable-upcoming-feature InternalImportsByDefault -enable-upcoming-feature MemberImportVisibility \
    -package-name espalier -suppress-warnings -O -wmo -gline-tables-only -parse-as-library \
    -sanitize=address -I "$output/modules" "${includes[@]}" "${flags[@]}" -module-name "$name" \
    -emit-module -emit-module-path "$output/modules/$name.swiftmodule" \
    -c "$@" -o "$output/objects/$name.o"
}
sources() { find "$@" -name '*.swift' | LC_ALL=C sort; }

includes=()
covered=(-sanitize-coverage=edge,inline-8bit-counters,pc-table)
module_map CEspalierModelFile Sources/ModelFile/Bridge/include/CEspalierModelFile.h
c "${optimised[@]}" "${checks[@]}" "${counters[@]}" -std=c++17 -fno-exceptions -fno-rtti -- \
  Sources/ModelFile/Bridge/*.cpp
c "${optimised[@]}" "${checks[@]}" -std=gnu17 -- Sources/ModelFile/Bridge/*.c
swift EspalierModelFile "${covered[@]}" -- $(sources Sources/ModelFile)

case $target in
  model)
    module_map CEspalierKernels runtime/Kernels/include/CEspalierKernels.h
    module_map CEspalierMemory runtime/Executor/C/include/CEspalierMemory.h
    includes+=(-Xcc -DESP_MEMORY_GUARDED
      -Xcc "-fmodule-map-file=$PWD/Tests/Fuzz/Model/module.modulemap")
    c "${optimised[@]}" "${checks[@]}" "${counters[@]}" -std=gnu17 -Iruntime/Kernels/include -- \
      $(find runtime/Kernels -name '*.c')
    c "${optimised[@]}" -DESP_MEMORY_GUARDED -std=gnu17 -Iruntime/Executor/C/include -- \
      Tests/Fuzz/Model/guarded_memory.c Tests/Fuzz/Common/*.c
    c "${optimised[@]}" -std=c++20 -ISources/ModelFile/Bridge/include -- Tests/Fuzz/Model/{document,mutations,mutator}.cpp
    guarded=Tests/Fuzz/Model/Session+Guarded.swift
    swift EspalierExecutor "${covered[@]}" -- $(sources runtime/Executor) $guarded
    swift EspalierFuzz -- $(sources Tests/Fuzz/Common Tests/Fuzz/Model | grep -v "^$guarded$")
    ;;
  importer)
    # Protobuf's own code is not what is fuzzed: as the package has built it.
    protobuf=.build/release
    [ -d $protobuf/SwiftProtobuf.build ] || Scripts/build.sh --product FuzzSeeds >&2
    includes+=(-I "$protobuf/Modules" -Xcc "-fmodule-map-file=$PWD/Tests/Fuzz/Importer/module.modulemap")
    cp $protobuf/SwiftProtobuf.build/*.o "$output/objects"
    c "${optimised[@]}" -std=gnu17 -- Tests/Fuzz/Common/*.c
    swift EspalierGraph "${covered[@]}" -- $(sources converter/Graph)
    target_source=Tests/Fuzz/Importer/Target.swift
    swift EspalierONNX "${covered[@]}" -- $(sources converter/ONNX Tests/Fuzz/Importer Tests/Fuzz/Common | grep -v "^$target_source$")
    swift EspalierLowering "${covered[@]}" -- $(sources converter/Lowering)
    swift EspalierFuzz -- $target_source
    ;;
  *) echo "build: unknown target $target; known: model, importer" >&2; exit 64 ;;
esac
swiftc -sanitize=address,fuzzer "$output"/objects/*.o -lm -lstdc++ -o "$program"
