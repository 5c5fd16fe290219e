#!/bin/sh
# Writes the public API's documentation as static pages. Any web server shows them, for example
# `python3 -m http.server --directory .build/documentation`, under /documentation/espalier.
#
#   usage: Scripts/docs.sh
set -eu
cd "$(dirname "$0")/.."

output=.build/documentation
symbols=.build/symbol-graphs
Scripts/build.sh --product espalier
target=$(swiftc -print-target-info | sed -n 's/^ *"triple": "\(.*\)",/\1/p' | head -n 1)
# What `import Espalier` brings in: the module itself and those it exports again.
modules="Espalier $(sed -n 's/^@_exported public import //p' Sources/Espalier/Exports.swift)"

# The C modules behind them, which the extractor has to find as the compiler did.
set --
for map in .build/release/*.build/module.modulemap; do
  set -- "$@" -Xcc "-fmodule-map-file=$map"
done

rm -rf "$symbols"
mkdir -p "$symbols"
for module in $modules; do
  swift-symbolgraph-extract -module-name "$module" -I .build/release/Modules -target "$target" \
    -output-dir "$symbols" -minimum-access-level public -skip-inherited-docs "$@"
done
log=.build/documentation.log
docc convert Sources/Espalier/Espalier.docc --additional-symbol-graph-dir "$symbols" \
  --output-path "$output" --fallback-display-name Espalier \
  --fallback-bundle-identifier espalier >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
# Of the warnings only a link that leads nowhere is an error: text and code have parted.
if grep -A 8 "doesn't exist at" "$log" >&2; then exit 1; fi
echo "$output/documentation/espalier/index.html"
