#!/usr/bin/env bash
# Builds and runs the Swift that stands in README.md and in the pages of Espalier.docc, as it stands: the
# first block of a page is a main.swift, each later one a scope within the one before. The programs see
# what a user's program sees: the public declarations that `import Espalier` brings. The page
# Espalier.md has to name every one of their types.
#
#   usage: Scripts/check-swift-in-docs.sh      needs what Scripts/build.sh --build-tests has built
set -euo pipefail
cd "$(dirname "$0")/.."

release=$PWD/.build/release
espalier=${ESPALIER:-$release/espalier}
pages=Sources/Espalier/Espalier.docc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# 1. The list of the whole public API.
bad=0
exported=$(sed -nE 's/^@_exported public import [a-z]+ [A-Za-z]+\.([A-Za-z]+)$/\1/p' \
  Sources/Espalier/Exports.swift)
own=$(find Sources/Espalier -name '*.swift' -exec \
  sed -nE 's/^public (struct|enum|final class|protocol) ([A-Za-z]+).*/\2/p' {} +)
# One type each: a whole module would bring what no page lists.
if grep -E '@_exported' Sources/Espalier/*.swift Sources/Espalier/*/*.swift |
  grep -vE ':@_exported public import [a-z]+ [A-Za-z]+\.[A-Za-z]+$' >&2; then
  echo "check-swift-in-docs: an export of more than one type" >&2
  bad=1
fi
[ -n "$exported" ] && [ -n "$own" ] || { echo "check-swift-in-docs: no public types found" >&2; exit 70; }
for type in $exported $own; do
  grep -qE '^- ``(/Espalier[A-Za-z]+/)?'"$type"'``$' "$pages/Espalier.md" || {
    echo "check-swift-in-docs: $pages/Espalier.md does not list $type" >&2
    bad=1
  }
done
if grep -rnE '^(public|@discardableResult public) func ' Sources/Espalier --include='*.swift' >&2; then
  echo "check-swift-in-docs: a public function that is no method" >&2
  bad=1
fi
[ "$bad" -eq 0 ] || exit 1
echo "Espalier.md lists all $(wc -w <<<"$exported $own") types of the public API"

# 2. The programs. Links what the command links, without the command itself.
flags=(-swift-version 6 -enable-upcoming-feature MemberImportVisibility -I "$release/Modules")
for map in "$release"/*.build/module.modulemap; do flags+=(-Xcc "-fmodule-map-file=$map"); done
for map in .build/checkouts/*/Sources/*/include/module.modulemap; do
  flags+=(-Xcc "-fmodule-map-file=$PWD/$map")
done
grep -vE '/(EspalierTool|ArgumentParser[A-Za-z]*)\.build/' \
  "$release/espalier.product/Objects.LinkFileList" >"$work/objects"
program() {  # program PAGE: its blocks as one main.swift
  awk '
    /^```swift/ { inside = 1; blocks++; if (blocks > 1) print "do {"; next }
    /^```/ && inside { inside = 0; next }
    inside && /^import / { if (!seen[$0]++) imports = imports $0 "\n"; next }
    inside { print }
    END { for (n = 1; n < blocks; n++) print "}"; printf "%s", imports }' "$1" |
    awk '{ line[NR] = $0 }
      END { for (n = 1; n <= NR; n++) if (line[n] ~ /^import /) print line[n]
            for (n = 1; n <= NR; n++) if (line[n] !~ /^import /) print line[n] }'
}
cp Examples/digits/digits.onnx "$work/model.onnx"
"$espalier" zoo resnet50 -o "$work/resnet50.onnx" >"$work/log"
export XDG_CACHE_HOME="$work/cache"
for page in README.md "$pages"/{Converting,Running,Measuring}AModel.md; do
  name=$(basename "$page" .md)
  mkdir "$work/$name"
  program "$page" >"$work/$name/main.swift"
  grep -q '^import Espalier$' "$work/$name/main.swift" || {
    echo "check-swift-in-docs: $page imports no Espalier" >&2
    exit 1
  }
  swiftc "${flags[@]}" "$work/$name/main.swift" "@$work/objects" -lopenblas -lstdc++ -lm \
    -o "$work/$name/program" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  (cd "$work" && "./$name/program" >"$work/log" 2>&1) || {
    echo "check-swift-in-docs: $page does not run" >&2
    cat "$work/log" >&2
    exit 1
  }
  blocks=$(grep -c '^```swift' "$page")
  echo "$page: $blocks blocks build and run"
done
others=$(grep -l '^```swift' "$pages"/*.md | grep -vE '/(Converting|Running|Measuring)AModel.md' || true)
[ -z "$others" ] || { echo "check-swift-in-docs: not run: $others" >&2; exit 1; }
