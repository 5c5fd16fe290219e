#!/usr/bin/env bash
# Fills a folder with seeds: those that FuzzSeeds makes and this repository's own cases, as they are and
# converted by the command; with `all` ONNX's operator cases too, where they are cached. Kept until
# FuzzSeeds is newer.
#
#   usage: Tests/Fuzz/seeds.sh FOLDER [all]
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$1 tool=.build/release/espalier
[ ! -f "$folder/made" ] || [ .build/release/FuzzSeeds -nt "$folder/made" ] || exit 0
rm -rf "$folder"
.build/release/FuzzSeeds make "$folder"
[ -x "$tool" ] || Scripts/build.sh --product espalier >&2
places=(Tests/Pipeline/Cases Tests/Pipeline/CompositeCases)
if [ "${2:-}" = all ]; then
  for place in "${XDG_CACHE_HOME:-$HOME/.cache}"/espalier/onnx-cases*; do
    [ ! -d "$place" ] || places+=("$place")
  done
fi
export tool folder
find "${places[@]}" -name model.onnx -size -32 | LC_ALL=C sort |
  ESPALIER_THREADS=1 xargs -P "$(nproc)" -n 1 sh -c '
    name=$(basename "$(dirname "$0")")
    [ ! -e "$folder/importer/$name" ] || exit 0
    cp "$0" "$folder/importer/$name"
    # What cannot be converted is a seed of the importer alone.
    "$tool" convert -q "$0" -o "$folder/$name.esp" >/dev/null 2>&1 || exit 0
    [ "$(stat -c %s "$folder/$name.esp")" -gt 16000 ] || mv "$folder/$name.esp" "$folder/model/$name"
    rm -f "$folder/$name.esp"'
touch "$folder/made"
