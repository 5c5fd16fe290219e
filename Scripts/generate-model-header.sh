#!/bin/sh
# Regenerates Sources/ModelFile/Bridge/generated/model_generated.h from Sources/ModelFile/model.fbs.
# Needs Debian's flatbuffers-compiler. The assertion on the exact library version is taken out: what the
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
