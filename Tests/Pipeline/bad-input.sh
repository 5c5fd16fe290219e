#!/usr/bin/env bash
# Offers bad input to the built command. Each case expects an exit code of sysexits.h, a message with
# a code or a place, no output file, and no control characters on the terminal.
#
# The rows that begin with "silent" were once met with success and no word. What is said of them now is
# docs/silent-cases.md, which must be what this run gives.
#
#   usage: Tests/Pipeline/bad-input.sh [--write] [PATH OF espalier]
#     --write   writes the page anew
set -uo pipefail
cd "$(dirname "$0")/../.."

writes=
[ "${1:-}" != --write ] || { writes=yes; shift; }
espalier=$(realpath "${1:-.build/release/espalier}")
page=$(realpath docs)/silent-cases.md
[ -x "$espalier" ] || { echo "bad-input: no command at $espalier; make build" >&2; exit 66; }
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cp Examples/digits/digits.onnx Examples/digits/images.npy "$work"
cd "$work" || exit 70
digits=digits.onnx
cases=0 failures=0

fault() {
  printf 'FAILED: %s: %s\n' "$1" "$2"
  [ $# -lt 3 ] || sed 's/^/    /' <<<"$3" | head -n 8 | cat -v
  failures=$((failures + 1))
}

# expect NAME CODE PATTERN ARGUMENT ...: the command ends with the code, and what it says matches.
# The file "out" must not be there afterwards, nor anything beside it that was not there before.
expect() {
  local name=$1 code=$2 pattern=$3 status=0 said before after
  shift 3
  cases=$((cases + 1))
  before=$(find . | sort)
  said=$(ulimit -v 8000000; timeout 20 "$espalier" "$@" 2>&1 </dev/null) || status=$?
  after=$(find . | sort)
  [ "$status" -eq "$code" ] || fault "$name" "exit $status, not $code" "$said"
  grep -qE -- "$pattern" <<<"$said" || fault "$name" "does not say /$pattern/" "$said"
  ! LC_ALL=C grep -q "[$(printf '\001-\010\013-\037\177')]" <<<"$said" ||
    fault "$name" "control characters in the message" "$said"
  ! grep -q $'\u202e' <<<"$said" || fault "$name" "a change of direction in the message" "$said"
  [ "$code" -eq 0 ] || [ "$before" = "$after" ] ||
    fault "$name" "files are left behind" "$(diff <(echo "$before") <(echo "$after"))"
}

# silent NAME CODE PATTERN COMMAND: the same of a line of the shell, which is a row of the page.
rows=()
silent() {
  local name=$1 code=$2 pattern=$3 line=$4 status=0 said before after
  cases=$((cases + 1))
  before=$(find . | sort)
  said=$(
    espalier() { timeout 60 "$espalier" "$@"; }
    { eval "$line"; } 2>&1 >shown </dev/null
  ) || status=$?
  rm -f shown
  after=$(find . | sort)
  [ "$status" -eq "$code" ] || fault "$name" "exit $status, not $code" "$said"
  grep -qE -- "$pattern" <<<"$said" || fault "$name" "does not say /$pattern/" "$said"
  [ "$code" -eq 0 ] || [ "$before" = "$after" ] ||
    fault "$name" "files are left behind" "$(diff <(echo "$before") <(echo "$after"))"
  said=$(grep -vE '^(Usage:|Help:|  See) ?' <<<"$said" | head -n 3 | sed 's/|/\\|/g' | paste -sd '~' | sed 's/~/<br>/g')
  rows+=("| $name | \`${line//|/\\|}\` | $status | ${said:-—} |")
}

# -- ONNX by hand: every function gives hexadecimal digits.
hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }
varint() {
  local value=$1 digits=
  while [ "$value" -lt 0 ] || [ "$value" -ge 128 ]; do
    digits+=$(printf '%02x' $(((value & 127) | 128)))
    value=$(((value >> 7) & 0x01FFFFFFFFFFFFFF))
  done
  printf '%s%02x' "$digits" "$value"
}
number() { varint $(($1 << 3)); varint "$2"; }
message() {  # message FIELD DIGITS ...
  local field=$1 body
  shift
  body=$(printf '%s' "$@")
  varint $((field << 3 | 2)); varint $((${#body} / 2)); printf '%s' "$body"
}
text() { message "$1" "$(hex "$2")"; }
write() {  # write FILE DIGITS ...
  local file=$1 body
  shift
  body=$(printf '%s' "$@")
  # shellcheck disable=SC2059
  printf "$(sed 's/../\\x&/g' <<<"$body")" >"$file"
}
value() {  # value FIELD NAME EXTENT ...: a float32 value's declaration
  local field=$1 name=$2 extent dims=
  shift 2
  for extent in "$@"; do dims+=$(message 1 "$(number 1 "$extent")"); done
  message "$field" "$(text 1 "$name")" \
    "$(message 2 "$(message 1 "$(number 1 1)" "$(message 2 "$dims")")")"
}
node() {  # node OPERATION OUTPUT INPUTS [NAME] [ATTRIBUTES]
  local inputs= input
  for input in $3; do inputs+=$(text 1 "$input"); done
  message 1 "$inputs" "$(text 2 "$2")" "$(text 3 "${4:-node}")" "$(text 4 "$1")" "${5:-}"
}
integers() {  # integers NAME VALUE ...: an attribute
  local name=$1 item list=
  shift
  for item in "$@"; do list+=$(number 8 "$item"); done
  message 5 "$(text 1 "$name")" "$list" "$(number 20 7)"
}
model() { printf '%s' "$(number 1 8)" "$(message 8 "$(number 2 17)")" "$(message 7 "$@")"; }
tensor() {  # tensor NAME RAW EXTENT ...: a float32 initializer
  local name=$1 raw=$2 extent dims=
  shift 2
  for extent in "$@"; do dims+=$(number 1 "$extent"); done
  message 5 "$dims" "$(number 2 1)" "$(text 8 "$name")" "$(message 9 "$raw")"
}
external() {  # external NAME LOCATION OFFSET LENGTH EXTENT
  message 5 "$(number 1 "$5")" "$(number 2 1)" "$(text 8 "$1")" \
    "$(message 13 "$(text 1 location)" "$(text 2 "$2")")" \
    "$(message 13 "$(text 1 offset)" "$(text 2 "$3")")" \
    "$(message 13 "$(text 1 length)" "$(text 2 "$4")")" "$(number 14 1)"
}
repeat() { local count; for ((count = 0; count < $2; count++)); do printf '%s' "$1"; done; }

good=$(model "$(node Relu y x)" "$(value 11 x 1 4)" "$(value 12 y 1 4)")
write good.onnx "$good"
expect "a good model" 0 "good.esp" convert good.onnx -o good.esp
expect "an unknown device" 69 'no device "moon"; there is: host' \
  convert good.onnx -o out --device moon
expect "threads without a device" 64 "need --device" convert good.onnx -o out --threads 2
expect "more threads than cores" 69 "this machine lends" \
  convert good.onnx -o out --device host --threads 250
expect "a good packed model" 0 "median" bench good.esp --seconds 0.05

# -- files that are no models
: >empty.onnx
: >empty.esp
expect "empty .onnx" 65 "empty file" convert empty.onnx -o out
expect "empty .esp" 65 "empty.esp: [A-Z][0-9]+" bench empty.esp
cp good.esp packed.onnx
expect "a packed model as .onnx" 65 "packed Espalier model" convert packed.onnx -o out
printf 'PK\003\004aaaa' >zip.onnx
expect "a ZIP archive" 65 "ZIP archive" check zip.onnx
printf 'PK\003\004aaaa' >zip.esp
expect "a ZIP archive as .esp" 65 "zip.esp: [A-Z][0-9]+" inspect zip.esp
head -c 4096 /dev/urandom >random.esp
expect "random bytes as .esp" 65 "random.esp: [A-Z][0-9]+" bench random.esp
head -c 4096 /dev/urandom >random.onnx
expect "random bytes as .onnx" 65 "random.onnx: .*[A-Z][0-9]+" convert random.onnx -o out
mkdir folder.onnx folder.esp
expect "a folder as .onnx" 66 "folder.onnx" convert folder.onnx -o out
expect "a folder as .esp" 66 "folder.esp" bench folder.esp
for place in 1 9 20 40 60; do
  head -c "$place" good.onnx >cut.onnx
  expect "cut after $place bytes" 65 "cut.onnx: .*E[0-9]+" convert cut.onnx -o out
done
head -c 100 good.esp >cut.esp
expect "a cut .esp" 65 "cut.esp: [A-Z][0-9]+" bench cut.esp
cat good.esp zip.onnx >more.esp
expect "trailing bytes" 65 "more.esp: [A-Z][0-9]+" bench more.esp

# -- malformed messages
write long.onnx "3affffffff07"
expect "a length beyond the file" 65 "byte" convert long.onnx -o out
write varint.onnx "08ffffffffffffffffffffffff01"
expect "an overlong number" 65 "byte" convert varint.onnx -o out
write wire.onnx "0f"
expect "a bad wire type" 65 "byte" convert wire.onnx -o out

# -- external data
outside=$(mktemp)
head -c 16 /dev/zero >"$outside"
head -c 16 /dev/zero >weights
ln -s "$outside" link
ln weights hard
mkfifo pipe
mkdir inner
ln -s "$(dirname "$outside")" inner/away
add() {  # a model that adds an initializer kept elsewhere
  model "$(node Add y "x w")" "$(external w "$1" "${2:-0}" "${3:-16}" 4)" "$(value 11 x 4)" \
    "$(value 12 y 4)"
}
for location in "../$(basename "$outside")" "$outside" "inner/../../etc/passwd" link \
  "inner/away/$(basename "$outside")" pipe hard absent "" /dev/zero; do
  write external.onnx "$(add "$location")"
  expect "external data at \"$location\"" 65 "external.onnx: .*E[0-9]+" \
    convert external.onnx -o out
done
rm -f hard pipe "$outside"
write external.onnx "$(add weights 8 16)"
expect "external data beyond its file" 65 "E[0-9]+" convert external.onnx -o out
write external.onnx "$(add weights 9223372036854775807 9223372036854775807)"
expect "an external range that overflows" 65 "E[0-9]+" convert external.onnx -o out
write external.onnx "$(add weights -1 16)"
expect "a negative external offset" 65 "E[0-9]+" convert external.onnx -o out
write external.onnx "$(add weights 0 8)"
expect "external data of another length" 65 "E[0-9]+" convert external.onnx -o out

# -- tensors and shapes
bad_tensor() {  # bad_tensor NAME RAW EXTENT ...
  local name=$1 raw=$2
  shift 2
  write bad.onnx "$(model "$(node Add y "x w")" "$(tensor w "$raw" "$@")" "$(value 11 x 4)" \
    "$(value 12 y 4)")"
  expect "$name" 65 "bad.onnx: .*w.*: E[0-9]+|bad.onnx: E[0-9]+.*w" convert bad.onnx -o out
}
bad_tensor "a negative extent" "" -4
bad_tensor "a shape that overflows" "" 9223372036854775807 9223372036854775807
bad_tensor "a shape of 2^40 elements" "" 1099511627776
bad_tensor "raw data too short" "0000" 4
bad_tensor "raw data too long" "$(repeat 00 20)" 4
write shape.onnx "$(model "$(node Relu y x)" "$(value 11 x 4611686018427387904 8)" "$(value 12 y 4)")"
expect "an input of 2^65 elements" 65 "E[0-9]+" convert shape.onnx -o out
write shape.onnx "$(model "$(node Relu y x)" "$(value 11 x -3)" "$(value 12 y 4)")"
expect "an input of negative extent" 65 "E[0-9]+" convert shape.onnx -o out
write open.onnx "$(model "$(node Relu y x)" \
  "$(message 11 "$(text 1 x)" "$(message 2 "$(message 1 "$(number 1 1)" "$(message 2 \
    "$(message 1 "$(number 1 1)")" "$(message 1 "$(text 2 width)")")")")")" "$(value 12 y 1 4)")"
expect "a symbolic extent" 65 "E1009.*--input-shape" convert open.onnx -o out
expect "a symbolic extent that is given" 0 "open.esp" \
  convert open.onnx -o open.esp --input-shape x=1,4
expect "a given shape of another rank" 65 "E[0-9]+" \
  convert open.onnx -o out --input-shape x=1,4,4
expect "a given shape for no input" 65 "E[0-9]+.*nosuch" \
  convert open.onnx -o out --input-shape x=1,4 --input-shape nosuch=1
expect "a given shape of 2^62" 65 "E[0-9]+" \
  convert open.onnx -o out --input-shape x=1,4611686018427387904

# -- graphs
write graph.onnx "$(model "$(node Relu y x)" "$(node Nonsense z x first)" \
  "$(node Rubbish u x second)" "$(node Sum v "y z u")" "$(value 11 x 4)" "$(value 12 v 4)")"
expect "unknown operators" 65 "first.*Nonsense" convert graph.onnx -o out
expect "unknown operators, all of them" 65 "second.*Rubbish" check graph.onnx
write graph.onnx "$(model "$(node Strange a x first)" "$(node Strange y a second)" \
  "$(message 11 "$(text 1 x)" "$(message 2 "$(message 1 "$(number 1 1)" "$(message 2 \
    "$(message 1 "$(number 1 1)")" "$(message 1 "$(text 2 width)")")")")")" "$(value 12 y 1 4)")"
expect "an unknown extent hides no operator, and one cause is one row" 65 "E1001  first and 1 more" \
  check graph.onnx
write graph.onnx "$(model "$(node Add a "x b" one)" "$(node Add b "x a" two)" "$(value 11 x 4)" \
  "$(value 12 b 4)")"
expect "a cycle" 65 "E[0-9]+ at .*circle" convert graph.onnx -o out
write graph.onnx "$(model "$(node Add y "x nowhere")" "$(value 11 x 4)" "$(value 12 y 4)")"
expect "a missing value" 65 "nowhere" convert graph.onnx -o out
write graph.onnx "$(model "$(node Relu y x)" "$(node Tanh y x other)" "$(value 11 x 4)" \
  "$(value 12 y 4)")"
expect "two values of one name" 65 "E[0-9]+.*y" convert graph.onnx -o out
write graph.onnx "$(model "$(node Relu y x)" "$(value 11 x 4)")"
expect "no outputs" 65 "output" convert graph.onnx -o out
write graph.onnx "$(model "$(node Add y x)" "$(value 11 x 4)" "$(value 12 y 4)")"
expect "too few inputs" 65 "E[0-9]+" convert graph.onnx -o out
pool() {
  write graph.onnx "$(model "$(node MaxPool y x pool "$(integers kernel_shape "$1" 2)$2")" \
    "$(value 11 x 1 1 4 4)" "$(value 12 y 1 1 2 2)")"
}
pool 2 "$(integers strides 0 1)"
expect "a stride of 0" 65 "E[0-9]+ at pool" convert graph.onnx -o out
pool 0 ""
expect "a kernel of 0" 65 "E[0-9]+ at pool" convert graph.onnx -o out
pool 2 "$(integers pads 9223372036854775807 9223372036854775807 9223372036854775807 1)"
expect "pads that overflow" 65 "E[0-9]+ at pool" convert graph.onnx -o out
pool 9223372036854775807 ""
expect "a kernel of 2^63 - 1" 65 "E[0-9]+ at pool" convert graph.onnx -o out
pool 2 "$(integers dilations -9223372036854775808 1)"
expect "a dilation of -2^63" 65 "E[0-9]+ at pool" convert graph.onnx -o out

# -- numbers
infinite() {
  write numbers.onnx "$(model "$(node MatMul h "x v" one)" "$(node MatMul y "h w" two)" \
    "$(tensor v "$(repeat 0000803f 4)" 2 2)" "$(tensor w "$(repeat 0000803f 3)$1" 2 2)" \
    "$(value 11 x 1 2)" "$(value 12 y 1 2)")"
}
infinite 0000c07f
expect "NaN in a weight to prune" 65 "[A-Z][0-9]+.*w|w.*[A-Z][0-9]+" \
  prune numbers.onnx -o out --pattern unstructured --sparsity 0.5 --include-ends
infinite 0000807f
expect "infinity in a weight to prune" 65 "[A-Z][0-9]+.*w|w.*[A-Z][0-9]+" \
  prune numbers.onnx -o out --pattern unstructured --sparsity 0.5 --include-ends

# Three products of four channels, of which one number is not one: in no pattern is there an order.
ones=$(repeat 0000803f 15)
broken() {  # broken NUMBER OF-FIRST OF-LAST
  write broken.onnx "$(model "$(node MatMul h "x v" one)" "$(node Relu i h act)" \
    "$(node MatMul j "i w" two)" "$(node MatMul y "j u" three)" \
    "$(tensor v "$ones$2" 4 4)" "$(tensor w "$ones$1" 4 4)" "$(tensor u "$ones$3" 4 4)" \
    "$(value 11 x 1 4)" "$(value 12 y 1 4)")"
}
npy_one() {  # npy_one NUMBER: 16 samples of four numbers, all alike
  { printf '\223NUMPY\001\000\166\000%-117s\n' \
      "{'descr': '<f4', 'fortran_order': False, 'shape': (16, 4), }"
    repeat "$1" 64 | sed 's/../\\x&/g' | xargs -0 printf; } >inputs.npy
}
npy_one 0000803f
for number in 0000c07f 0000807f 000080ff; do
  broken "$number" 0000803f 0000803f
  for criterion in l1 l2 fpgm bn random wanda obs obspa; do
    data=()
    case $criterion in wanda | obs*) data=(--data inputs.npy) ;; esac
    expect "$number in a weight, channels by $criterion" 65 'E2004 at initializer "w"' \
      prune broken.onnx -o out --pattern channel --sparsity 0.5 --align 1 --criterion $criterion \
      "${data[@]}"
  done
  expect "$number in a weight, obspa" 65 'E2004 at initializer "w"' \
    prune broken.onnx -o out --pattern channel --budget flops:1.5 --align 1 --method obspa \
    --data inputs.npy
  for pattern in block:2x2 nm:2:4 vnm:2:2:4 unstructured; do
    sparsity=(--sparsity 0.5)
    case $pattern in *nm:*) sparsity=() ;; esac
    expect "$number in a weight, $pattern" 65 'E2004 at initializer "w"' \
      prune broken.onnx -o out --pattern $pattern "${sparsity[@]}"
  done
done
# Weights and inputs that are finite, and overflow on the way.
broken 0000803f 0000007f 0000803f
npy_one ffff7f7f
for criterion in wanda obs obspa; do
  expect "activations that overflow, $criterion" 65 'E2008 at (one|two|three)' \
    prune broken.onnx -o out --pattern channel --sparsity 0.5 --align 1 --criterion $criterion \
    --data inputs.npy
done
expect "activations that overflow, a refit" 65 'E2008 at (one|two|three)' \
  prune broken.onnx -o out --pattern unstructured --sparsity 0.5 --refit --data inputs.npy
expect "noise beyond float32" 65 "E2008.*float32" \
  prune "$digits" -o out --pattern channel --budget flops:2 --criterion obs --data noise:1e300:1

# -- files and folders
expect "no such .onnx" 66 "absent.onnx" convert absent.onnx -o out
expect "no such .esp" 66 "absent.esp" bench absent.esp
expect "no such original" 66 "absent.onnx" verify good.esp --against absent.onnx
expect "no such array" 66 "absent.npy" run good.esp --input x=absent.npy -o results
expect "no such case" 66 "absent" verify --case absent
mkdir sealed
if chmod a-w sealed && ! touch sealed/probe 2>/dev/null; then
  expect "a folder without permission" 73 "sealed/out" convert good.onnx -o sealed/out
fi
expect "no folder for the packed model" 73 "nowhere/out" convert good.onnx -o nowhere/out
expect "no folder for the pruned model" 73 "nowhere/out" \
  prune "$digits" -o nowhere/out --pattern nm:2:4
expect "no folder for a zoo model" 73 "nowhere/out" zoo resnet18 -o nowhere/out
expect "a folder as output" 73 "inner" convert good.onnx -o inner
expect "an array that is none" 65 "good.onnx" run good.esp --input x=good.onnx -o results
expect "an input that is left out" 65 "E[0-9]+.*\"x\"" run good.esp -o results
expect "an input that is left out of the original" 65 "E[0-9]+.*\"x\"|\"x\".*E[0-9]+" \
  run good.onnx -o results

# -- recipes
recipe() { printf '%b' "$1" >recipe.yaml; }
refuse() {  # refuse NAME PATTERN TEXT
  recipe "$3"
  expect "$1" 78 "$2" prune "$digits" -o out --recipe recipe.yaml
}
expect "no such recipe" 66 "absent.yaml" prune "$digits" -o out --recipe absent.yaml
expect "a folder as recipe" 66 "inner" prune "$digits" -o out --recipe inner
refuse "an empty recipe" "recipe.yaml:1:1: E[0-9]+" ""
refuse "an unknown key" 'recipe.yaml:2:21: E[0-9]+.*"sparsity"' \
  'steps:\n- {pattern: nm:2:4, sparsty: 0.5}\n'
refuse "a value of another type" "recipe.yaml:1:38: E[0-9]+.*number" \
  'steps: [{pattern: channel, sparsity: half}]\n'
refuse "a value out of range" "recipe.yaml:1:[0-9]+: E[0-9]+.*below 1" \
  'steps: [{pattern: channel, sparsity: 1.5}]\n'
refuse "zeros before channels" "recipe.yaml:1:[0-9]+: E[0-9]+" \
  'steps: [{pattern: nm:2:4}, {pattern: channel, sparsity: 0.5}]\n'
refuse "a tag in a recipe" "recipe.yaml:1:8: E[0-9]+.*tag" 'steps: !!python/object:os.system [x]\n'
refuse "an alias in a recipe" "recipe.yaml:1:4: E[0-9]+.*alias" 'a: &a [x, x]\nb: [*a, *a]\n'
refuse "a recipe that is not UTF-8" "recipe.yaml.*UTF-8" '\xff\xfe\n'
refuse "control characters in a recipe" "recipe.yaml:1:[0-9]+: E[0-9]+" 'steps: \x1b[2J\n'
refuse "control characters in a key" "1b" '"\\e[2J": 1\n'
head -c 2000000 /dev/zero | tr '\0' 'a' >recipe.yaml
expect "a recipe of 2 MB" 78 "recipe.yaml:1:1: E[0-9]+.*1048576" \
  prune "$digits" -o out --recipe recipe.yaml
head -c 1000000 /dev/zero | tr '\0' '[' >recipe.yaml
expect "a million brackets" 78 "recipe.yaml:1:[0-9]+: E[0-9]+" \
  prune "$digits" -o out --recipe recipe.yaml
recipe 'steps: [{pattern: channel, budget: flops:1000000}]\n'
expect "a budget that cannot be met" 65 "E[0-9]+.*closest" \
  prune "$digits" -o out --recipe recipe.yaml
printf '\377\377\377\377\377\377\377\377{}' >scores.safetensors
expect "scores with a header of 2^64 - 1 bytes" 65 "scores.safetensors: E[0-9]+: byte 0" \
  prune "$digits" -o out --pattern channel --sparsity 0.3 --scores scores.safetensors
printf '\02\0\0\0\0\0\0\0{}' >scores.safetensors
expect "scores of nothing" 65 "E[0-9]+.*no weight of the group" \
  prune "$digits" -o out --pattern channel --sparsity 0.3 --scores scores.safetensors
expect "no such scores" 66 "absent.safetensors" \
  prune "$digits" -o out --pattern channel --sparsity 0.3 --scores absent.safetensors
expect "scores of an unknown kind" 64 "scores.*safetensors" \
  prune "$digits" -o out --pattern channel --sparsity 0.3 --scores scores.csv
recipe 'steps: [{pattern: channel, sparsity: 0.3}, {pattern: nm:2:4}]\n'
expect "an option that fits two steps" 64 "sparsity" \
  prune "$digits" -o out --recipe recipe.yaml --sparsity 0.5
expect "an option that fits no step" 64 "include-ends|budget" \
  prune "$digits" -o out --recipe recipe.yaml --budget nan:1
expect "a reference of two steps" 64 "reference" \
  prune "$digits" -o out --recipe recipe.yaml --reference out

# -- usage
expect "no subcommand's argument" 64 "[Mm]issing" convert
expect "no output" 64 "output" convert good.onnx
expect "an unknown flag" 64 "[Uu]nknown" convert good.onnx -o out --nonsense
expect "an unknown subcommand" 64 "nonsense" nonsense
expect "an unknown instruction set" 64 "--isa" bench good.esp --isa mmx
expect "an unknown instruction set to verify" 64 "--isa" \
  verify good.esp --against good.onnx --isa mmx
for set in neon avx512; do
  "$espalier" bench good.esp --isa "$set" --seconds 0.05 >/dev/null 2>&1 && continue
  expect "an instruction set this machine lacks: bench" 69 "$set" bench good.esp --isa "$set"
  expect "an instruction set this machine lacks: verify" 69 "$set" \
    verify good.esp --against good.onnx --isa "$set"
done
for threads in 0 -1 100000 9223372036854775807 many; do
  expect "--threads=$threads: bench" 64 "threads" bench good.esp "--threads=$threads"
  expect "--threads=$threads: verify" 64 "threads" \
    verify good.esp --against good.onnx "--threads=$threads"
  expect "--threads=$threads: run" 64 "threads" run good.esp -o results "--threads=$threads"
done
for seconds in 0 -1 nan inf 1e300; do
  expect "--seconds=$seconds" 64 "seconds" bench good.esp "--seconds=$seconds"
done
for pattern in block:0x8 block:8 block:8x-1 nm:4:4 nm:0:4 vnm:0:2:4 nm:2 nonsense "" \
  nm:99999999999999999999:4; do
  expect "--pattern $pattern" 64 "pattern" prune "$digits" -o out --pattern "$pattern"
done
for sparsity in 1 -0.5 nan inf; do
  expect "--sparsity=$sparsity" 64 "sparsity" \
    prune "$digits" -o out --pattern block:8x8 "--sparsity=$sparsity"
done
# Structured pruning: budgets out of reach, and data to calibrate on that is none.
expect "a budget out of reach names the closest and what holds the rest" 65 \
  "E2007.*closest is flops:.*graph output" \
  prune "$digits" -o out --pattern channel --budget flops:1000
expect "everything excluded" 65 "E2007.*excluded" \
  prune "$digits" -o out --pattern channel --budget flops:2 --exclude .
expect "a refit without data" 64 "data" \
  prune "$digits" -o out --pattern channel --budget flops:2 --refit
expect "obspa without data" 64 "data" \
  prune "$digits" -o out --pattern channel --budget flops:2 --method obspa
calibrate() {  # calibrate NAME CODE PATTERN DATA: prunes with such data
  expect "calibration: $1" "$2" "$3" \
    prune "$digits" -o out --pattern channel --budget flops:2 --method obspa --data "$4"
}
# npy SHAPE BYTES: a file of float32 with these raw bytes, octal
npy() {
  local header="{'descr': '<f4', 'fortran_order': False, 'shape': ($1), }"
  printf '\223NUMPY\001\000\166\000%-117s\n' "$header" >data.npy
  [ -z "$2" ] || yes "$2" | head -n "$3" | while read -r bytes; do printf "$bytes"; done >>data.npy
}
calibrate "no such file" 66 "absent.npy" absent.npy
npy "0, 1, 8, 8" "" 0
calibrate "empty" 65 "E2008.*sample" data.npy
npy "2, 3, 5, 5" '\000\000\200\077' 150
calibrate "another shape" 65 "E2008.*shape" data.npy
npy "1, 1, 8, 8" '\000\000\300\177' 64
calibrate "NaN" 65 "E2008.*finite" data.npy
npy "1, 1, 8, 8" '\000\000\200\077' 64
calibrate "an input that does not exist" 65 "E2008.*no such input" nonsense=data.npy
for command in check groups convert; do
  options=()
  [ "$command" != convert ] || options=(-o out)
  expect "$command: a shape that contradicts the data" 65 'E1005 at input "image".*samples, 1, 8, 8' \
    "$command" "$digits" "${options[@]}" --data data.npy --input-shape image=1,1,8,9
  expect "$command: data of no input" 65 "nonsense=data.npy names no input of the model; it has image" \
    "$command" "$digits" "${options[@]}" --data nonsense=data.npy
done
calibrate "noise without a deviation" 64 "noise" noise:1

for threads in 0 -1 two 1.5 ''; do
  export ESPALIER_THREADS=$threads
  expect "ESPALIER_THREADS=$threads" 64 "ESPALIER_THREADS" prune "$digits" -o out --pattern nm:2:4
  unset ESPALIER_THREADS
done
expect "neither pattern nor recipe" 64 "recipe" prune "$digits" -o out
for option in --align=0 --align=257 --cap=0 --cap=1 --cap=nan --budget=flops:0.5 --budget=nan; do
  name=${option#--}
  budget=(--budget flops:2)
  case $option in --budget*) budget=() ;; esac
  expect "$option" 64 "E[0-9]+.*${name%=*}|invalid for.*${name%=*}" \
    prune "$digits" -o out --pattern channel "${budget[@]}" "$option"
done
expect "a key of channels for zeros" 64 "align" prune "$digits" -o out --pattern nm:2:4 --align 8
expect "no sparsity" 64 "sparsity" prune "$digits" -o out --pattern block:8x8
expect "--exclude (" 64 "regular expression" prune "$digits" -o out --pattern nm:2:4 --exclude "("
for shape in x x= =1 x=1,-4 x=1,,4 x=99999999999999999999 x=a; do
  expect "--input-shape $shape" 64 "input-shape" convert open.onnx -o out --input-shape "$shape"
done
expect "--input without a file" 64 "twice" run good.esp --input inputs.npy --input x=inputs.npy -o results
expect "--rtol nan" 64 "rtol" verify good.esp --against good.onnx --rtol nan
expect "no such architecture" 64 "nonsense" zoo nonsense -o out
expect "neither original nor case" 64 "against" verify good.esp

# -- names that a terminal would obey
name=$'\033[2Jred\a\u202edrow'
write names.onnx "$(model "$(node Conv y "x w" "$name")" \
  "$(tensor w "$(repeat 0000803f 4)" 4 1 1 1)" "$(value 11 x 1 1 4 4)" "$(value 12 y 1 4 4 4)")"
expect "control characters in a layer's name: inspect" 0 "1[bB]" inspect names.onnx
expect "control characters in a layer's name: convert" 0 "1[bB]" convert names.onnx -o names.esp
expect "control characters in a layer's name: bench" 0 "202[eE]" \
  bench names.esp --profile --seconds 0.05
expect "control characters in JSON" 0 "1[bB]" inspect names.onnx --json
write names.onnx "$(model "$(node "Non$name" y x "$name")" "$(value 11 x 1)" "$(value 12 y 1)")"
expect "control characters in an operator: convert" 65 "1b" convert names.onnx -o out
expect "control characters in an operator: check" 65 "1b" check names.onnx
write names.onnx "$(model "$(node Relu "$name" x)" "$(value 11 x 1 4)" "$(value 12 "$name" 1 4)")"
expect "control characters in an output: verify" 0 "1[bB]" verify names.onnx --against names.onnx

# -- what was once silent
# Outputs that would replace what is read.
write external.onnx "$(add weights 0 16)"
ln -s digits.onnx other-name.onnx
ln digits.onnx hard.onnx
recipe 'steps: [{pattern: nm:2:4}]\n'
silent "the pruned model replaces the model" 64 "replace the model" \
  'espalier prune digits.onnx -o ./digits.onnx --pattern nm:2:4'
silent "the same through a link" 64 "replace the model" \
  'espalier prune digits.onnx -o other-name.onnx --pattern nm:2:4'
silent "the packed model replaces the model, by another name of it" 64 "replace the model" \
  'espalier convert digits.onnx -o hard.onnx'
silent "the packed model replaces the weights beside the model" 64 "replace the model's weights" \
  'espalier convert external.onnx -o weights'
silent "the pruned model replaces the data" 64 "replace the data" \
  'espalier prune digits.onnx -o images.npy --pattern nm:2:4 --data images.npy'
silent "the pruned model replaces the recipe" 64 "replace the recipe" \
  'espalier prune digits.onnx -o recipe.yaml --recipe recipe.yaml'
silent "the reference replaces the model" 64 "replace the model" \
  'espalier prune digits.onnx -o out --pattern channel --budget flops:2 --reference digits.onnx'
silent "the reference replaces the pruned model" 64 "name one file" \
  'espalier prune digits.onnx -o out --pattern channel --budget flops:2 --reference ./out'
silent "the reference cannot be written: the pruned model is not either" 73 "nowhere" \
  'espalier prune digits.onnx -o out --pattern channel --budget flops:2 --reference nowhere/out'
rm -f other-name.onnx hard.onnx

# Options in vain.
write relu.onnx "$(model "$(node Relu y x)" "$(value 11 x 1 4)" "$(value 12 y 1 4)")"
silent "layers that match nothing, zeros" 65 'E2014.*"nosuch" is found in no name' \
  'espalier prune digits.onnx -o out --pattern nm:2:4 --layers nosuch'
silent "layers that match nothing, channels" 65 'E2014.*"nosuch" is found in no name' \
  'espalier prune digits.onnx -o out --pattern channel --sparsity 0.5 --layers nosuch'
silent "an exclusion that matches nothing" 0 'exclude "nosuch"' \
  'espalier prune digits.onnx -o pruned.onnx --pattern nm:2:4 --exclude nosuch'
recipe 'steps: [{pattern: channel, sparsity: 0.25, caps: {nosuch: 0.5}}]\n'
silent "a cap of a recipe that matches nothing" 0 'caps "nosuch"' \
  'espalier prune digits.onnx -o pruned.onnx --recipe recipe.yaml'
silent "heads of a network that has none" 65 "E2014.*no attention heads" \
  'espalier prune digits.onnx -o out --pattern head --sparsity 0.5'
silent "batch normalisations of a network that has none" 65 "E2014" \
  'espalier prune digits.onnx -o out --pattern channel --sparsity 0.5 --recalibrate --data images.npy'
silent "data that nothing looks at" 0 "data is not used" \
  'espalier prune digits.onnx -o pruned.onnx --pattern nm:2:4 --method magnitude --data images.npy --no-refit'
silent "an alignment that groups have too few channels for" 0 "alignment of 64.*cut down" \
  'espalier prune digits.onnx -o pruned.onnx --pattern channel --sparsity 0.25 --align 64'
silent "a share of 0" 0 "leaves the model as it is" \
  'espalier prune digits.onnx -o pruned.onnx --pattern unstructured --sparsity 0'
silent "samples of no data" 0 "samples is not used" \
  'espalier prune digits.onnx -o pruned.onnx --pattern nm:2:4 --samples 5'
silent "a damping of no refit" 0 "damping is not used" \
  'espalier prune digits.onnx -o pruned.onnx --pattern nm:2:4 --damping 0.1'
silent "a shape for a packed model" 64 "input-shape is not used" \
  'espalier run good.esp --input x=inputs.npy --input-shape x=2,4 -o results'
silent "threads of the reference interpreter" 64 "threads is not used" \
  'espalier verify relu.onnx --against relu.onnx --threads 2'
silent "an input beside a test case" 64 "input is not used" \
  'espalier verify --case . --input inputs.npy'
silent "an option given twice" 64 "given twice" \
  'espalier prune digits.onnx -o out --pattern unstructured --sparsity 0.5 --sparsity 0.7'
silent "a shape given twice" 64 "twice" \
  'espalier convert open.onnx -o out --input-shape x=1,4 --input-shape x=2,4'
silent "a budget in hexadecimal" 64 "budget" \
  'espalier prune digits.onnx -o out --pattern channel --budget flops:0x2'
silent "a share as a number of per cent" 64 "did you mean 0.7" \
  'espalier prune digits.onnx -o out --pattern unstructured --sparsity 70'
silent "a share in per cent" 64 "did you mean 0.7" \
  'espalier prune digits.onnx -o out --pattern unstructured --sparsity 70%'
write short.onnx "$(model "$(node MatMul h "x v" one)" "$(node Relu i h act)" \
  "$(node MatMul y "i w" two)" "$(tensor v "$(repeat 0000803f 16)" 4 4)" \
  "$(tensor w "$(repeat 0000803f 16)" 4 4)" "$(value 11 x 1 4)" "$(value 12 y 1 4)")"
silent "nothing could be pruned" 65 "E2014" 'espalier prune short.onnx -o out --pattern nm:2:4'

# Inputs.
write batch.onnx "$(model "$(node MatMul y "x v" one)" "$(tensor v "$(repeat 0000803f 16)" 4 4)" \
  "$(message 11 "$(text 1 x)" "$(message 2 "$(message 1 "$(number 1 1)" "$(message 2 \
    "$(message 1 "$(text 2 N)")" "$(message 1 "$(number 1 4)")")")")")" "$(value 12 y 1 4)")"
silent "an open axis is taken as 1" 0 'axis 0 of input "x" \(N\).*taken as 1' \
  'espalier convert batch.onnx -o batch.esp'
silent "an extent of 0" 0 "extent of 0" 'espalier convert batch.onnx -o batch.esp --input-shape x=0,4'
silent "a shape for no input" 65 "no input" \
  'espalier convert batch.onnx -o out --input-shape nosuch=1,4'
npy "1, 4" '\000\000\300\177\000\000\000\000\000\000\000\000\000\000\000\000' 1
cp data.npy nan.npy
silent "NaN in an input, which both sides keep" 0 "1 NaN among 4.*|1 of 4 values are NaN" \
  'espalier verify relu.onnx --against relu.onnx --input nan.npy'
write nan.onnx "$(model "$(node MatMul h "x v" one)" "$(node MatMul y "h w" two)" \
  "$(tensor v "$(repeat 0000803f 15)0000c07f" 4 4)" "$(tensor w "$(repeat 0000803f 16)" 4 4)" \
  "$(value 11 x 1 4)" "$(value 12 y 1 4)")"
silent "NaN in a weight: convert" 0 'weight "v" of layer "one" has 1 NaN' \
  'espalier convert nan.onnx -o nan.esp'
silent "NaN in a weight: every value of both is NaN" 1 "nothing was compared" \
  'espalier verify nan.onnx --against nan.onnx'
silent "NaN in a weight that is not pruned" 65 'E2004 at initializer "v"' \
  'espalier prune nan.onnx -o out --pattern unstructured --sparsity 0.5 --include-ends --layers two'
silent "an input of 8 GB to be made up" 65 "E1006.*--input-shape" \
  'espalier verify batch.onnx --against batch.onnx --input-shape x=500000000,4'

# What becomes another thing than it seems.
write int8.onnx "$(model "$(node DequantizeLinear w "q s" dequantise)" "$(node MatMul y "x w" one)" \
  "$(message 5 "$(number 1 4)" "$(number 1 4)" "$(number 2 3)" "$(text 8 q)" \
    "$(message 9 "$(repeat 01 16)")")" "$(tensor s 0000803f)" "$(value 11 x 1 4)" "$(value 12 y 1 4)")"
silent "quantised weights run in float32" 0 "float32" 'espalier convert int8.onnx -o int8.esp'
"$espalier" prune digits.onnx -o blocks.onnx --pattern block:4x2 --sparsity 0.5 >/dev/null 2>&1
silent "blocks that are packed as others" 0 "recipe says block:4x2" \
  'espalier convert blocks.onnx -o blocks.esp'

# Broken surroundings.
mkfifo pipe
silent "a pipe as model" 66 "regular" 'espalier convert pipe -o out'
silent "a pipe as recipe" 66 "regular" 'espalier prune digits.onnx -o out --recipe pipe'
rm pipe
silent "standard output on a full disk" 74 "cannot be written" 'espalier inspect digits.onnx >/dev/full'
silent "help on a full disk" 74 "cannot be written" 'espalier prune --help >/dev/full'
silent "a closed standard output" 74 "cannot be written" 'espalier inspect digits.onnx >&-'
silent "a closed standard error" 66 "" 'espalier convert nosuch.onnx -o out 2>&-'
silent "a device as output" 73 "no regular file" 'espalier convert digits.onnx -o /dev/full'

# A write that is interrupted leaves nothing, whenever that is.
for delay in 0.02 0.1 0.3 0.5; do
  before=$(find . | sort)
  "$espalier" zoo resnet50 -o big.onnx --seed 1 >/dev/null 2>&1 &
  writer=$!
  sleep "$delay"
  kill -TERM "$writer" 2>/dev/null || true  # it may have ended
  wait "$writer"
  status=$?
  cases=$((cases + 1))
  # It may have ended before.
  [ "$status" -eq 143 ] || [ "$status" -eq 0 ] || fault "SIGTERM after $delay s" "exit $status"
  rm -f big.onnx
  [ "$before" = "$(find . | sort)" ] || fault "SIGTERM after $delay s" "$(find . -name 'big*')"
done

# A large packed model is used in place; of one that is cut meanwhile the pages are gone.
"$espalier" zoo resnet18 -o large.onnx >/dev/null && "$espalier" convert large.onnx -o large.esp --quiet
timeout 60 "$espalier" bench large.esp --seconds 30 >shown 2>&1 &
runner=$!
for _ in $(seq 300); do
  ! grep -qs large.esp "/proc/$(pgrep -P $runner | head -n 1)/maps" || break
  sleep 0.05
done
truncate -s 4096 large.esp
wait $runner
status=$?
cases=$((cases + 1))
[ "$status" -eq 74 ] || fault "a packed model that is cut while it is in use" "exit $status" "$(<shown)"
grep -q "became shorter" shown || fault "a packed model that is cut" "does not say so" "$(<shown)"
rm -f shown large.onnx large.esp

# What ended processes have left is removed, once it is old; what others write is not.
touch -d '2 hours ago' batch.esp.4194303-0.part batch.esp.$$-0.part batch.esp.notes.part
touch batch.esp.4194302-0.part
expect "leftovers of an ended process" 0 "batch.esp" convert batch.onnx -o batch.esp
cases=$((cases + 1))
found=$(ls batch.esp.* | sort | paste -sd ' ')
[ "$found" = "batch.esp.$$-0.part batch.esp.4194302-0.part batch.esp.notes.part" ] ||
  [ "$found" = "batch.esp.4194302-0.part batch.esp.$$-0.part batch.esp.notes.part" ] ||
  fault "leftovers" "what is left: $found"
rm -f batch.esp.*.part

{
  cat <<'HEAD'
# Once silent

Each of these once ended in success without a word, or not at all. What is said now, on standard error, is
what `Tests/Pipeline/bad-input.sh` finds, which also writes this page (`--write`) and fails where it differs.
Exit codes are those of `espalier --help`.

| case | command | exit code | what is said |
|---|---|---|---|
HEAD
  printf '%s\n' "${rows[@]}"
} >page.md
if [ -n "$writes" ]; then
  cp page.md "$page"
else
  cases=$((cases + 1))
  diff "$page" page.md >difference || fault "docs/silent-cases.md" "differs; --write writes it" "$(<difference)"
fi

printf '%s cases, %s failures\n' "$cases" "$failures"
[ "$failures" -eq 0 ]
