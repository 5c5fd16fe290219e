#!/bin/sh
# Converts all-MiniLM-L6-v2, embeds 100 sentences and compares with onnxruntime's embeddings: the
# cosine distance may be 1e-10. One row per exporter; exit 1 if any sentence fails. Exports the
# model if it is not there yet (Scripts/export-minilm.py). Writes docs/minilm.md.
#
#   usage: Scripts/check-minilm.sh      tool: ${ESPALIER:-.build/release/espalier}
set -eu
cd "$(dirname "$0")/.."

espalier=${ESPALIER:-.build/release/espalier}
folder=${ESPALIER_CACHE:-$HOME/.cache/espalier}/minilm
[ -x "$espalier" ] || { echo "check-minilm: no $espalier; build it first" >&2; exit 66; }
python=$(Scripts/oracle-env.sh)
# The last file the export writes says that the others are there.
[ -f "$folder/099.embedding.npy" ] ||
  "$python" Scripts/export-minilm.py --folder "$folder" >&2

work=$(mktemp -d)
table=$(mktemp)
trap 'rm -rf "$work" "$table"' EXIT
failures=0 limit=1e-10
row() {
  printf '%-16s %-7s %-14s %s\n' "$@"
  printf '| %s | %s | %s | %s |\n' "$@" >>"$table"
}

row model passed "worst distance" "first failure"
echo '|---|--:|--:|---|' >>"$table"
for model in minilm minilm.dyn; do
  rm -rf "$work"/*
  if ! "$espalier" convert "$folder/$model.onnx" -o "$work/model.esp" >"$work/log" 2>&1; then
    failures=$((failures + 1))
    row "$model" 0/100 - "$(tail -n 1 "$work/log")"
    continue
  fi
  passed=0 worst=0.0e+00 first=
  for ids in "$folder"/*.input_ids.npy; do
    sentence=${ids%.input_ids.npy}
    rm -rf "$work/out"
    if ! "$espalier" run "$work/model.esp" --input "input_ids=$ids" \
      --input "attention_mask=$sentence.attention_mask.npy" -o "$work/out" >"$work/log" 2>&1; then
      first=${first:-"${sentence##*/}: $(tail -n 1 "$work/log")"}
    elif distance=$("$python" Scripts/compare-npy.py cosine "$sentence.embedding.npy" \
      "$work/out/sentence_embedding.npy" "$limit" 2>&1); then
      passed=$((passed + 1))
      worst=$(printf '%s\n%s\n' "$worst" "$distance" | sort -g | tail -n 1)
    else
      first=${first:-"${sentence##*/}: $(echo "$distance" | tail -n 1)"}
    fi
  done
  [ "$passed" -eq 100 ] || failures=$((failures + 1))
  row "$model" "$passed/100" "$worst" "$first"
done
{
  cat "$table"
  printf '\n| measured | |\n|---|---|\n| largest distance | %s |\n' "$limit"
} >"$work/tables"
python3 Scripts/write-pages.py minilm "$work/tables"
[ "$failures" -eq 0 ]
