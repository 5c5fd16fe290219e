#!/usr/bin/env bash
# Proves that the kernels' folders include each other in one direction only: each row of the table
# names a folder and those it may include, all of them in rows above. The check must also refuse two
# includes that the table forbids, in a copy.
#
#   usage: Scripts/check-kernel-arrows.sh
set -euo pipefail
cd "$(dirname "$0")/.."

table='
include:
math:
isa:         include
threads:     include
reference:   include
peak:        include math
plain:       include math
panel:       math
pattern:     math
pair:        math
pack:        include math
contraction: include isa panel pattern pair pack
matvec:      include isa math pack contraction
feature:     include isa math pack
depthwise:   include isa math pack
winograd:    include isa math panel pack contraction
product:     include isa panel pack feature contraction
choice:      include isa panel pattern pair pack contraction matvec feature depthwise winograd product
'

# Prints what is wrong in a folder of kernels; nothing is good.
faults() {  # faults KERNELS
  local source folder name place
  (
    cd "$1"
    find . -name '*.[ch]' -o -name '*.inc' | sed 's|^\./||' | sort | while read -r source; do
      folder=${source%/*}
      grep -oE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*"' "$source" | cut -d '"' -f 2 |
        while read -r name; do
          if [ -f "$folder/$name" ]; then
            place=$(realpath --relative-to=. "$folder/$name")
          elif [ -f "include/$name" ]; then
            place=include/$name
          else
            echo "$source includes $name, which is nowhere"
            continue
          fi
          echo "$source $folder ${place%/*}"
        done || true
    done
  ) | awk -v table="$table" '
    BEGIN {
      rows = split(table, row, "\n")
      for (i = 1; i <= rows; i++) {
        if (row[i] == "") continue
        count = split(row[i], word, /[: ]+/)
        for (j = 2; j <= count; j++) {
          if (word[j] == "") continue
          if (!(word[j] in known)) print "the table: " word[1] " may include " word[j] ", which is not above it"
          allowed[word[1], word[j]] = 1
        }
        known[word[1]] = 1
      }
    }
    NF != 3 { print; next }
    $2 == $3 { next }
    { used[$2, $3] = 1 }
    !($2 in known) { print $1 ": its folder has no row in the table"; next }
    !(($2, $3) in allowed) { print $1 " includes a header of " $3 "/, which " $2 "/ may not" }
    END {
      for (arrow in allowed) {
        if (arrow in used) continue
        split(arrow, word, SUBSEP)
        print "the table: nothing in " word[1] "/ includes " word[2] "/"
      }
    }
  '
}

found=$(faults runtime/Kernels)
if [ -n "$found" ]; then
  echo "$found" >&2
  echo "check-kernel-arrows: includes against Scripts/check-kernel-arrows.sh" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r runtime/Kernels/. "$work"
echo '#include "../choice/esp_kernel_sets.h"' >> "$work/depthwise/depthwise.c"
echo '#include "../winograd/esp_prepared_winograd.h"' >> "$work/contraction/convolution.c"
refused=$(faults "$work")
for source in depthwise/depthwise.c contraction/convolution.c; do
  grep -q "^$source includes a header of" <<< "$refused" || {
    echo "check-kernel-arrows: a forbidden include in $source was not refused" >&2
    exit 1
  }
done
[ "$(wc -l <<< "$refused")" -eq 2 ] || { echo "$refused" >&2; exit 1; }
echo "check-kernel-arrows: $(find runtime/Kernels -name '*.[ch]' -o -name '*.inc' | wc -l) files of kernels include as the table allows; two forbidden includes are refused"
