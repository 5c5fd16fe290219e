#!/usr/bin/env bash
# Proves that the manifest's table of imports holds, in two ways:
#   1. Every import of one of this package's modules is in its target's own row. (The compiler flag
#      alone lets an import through that another row brings in.)
#   2. The compiler really refuses: in a copy of the manifest with one empty file per module, the
#      converter's modules import the runtime's and the other way round; the build has to name every
#      one of these arrows as an error, and has to pass without them.
#
#   usage: Scripts/check-arrows.sh
set -euo pipefail
cd "$(dirname "$0")/.."

# One line per target: name, folder, type, then its row's modules.
table=$(swift package dump-package | tr -d ' \n' | sed 's/{"dependencies":\[/\n&/g' | awk '
  match($0, /"name":"[^"]*","packageAccess":[a-z]*,"path":"[^"]*"/) {
    split(substr($0, RSTART, RLENGTH), field, "\"")
    row = $0
    sub(/\],"exclude":.*/, "", row)
    modules = ""
    while (match(row, /"byName":\["[^"]*"/)) {
      modules = modules " " substr(row, RSTART + 11, RLENGTH - 12)
      row = substr(row, RSTART + RLENGTH)
    }
    type = $0
    sub(/.*"type":"/, "", type)
    sub(/".*/, "", type)
    print field[4], field[10], type modules
  }')
[ -n "$table" ] || { echo "check-arrows: cannot read the manifest" >&2; exit 70; }
names=$(awk '{ print $1 }' <<<"$table")
bad=0

# 1. Imports against rows. A module inside another's folder (C beside Swift) answers for itself.
while read -r name folder _ row; do
  [ -d "$folder" ] || continue
  inner=()
  while read -r _ other _; do
    case $other in "$folder"/*) inner+=(-not -path "$other/*") ;; esac
  done <<<"$table"
  imports=$(find "$folder" -name '*.swift' "${inner[@]}" -exec sed -nE \
    's/^[[:space:]]*((@[A-Za-z_]+(\([^)]*\))?|public|package|internal|fileprivate|private)[[:space:]]+)*import[[:space:]]+((struct|class|enum|protocol|func|var|let|typealias)[[:space:]]+)?([A-Za-z_0-9]+).*/\6/p' \
    {} + | sort -u)
  for module in $imports; do
    grep -qx "$module" <<<"$names" || continue
    case " $row " in
      *" $module "*) ;;
      *)
        echo "check-arrows: $name ($folder) imports $module, which is not in its row" >&2
        bad=1
        ;;
    esac
  done
done <<<"$table"
[ "$bad" -eq 0 ] || exit 1
echo "check-arrows: every import is in its module's row"

# 2. The same manifest over empty modules.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp Package.swift "$work"
mkdir "$work/.build"
if [ -f .build/workspace-state.json ]; then  # spares the download of the dependencies
  cp .build/workspace-state.json "$work/.build"
  [ ! -f Package.resolved ] || cp Package.resolved "$work"
  for folder in checkouts repositories artifacts; do
    [ ! -d ".build/$folder" ] || ln -s "$PWD/.build/$folder" "$work/.build/$folder"
  done
fi
while read -r name folder _; do
  if [[ $name == CEspalier* ]]; then
    mkdir -p "$work/$folder/include"
    echo "void stub_$name(void);" >"$work/$folder/include/$name.h"
    echo "void stub_$name(void) {}" >"$work/$folder/stub.c"
  else
    mkdir -p "$work/$folder"
    echo "package let stub = 0" >"$work/$folder/Stub.swift"
  fi
done <<<"$table"
build() {
  Scripts/build.sh --package-path "$work" --scratch-path "$work/.build" --target "$1" 2>&1
}
for target in EspalierLowering EspalierMeasure; do
  build "$target" >"$work/log" || {
    echo "check-arrows: the empty modules do not build" >&2
    cat "$work/log" >&2
    exit 70
  }
done

# Every arrow between the two halves, both ways. The compiler names one module's first bad import
# only, so round k gives every module its k-th forbidden import.
half() { awk -v half="$1/" 'index($2, half) == 1 && $3 == "regular" { print $1, $2 }' <<<"$table"; }
forbid() {  # forbid FROM-HALF TO-HALF: round, module, folder, forbidden module
  local name folder target round
  while read -r name folder; do
    [[ $name != CEspalier* ]] || continue
    round=0
    while read -r target _; do
      echo "$((round += 1)) $name $folder $target"
    done < <(half "$2")
  done < <(half "$1")
}
{ forbid converter runtime; forbid runtime converter; } | sort -n >"$work/arrows"
for round in $(cut -d ' ' -f 1 "$work/arrows" | sort -nu); do
  while read -r _ _ folder target; do
    echo "import $target" >"$work/$folder/Stub.swift"
  done < <(grep "^$round " "$work/arrows")
  if build EspalierLowering >"$work/log"; then
    echo "check-arrows: forbidden imports compiled" >&2
    exit 1
  fi
  while read -r _ from _ to; do
    grep -q "error: Target $from imports another target ($to) in the package" "$work/log" || {
      echo "check-arrows: $from importing $to was not refused" >&2
      bad=1
    }
  done < <(grep "^$round " "$work/arrows")
  [ "$bad" -eq 0 ] || { cat "$work/log" >&2; exit 1; }
done
count=$(wc -l <"$work/arrows")
echo "check-arrows: the compiler refuses all $count imports between converter and runtime"
