#!/usr/bin/env bash
# Fills a folder with seeds: those that FuzzSeeds makes, this repository's own cases, and ONNX's operator
# cases where they are cached, all as they are and converted by the command. Kept until a file of them is
# newer.
#
#   usage: Tests/Fuzz/seeds.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$1 tool=.build/release/espalier
[ ! -f "$folder/made" ] || [ .build/release/FuzzSeeds -nt "$folder/made" ] || exit 0
rm -rf "$folder"
.build/release/FuzzSeeds make "$folder"
[ -x "$tool" ] || Scripts/build.sh --product espalier >&2
export tool folder
find Tests/Pipeline/Cases Tests/Pipeline/CompositeCases \
  "${XDG_CACHE_HOME:-$HOME/.cache}/espalier"/onnx-cases* -name model.onnx -size -32 2>/dev/null |
  LC_ALL=C sort | ESPALIER_THREADS=1 xargs -P "$(nproc)" -n 1 sh -c '
    name=$(basename "$(dirname "$0")")
    [ ! -e "$folder/importer/$name" ] || exit 0
    cp "$0" "$folder/importer/$name"
    # What cannot be converted is a seed of the importer alone.
    "$tool" convert -q "$0" -o "$folder/$name.esp" >/dev/null 2>&1 || exit 0
    [ "$(stat -c %s "$folder/$name.esp")" -gt 16000 ] || mv "$folder/$name.esp" "$folder/model/$name"
    rm -f "$folder/$name.esp"'
touch "$folder/made"
