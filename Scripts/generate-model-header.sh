#!/bin/sh
# Regenerates what C and C++ know of the schema Sources/ModelFile/model.fbs: all of it in
# Sources/ModelFile/Bridge/generated/model_generated.h, the packings alone, for kernels, in
# runtime/Kernels/include/esp_packing.h. Needs Debian's flatbuffers-compiler. The assertion on the exact library version is taken out: what the
# generated code uses has been stable from 2.0 on, and another Debian release shall build it too.
set -eu
cd "$(dirname "$0")/.."
bridge=Sources/ModelFile/Bridge
flatc --cpp --cpp-std c++17 --scoped-enums -o "$bridge/generated" Sources/ModelFile/model.fbs
sed -i '/^\/\/ Ensure the included flatbuffers.h/,/^ *"Non-compatible flatbuffers version included");$/d' \
  "$bridge/generated/model_generated.h"
if grep -q 'FLATBUFFERS_VERSION' "$bridge/generated/model_generated.h"; then
  echo "generate-model-header.sh: the version assertion has a new form; adapt the sed line" >&2
  exit 1
fi
{
  echo "// Made by Scripts/generate-model-header.sh from Sources/ModelFile/model.fbs; do not edit."
  echo "#ifndef ESP_PACKING_H"
  echo "#define ESP_PACKING_H"
  echo
  echo "typedef enum esp_packing {"
  sed -n '/^enum WeightPacking /,/^}/s/^  \([A-Za-z0-9]*\) = \([0-9]*\),*$/\1 \2/p' Sources/ModelFile/model.fbs |
    while read -r name number; do
      upper=$(echo "$name" | sed 's/\([A-Z0-9]\)/_\1/g' | tr '[:lower:]' '[:upper:]')
      echo "  ESP_PACKING_$upper = $number,"
    done
  echo "} esp_packing;"
  echo
  echo "#endif"
} > runtime/Kernels/include/esp_packing.h
[ "$(grep -c ' ESP_PACKING_' runtime/Kernels/include/esp_packing.h)" -gt 1 ] || {
  echo "generate-model-header.sh: no packings found in the schema; adapt the sed line" >&2
  exit 1
}
