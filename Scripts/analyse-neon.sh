#!/usr/bin/env bash
# Counts the cycles of every inner loop of the NEON kernels with llvm-mca, compiled as for a board, and
# compares them with docs/neon.md: a loop that takes more or fewer cycles, puts more registers aside, is
# gone, or is not in the table, fails. Nothing is run or timed. Cycles are skipped where the page is of
# another clang or llvm-mca, and said to be.
#
#   usage: Scripts/analyse-neon.sh [write]        write: docs/neon.md anew (needs python3)
#
# Exit 69: no llvm-mca here. Environment: LLVM_MCA, CC (clang).
set -euo pipefail
cd "$(dirname "$0")/.."

mca=${LLVM_MCA:-llvm-mca-19} compiler=${CC:-clang}
page=docs/neon.md output=.build/neon-cycles
# Cortex-A76 by the name of its server edition: LLVM gives cortex-a76 itself the model of an A57.
cores=(cortex-a55 cortex-a72 neoverse-n1)

if ! command -v "$mca" > /dev/null; then
  { [ "${ESPALIER_SETUP:-yes}" != no ] && Scripts/apt-install.sh llvm-19 &&
    command -v "$mca" > /dev/null; } || {
    echo "analyse-neon: no $mca; on Debian 12: apt-get install llvm-19" >&2
    exit 69
  }
fi
include=$(echo '#include <stdlib.h>' | aarch64-linux-gnu-gcc -E -x c - |
  awk -F '"' '/^# 1 ".*\/stdlib\.h"/ && !n++ { sub(/\/stdlib\.h$/, "", $2); print $2 }')

# Of clang's assembly, the blocks of innermost loops that multiply and add, marked for llvm-mca and
# named by their function.
loops() {
  awk '
    function end() {
      if (inner && work && !calls) printf "# LLVM-MCA-BEGIN %s\n%s# LLVM-MCA-END\n", name, body
      body = ""; work = calls = 0
    }
    /^[A-Za-z_][A-Za-z0-9_]*:/ {
      end(); inner = 0; name = $1; sub(/:.*/, "", name); gsub(/^esp_|_+neon$/, "", name)
      next
    }
    /^\.LBB|^\/\/ %bb\./ {
      # Blocks say which loop they are in; an outer loop goes on behind its inner ones.
      end(); label = $1; sub(/:.*/, "", label)
      inner = /Inner Loop Header/ || (match($0, /Header=[A-Z0-9_]+/) &&
        substr($0, RSTART + 7, RLENGTH - 7) == loop)
      if (/Inner Loop Header/) { loop = label; sub(/^\.L/, "", loop) }
      next
    }
    /^ +\/\/ .*Inner Loop Header/ { inner = 1; loop = label; sub(/^\.L/, "", loop); next }
    /^\t[a-z]/ {
      body = body $0 "\n"
      if (/^\tfml[as]\t|^\tfn?m(add|sub)\t/) work = 1
      if (/^\tbl\t/) calls = 1
      if (/^\t(b|b\.[a-z]+|cbn?z|tbn?z|ret|br)\t/) end()
    }
  '
}

# llvm-mca's answers for all cores to rows of the table. Loops of a function with as many multiply-adds
# share a row, which is the worst of them.
rows() {
  awk '
    function finish(  class, limit, most, u) {
      if (!cycles) return
      most = uops / width; limit = "issue"
      for (class in units) {
        u = pressure[class] / units[class]
        if (u > most + 0.01) { most = u; limit = class }
        pressure[class] = 0
      }
      if (most < 0.85 * cycles) limit = "waiting"
      if (!((key, core) in worst) || cycles > worst[key, core]) {
        worst[key, core] = cycles; bound[key, core] = limit
      }
      cycles = 0
    }
    FNR == 1 { finish(); core = FILENAME; sub(/.*\//, "", core); region = 0 }
    core == "loops.s" && /LLVM-MCA-BEGIN/ { name[++total] = $3 }
    core == "loops.s" && /^\tld/ {
      loads[total] += /^\tldp/ ? 2 : 1
    }
    core == "loops.s" && /^\tfml[as]\t|^\tfn?m(add|sub)\t/ { work[total]++ }
    core == "loops.s" && /Folded/ { spills[total]++ }
    core == "loops.s" && /LLVM-MCA-END/ {
      k = name[total] SUBSEP work[total]
      if (!(k in many)) order[++kinds] = k
      many[k]++
      if (spills[total] > aside[k]) aside[k] = spills[total]
      if (loads[total] > fetched[k]) fetched[k] = loads[total]
    }
    core == "loops.s" { next }
    /Code Region - / { finish(); region++; key = name[region] SUBSEP work[region]; delete class_of }
    /^Total Cycles:/ { cycles = $3 / 1000 }
    /^Total uOps:/ { uops = $3 / 1000 }
    /^Dispatch Width:/ { width = $3 }
    /^\[[0-9.]+\] +- / {
      unit = $3; sub(/.*Unit/, "", unit)
      class = "integer " unit
      if (unit ~ /^(FPMAC|W|X|V0|V1)$/) class = "multiply"
      if (unit ~ /^(Ld|L)$/) class = "load"
      if (unit ~ (core == "neoverse-n1" ? "^D$" : "^(St|S)$")) class = "store"
      if (!($1 in class_of)) { class_of[$1] = class; place[++places] = $1 }
      next
    }
    /^Resources:/ { delete class_of; delete units; places = 0 }
    /^Resource pressure per iteration:/ {
      getline; getline
      for (i = 1; i <= places; i++) {
        units[class_of[place[i]]]++
        pressure[class_of[place[i]]] += $i == "-" ? 0 : $i
      }
    }
    function cell(core, peak,  c) {
      c = worst[k, core]
      return sprintf("%.1f | %.0f %% | %s", c, 100 * fmas / c / peak, bound[k, core])
    }
    END {
      finish()
      for (i = 1; i <= kinds; i++) {
        k = order[i]; split(k, part, SUBSEP); fmas = part[2]
        printf "| %s | %d | %d | %.2f | %d | %s | %s | %s |\n", part[1], many[k], fmas,
          fetched[k] / fmas, aside[k], cell("cortex-a55", 1), cell("cortex-a72", 1),
          cell("neoverse-n1", 2)
      }
    }
  ' "$output/loops.s" "${cores[@]/#/$output/}"
}

# Rows of the page against rows of now; only registers put aside where cycles are not comparable.
compare() {  # compare CYCLES
  awk -F ' *\\| *' -v cycles="$1" '
    !/^\| [a-z][a-z0-9_]* \| *[0-9]+ \| *[0-9]+ \|/ { next }
    FNR == NR { for (i = 1; i < NF; i++) old[$2, $4, i] = $i; next }
    {
      count++
      seen[$2, $4] = 1
      if (!(($2, $4, 2) in old)) {
        print $2 ", " $4 " multiply-adds: not in the table; puts " $6 " registers aside"
        news++
        next
      }
      if ($6 > old[$2, $4, 6]) {
        printf "%s, %d multiply-adds: puts %d registers aside, %d before\n", $2, $4, $6, old[$2, $4, 6]
        bad++
      }
      for (i = 7; cycles && i <= 13; i += 3) {
        if ($i > 1.02 * old[$2, $4, i] + 0.1) {
          printf "%s, %d multiply-adds: %.1f cycles on %s, %.1f before\n", $2, $4, $i,
            i == 7 ? "cortex-a55" : i == 10 ? "cortex-a72" : "cortex-a76", old[$2, $4, i]
          bad++
        }
        if (cycles && $i < 0.98 * old[$2, $4, i] - 0.1) {
          print $2 ", " $4 " multiply-adds: only " $i " cycles, " old[$2, $4, i] " before"
          better++
        }
      }
    }
    END {
      for (key in old) {
        split(key, part, SUBSEP)
        if (part[3] == 2 && !((part[1], part[2]) in seen)) {
          print part[1] ", " part[2] " multiply-adds: gone"
          gone++
        }
      }
      printf "%d kinds of loops, %d worse, %d faster, %d not in the table, %d gone\n", count, bad,
        better, news, gone
      if (bad || better || news || gone) print "where that is meant: Scripts/analyse-neon.sh write"
      exit !count || bad + better + news + gone > 0
    }
  ' "$page" "$output/table"
}

rm -rf "$output"
mkdir -p "$output"
find runtime/Kernels -name '*_neon.c' | sort | while read -r source; do
  "$compiler" --target=aarch64-linux-gnu -isystem "$include" -std=c17 -O3 -fno-math-errno -fPIC \
    -ffunction-sections -Iruntime/Kernels/include -S "$source" -o -
done | loops > "$output/loops.s"
for core in "${cores[@]}"; do
  "$mca" -mtriple=aarch64-linux-gnu -mcpu="$core" -iterations=1000 -instruction-info=0 \
    "$output/loops.s" > "$output/$core"
done
rows > "$output/table"

version=$("$compiler" --version | sed -n 's/.*clang version \([0-9.]*\).*/\1/p')
if [ "${1:-}" = write ]; then
  {
    printf 'Made with clang %s, llvm-mca %s.\n\n' "$version" \
      "$("$mca" --version | sed -n 's/.*LLVM version //p')"
    printf '| %s ' kernel loops FMAs 'loads/FMA' spills A55 use bound A72 use bound A76 use bound
    printf '|\n|---|--:|--:|--:|--:|--:|--:|---|--:|--:|---|--:|--:|---|\n'
    cat "$output/table"
  } > "$output/page"
  python3 Scripts/write-pages.py neon "$output/page"
  exit
fi
made=$(sed -n 's/^Made with \(.*\)\.$/\1/p' "$page")
here="clang $version, llvm-mca $("$mca" --version | sed -n 's/.*LLVM version //p')"
[ -n "$made" ] || { echo "analyse-neon: $page does not say what it was made with" >&2; exit 65; }
if [ "$made" = "$here" ]; then
  compare yes
else
  echo "skipped: cycles: $page is of $made, and this is $here"
  compare ''
fi
