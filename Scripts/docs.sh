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
# What `import Espalier` brings in: the module itself, and of those behind it the types that it exports.
exported=$(sed -nE 's/^@_exported public import [a-z]+ ([A-Za-z]+)\.([A-Za-z]+)$/\1 \2/p' \
  Sources/Espalier/Exports.swift)
modules="Espalier $(echo "$exported" | cut -d ' ' -f 1 | sort -u)"

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
# Of the modules behind it, only those types and what belongs to them; extensions of one module's types
# in another's lie in files of their own.
echo "$exported" | python3 -c '
import json, pathlib, sys
types = dict()
for line in sys.stdin:
    module, name = line.split()
    types.setdefault(module, set()).add(name)
kept = set().union(*types.values())
for path in pathlib.Path(sys.argv[1]).glob("*.symbols.json"):
    graph = json.loads(path.read_text())
    if graph["module"]["name"] == "Espalier":
        continue
    graph["symbols"] = [s for s in graph["symbols"] if s["pathComponents"][0] in kept]
    known = {s["identifier"]["precise"] for s in graph["symbols"]}
    graph["relationships"] = [r for r in graph["relationships"] if r["source"] in known]
    path.write_text(json.dumps(graph))
' "$symbols"

log=.build/documentation.log
docc convert Sources/Espalier/Espalier.docc --additional-symbol-graph-dir "$symbols" \
  --output-path "$output" --fallback-display-name Espalier \
  --fallback-bundle-identifier espalier >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
# Of the warnings only a link that leads nowhere is an error: text and code have parted.
if grep -A 8 "doesn't exist at" "$log" >&2; then exit 1; fi
echo "$output/documentation/espalier/index.html"
