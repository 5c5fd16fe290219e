#!/bin/sh
# Builds the board program: Embedded Swift, C and C++ into a static library, linked by Debian's cross
# compiler. No Swift SDK for the board is needed.
#
#   Scripts/build-board.sh [aarch64]          writes .build/board/<architecture>/espalier-board
#
# Environment: SWIFT (swift), CC (the cross compiler), CROSS_INCLUDE (the cross C library's headers),
# JOBS (parallel compilations).
set -eu
cd "$(dirname "$0")/.."

architecture=${1:-aarch64}
case $architecture in
  aarch64) triple=aarch64-none-none-elf gnu=aarch64-linux-gnu ;;
  *) echo "build-board: unknown architecture $architecture; known: aarch64" >&2; exit 64 ;;
esac
swift=${SWIFT:-swift}
compiler=${CC:-$gnu-gcc}
for tool in "$swift" "$compiler"; do
  command -v "$tool" > /dev/null || {
    echo "build-board: $tool is missing; on Debian: apt-get install gcc-$gnu g++-$gnu" \
      "libc6-dev-arm64-cross libflatbuffers-dev" >&2
    exit 69
  }
done

# Where the cross compiler finds the C and the C++ library.
include=${CROSS_INCLUDE:-$(dirname "$(echo '#include <stdlib.h>' | "$compiler" -E -x c - \
  | sed -n 's/^# 1 "\(.*\/stdlib\.h\)".*/\1/p' | head -n 1)")}
version=$("$compiler" -dumpversion)
[ -d "$include/c++/$version" ] || {
  echo "build-board: no C++ headers in $include/c++/$version; apt-get install g++-$gnu" >&2
  exit 69
}

output=.build/board/$architecture
mkdir -p "$output"
cat > "$output/toolset.json" <<EOF
{
  "schemaVersion": "1.0",
  "cCompiler": {
    "extraCLIOptions": ["--target=$gnu", "-isystem", "$include", "-fPIC", "-ffunction-sections"]
  },
  "cxxCompiler": {
    "extraCLIOptions": [
      "--target=$gnu", "-isystem", "$include/c++/$version",
      "-isystem", "$include/c++/$version/$gnu", "-isystem", "$include",
      "-fPIC", "-ffunction-sections"
    ]
  },
  "swiftCompiler": {
    "extraCLIOptions": [
      "-enable-experimental-feature", "Embedded", "-wmo", "-Osize",
      "-Xfrontend", "-function-sections",
      "-Xcc", "-fPIC", "-Xcc", "-isystem", "-Xcc", "$include"
    ]
  }
}
EOF

"$swift" build -c release --triple "$triple" --toolset "$output/toolset.json" \
  --scratch-path "$output/build" --product EspalierBoardProgram ${JOBS:+-j "$JOBS"}
"$compiler" -O2 -static-pie runtime/Board/Start/start.c \
  "$output/build/$triple/release/libEspalierBoardProgram.a" -lm -Wl,--gc-sections -s \
  -o "$output/espalier-board"
echo "$output/espalier-board"
